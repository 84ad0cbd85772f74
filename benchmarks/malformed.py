"""Malformed configurations: the baseline with something wrong in it, and whether aigini answers with a sentence."""

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from aigini.bench.processes import device
from aigini.config import load, parse_overrides
from aigini.config.load import baseline_path
from aigini.errors import AiginiError

_VALUES = (
    *("nan", "-nan", "inf", "-inf", "1e400", "-1e-400", "5e-324", "1.7e308", "-0.0", "0", "-1", "1", "0.5", "2"),
    *(
        "1" + "0" * 400,
        "-1" + "0" * 20,
        str(2**63),
        str(2**128),
        "1" * 5000,
        "0x" + "f" * 5000,
        "0xffffffffffffffffffff",
        "0o777",
        "0b1",
    ),
    *(
        '""',
        '"x"',
        "'nan'",
        '"\\u0000"',
        '"\\ud7ff"',
        '"☃"',
        '"' + "x" * 10_000 + '"',
        '"""a\nb"""',
        '"[bold]"',
        "\udcff",
        '"\udcff"',
    ),
    *("true", "false", "1979-05-27", "1979-05-27T07:32:00Z", "07:32:00", "25:61:61", "1979-13-45"),
    *("[]", "[[]]", "[1, 2]", "[nan]", '["m1"]', '["xi", "xi"]', '[1, "a", true]', "[[1.0, 2.0], [3.0]]", "[[nan]]"),
    *("{}", "{a = 1}", '{value = "x", se = 0}', "{low = 1, high = 0}", "{distribution = 'normal'}"),
    *("[" * 200 + "]" * 200, "[" * 5000 + "]" * 5000, "{a = " * 2000 + "1" + "}" * 2000),
    *(
        "None",
        "null",
        "NaN",
        "1.",
        ".5",
        "1__0",
        "01",
        "=",
        "",
        " ",
        "#",
        "\\",
        '"unfinished',
        "'",
        "\x00",
        "\t",
        "1 2",
    ),
)
_NAMES = (
    *("", ".", "..", "xi", "params", "params.", ".xi", "params.xi.x", "targets", "targets.m1", "targets.m7.value", "☃"),
    *("targets.m1.value.deep.er", "calibration.free", "calibration.weighting", "calibration.correlation", "a.b.c.d"),
    *("priors.xi", "priors.xi.low", "priors.zeta.low", "alternatives.xi", "alternatives.xi.mine.low", "ranges.xi.low"),
    *("posterior.seed", "population.seed", "scenario.A1", "params.asset_gini", "income.concept", "posterior.scenarios"),
    *("calibration.start_seed", "posterior.n_workers", "'quoted'", '"a b"', "params xi", "x" * 5000, "\x00", "\udcff"),
)


@dataclasses.dataclass(frozen=True)
class Malformed:
    """A configuration that is probably not valid.

    Attributes:
        kind: What was done to the baseline.
        content: The file; None for none.
        overrides: Arguments of ``--set``.
    """

    kind: str
    content: bytes | None
    overrides: tuple[str, ...] = ()


def generate(rng: random.Random) -> Malformed:
    """One, of a kind that is drawn as well."""
    text = baseline_path().read_text(encoding="utf-8")
    kind = rng.choice([*_KINDS, "several", "--set"])
    if kind == "--set":
        return Malformed(kind, None, tuple(_override(rng, text) for _ in range(rng.randint(1, 4))))
    if kind == "several":
        for change in rng.choices([change for name, change in _KINDS.items() if name not in _BYTES], k=3):
            text = str(change(rng, text))
        return Malformed(kind, text.encode(errors="surrogateescape"), (_override(rng, text),))
    changed = _KINDS[kind](rng, text)
    return Malformed(kind, changed if isinstance(changed, bytes) else changed.encode(errors="surrogateescape"))


def _lines(text: str) -> tuple[list[str], list[int]]:
    """All lines, and the numbers of those with a value."""
    lines = text.splitlines()
    return lines, [number for number, line in enumerate(lines) if " = " in line and not line.startswith("#")]


def _value(rng: random.Random, text: str) -> str:
    lines, with_value = _lines(text)
    if with_value:
        number = rng.choice(with_value)
        lines[number] = lines[number].partition("=")[0] + "= " + rng.choice(_VALUES)
    return "\n".join(lines)


def _key(rng: random.Random, text: str) -> str:
    lines, with_value = _lines(text)
    if with_value:
        number = rng.choice(with_value)
        name, _, value = lines[number].partition("=")
        near = name.strip()[:-1] + rng.choice("xyz_1")
        lines[number] = f"{rng.choice([near, *_NAMES])} ={value}"
    return "\n".join(lines)


def _section(rng: random.Random, text: str) -> str:
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("[")]
    if heads:
        number = rng.choice(heads)
        name = rng.choice([*_NAMES, lines[number].strip("[]")[:-1], lines[rng.choice(heads)].strip("[]")])
        lines[number] = rng.choice(["[{}]", "[[{}]]", "[{}", "[{}.x]", "{} = 1", "# {}"]).format(name)
    return "\n".join(lines)


def _repeat(rng: random.Random, text: str) -> str:
    lines = text.splitlines()
    lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    return "\n".join(lines)


def _drop(rng: random.Random, text: str) -> str:
    lines = text.splitlines()
    first = rng.randrange(len(lines))
    del lines[first : first + rng.choice([1, 1, 3, 30])]
    return "\n".join(lines)


def _move(rng: random.Random, text: str) -> str:
    lines = text.splitlines()
    lines.insert(rng.randrange(len(lines)), lines.pop(rng.randrange(len(lines))))
    return "\n".join(lines)


def _garble(rng: random.Random, text: str) -> bytes:
    content = bytearray(text.encode())
    for _ in range(rng.choice([1, 1, 5, 200])):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


_BYTES: dict[str, Callable[[random.Random, str], bytes]] = {
    "bytes changed": _garble,
    "cut off": lambda rng, text: text.encode()[: rng.randrange(len(text.encode()))],
    "binary": lambda rng, _: rng.randbytes(rng.choice([0, 1, 10, 10_000])),
    "another encoding": lambda rng, text: text.encode(rng.choice(["utf-16", "utf-32", "utf-8-sig", "utf-16-le"])),
    "latin-1": lambda _, text: text.encode("latin-1", "replace"),
}
_KINDS: dict[str, Callable[[random.Random, str], str | bytes]] = {
    "value": _value,
    "key": _key,
    "section": _section,
    "repeated line": _repeat,
    "lines left out": _drop,
    "line moved": _move,
    **_BYTES,
}


def _override(rng: random.Random, text: str) -> str:
    lines, with_value = _lines(text)
    section, names = "", list(_NAMES)
    for number, line in enumerate(lines):
        if line.startswith("["):
            section = line.strip("[]")
        elif number in with_value:
            names.append(f"{section}.{line.partition('=')[0].strip()}")
    return rng.choice(["{}={}", "{}={}", "{}={}", "{}", "={}{}", "{}=={}"]).format(
        rng.choice(names), rng.choice(_VALUES)
    )


def in_process(case: Malformed, place: Path) -> str | None:
    """What went wrong with a configuration in this process; None if it was accepted, or refused in a sentence.

    An accepted one must also be written and read back as itself, which the commands do when the work is done.
    """
    path = None
    if case.content is not None:
        path = place / "malformed.toml"
        path.write_bytes(case.content)
    try:
        config = load(path, parse_overrides(case.overrides))
        again = place / "again.toml"
        again.write_text(config.to_toml(), encoding="utf-8")
        if load(again).digest != config.digest:
            return "what was accepted does not read back as itself"
    except AiginiError as error:
        return None if str(error).strip() else "a refusal without a sentence"
    except BaseException:
        return traceback.format_exc()
    return None


def of_command(cases: Sequence[Malformed], place: Path, environment: dict[str, str]) -> list[str]:
    """What went wrong with configurations that the command got; `regimes --plane` makes it end before it computes."""
    wrong = []
    for case in cases:
        arguments = [
            sys.executable,
            "-m",
            "aigini.cli",
            "regimes",
            "--plane",
            "nothing,xi",
            "--out",
            str(place / "run"),
        ]
        if case.content is not None:
            (place / "malformed.toml").write_bytes(case.content)
            arguments.append(str(place / "malformed.toml"))
        for item in case.overrides:
            arguments += ["--set", item]
        if any("\x00" in part for part in arguments):  # which no program can be given
            continue
        encoded = [part.encode(errors="surrogateescape") for part in arguments]
        done = subprocess.run(encoded, env=environment, capture_output=True, check=False)
        shown = os.fsdecode(done.stderr)
        if done.returncode != 2 or "Traceback" in shown or not shown.strip():
            wrong.append(f"{case.kind} {case.overrides}: exit code {done.returncode}\n{shown[-2000:]}")
    return wrong


class Device:
    """The device, asked for in another process so that none is held in one that forks."""

    def found(self) -> dict[str, object]:
        """Platform, kind and number of devices."""
        return device()
