"""The parts of the page: a section for each result, with its tables, its figures and where they come from."""

import base64
import dataclasses
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aigini.tables import Column, Table, Tabular, wrapped


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a result comes from, as its file records it.

    Attributes:
        file: Name of the file in its run folder.
        command: The command line; empty where a program called it, or an earlier version wrote the file.
        commit: Commit of aigini; empty where it is not known.
        finished: End of the run.
        seed: Seed of the population.
        digest: SHA-256 of the resolved configuration.
        versions: Versions of the packages that numbers depend on.
        device: The device.
    """

    file: str
    command: str
    commit: str
    finished: str
    seed: str
    digest: str
    versions: str
    device: str


_PACKAGES = ("aigini", "python", "jax", "jaxlib")


def origin(file: str, record: Mapping[str, Any]) -> Origin:
    """The origin of a result.

    Args:
        file: Name of its file.
        record: Record of the run in it; what an earlier version did not record is left out.
    """
    versions, device = record.get("versions", {}), record.get("device", {})
    return Origin(
        file=file,
        command=str(record.get("command_line", "")),
        commit=str(record.get("commit") or ""),
        finished=str(record.get("finished", "")),
        seed=str(record.get("seed", "")),
        digest=str(record.get("config_sha256", "")),
        versions=", ".join(f"{name} {versions[name]}" for name in _PACKAGES if name in versions),
        device=f"{device.get('count', '')} {device.get('kind', '')}".strip(),
    )


@dataclasses.dataclass(frozen=True)
class Picture:
    """A figure in the page.

    Attributes:
        title: Its title.
        caption: A sentence about it.
        data: The PNG file in base64.
        width: Pixels.
        height: Pixels.
    """

    title: str
    caption: str
    data: str
    width: int
    height: int


_DPI = 110
_COLOURS = 128  # of a palette, which no figure of this style exceeds visibly


def picture(figure: Any, caption: str) -> Picture:
    """A matplotlib figure as a picture; the figure is empty afterwards.

    Args:
        figure: The figure.
        caption: A sentence about it.
    """
    from PIL import Image

    title = figure.get_suptitle()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    figure.clear()
    with Image.open(buffer) as image:
        small = image.convert("RGB").quantize(_COLOURS)
    packed = io.BytesIO()
    small.save(packed, format="png", optimize=True)
    data = base64.b64encode(packed.getvalue()).decode("ascii")
    return Picture(title, caption, data, small.width, small.height)


@dataclasses.dataclass(frozen=True)
class Part:
    """A section of the page.

    Attributes:
        anchor: Its name in links.
        heading: Its heading.
        question: The question that it answers, in a sentence.
        statements: Sentences made from the numbers.
        tables: Tables with their captions.
        pictures: Figures, the most telling first.
        printed: The result as the command prints it.
        origin: Where it comes from.
    """

    anchor: str
    heading: str
    question: str
    statements: Sequence[str]
    tables: Sequence[tuple[str, Table]]
    pictures: Sequence[Picture]
    printed: str
    origin: Origin


def part(
    anchor: str,
    heading: str,
    question: str,
    result: Any,
    figures: Iterable[tuple[str, Any]],
    captions: Mapping[str, str],
    origin: Origin,
    *,
    with_table: bool = True,
) -> Part:
    """A result as a section.

    Args:
        anchor: Its name in links.
        heading: Its heading.
        question: The question that it answers, in a sentence.
        result: The result.
        figures: Its figures by name.
        captions: A sentence about each figure by name.
        origin: Where it comes from.
        with_table: False for a result whose table stands elsewhere on the page.
    """
    return Part(
        anchor=anchor,
        heading=heading,
        question=question,
        statements=statements(result),
        tables=[("", result.table())] if with_table and isinstance(result, Tabular) else [],
        pictures=[picture(figure, captions.get(name, "")) for name, figure in figures],
        printed=wrapped(str(result)),
        origin=origin,
    )


def statements(result: Any) -> tuple[str, ...]:
    """Sentences that a result makes from its own numbers: its answers, its message or its statement."""
    for name in ("answers", "message", "statement", "regime"):
        said = getattr(result, name, None)
        if isinstance(said, str):
            return (said,)
        if isinstance(said, tuple) and all(isinstance(line, str) for line in said):
            return said
        if said is not None and name in ("statement", "regime"):
            return (str(said),)
    return ()


def targets_table(targets: Mapping[str, Any], meanings: Mapping[str, str]) -> Table:
    """Targets with their sources and how each was seen.

    Args:
        targets: `aigini.Target` by moment.
        meanings: Meaning of each moment.
    """
    every = targets.values()
    return Table(
        (
            Column("moment", list(targets)),
            Column("meaning", [meanings.get(name, "") for name in targets]),
            Column("target", [target.value for target in every], ".4f"),
            Column("s.e.", [target.se for target in every], ".4f"),
            Column("seen", [target.mark for target in every]),
            Column("source", [target.source or "none given" for target in every]),
        )
    )
