"""`aigini oews`: published occupation wages regressed on exposure to AI."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from aigini.commands.command import Command, Run, shown
from aigini.commands.source import SourceLike
from aigini.errors import DataError
from aigini.oews.exposures import read_exposures
from aigini.oews.panel import read_panel
from aigini.oews.regressions import estimate, require_pyfixest
from aigini.oews.result import OccupationWages, tables_read
from aigini.oews.samples import occupations
from aigini.oews.specifications import every_specification
from aigini.runtime.progress import watched
from aigini.storage import folder


def occupation_wages(
    config: SourceLike = None, *, data: str | Path | None = None, exposure: str | None = None
) -> OccupationWages:
    """Regressions of published occupation wages on exposure to AI.

    Args:
        config: Not read: the published data have no parameters.
        data: Folder of files as BLS publishes them.
        exposure: ``FILE`` or ``FILE:COLUMN``; None for the tables of exposures in the folder.

    Raises:
        DataError: naming file, row and column, if a table is not what it should be.
        MissingExtraError: if a package of the extra is not installed.
    """
    if data is None:
        raise DataError("oews: no folder of published files was given; give one with --data DIR.")
    table, rows = read_panel(Path(data))
    loaded = occupations(table, rows, read_exposures(Path(data), exposure))
    every = every_specification(list(loaded.exposures.columns), loaded.years)
    result = estimate(loaded, every)
    if not result.regressions:
        raise DataError(f"{data}: no regression has enough occupations or years; add years or measures of exposure.")
    return OccupationWages(tables_read(table, rows), result.regressions)


def figures(result: OccupationWages) -> Iterator[tuple[str, Any]]:
    """Coefficients by measure, the event study, and the specification curve."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.exposure_coefficients, every.event_study, every.specification_curve)


def _options(
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Folder of the files of OEWS as BLS publishes them.")
    ] = None,
    exposure: Annotated[
        str | None,
        typer.Option(
            "--exposure", metavar="FILE[:COLUMN]", help="Table of exposure to AI; by default those in the folder."
        ),
    ] = None,
) -> Mapping[str, Any]:
    return {"data": data, "exposure": exposure}


def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    clock = time.perf_counter()
    with watched(shown(run.notify)):
        result = command.compute(run.source, **options)
    (file,) = command.files
    run.write([(file, result)], {command.name: time.perf_counter() - clock})
    _write_tables(run.folder, result)
    file.draw(run.folder / "figures", result)
    run.show(result, command.files)
    run.notify(f"written: {run.folder / 'oews.json'}, oews.csv, tables and figures")
    return 0


def _write_tables(target: Path, result: OccupationWages) -> None:
    """All coefficients as CSV, and the headline ones as HTML, LaTeX and Markdown."""
    from great_tables import GT

    frame: Any = result.to_frame()
    folder.write_atomically(target / "oews.csv", lambda path: frame.to_csv(path, index=False))
    first: Any = frame[
        (frame["estimator"] == "long_difference")
        & (frame["controls"] == "none")
        & (frame["weights"] == "employment")
        & (frame["sample"] == "same codes; top codes: drop")
    ]
    rounded: Any = first[["outcome", "years", "exposure"]].copy()
    for name in ("coef", "se", "se_crv3", "se_hc1"):
        rounded[f"{name} per s.d."] = (first[name] * first["exposure_sd"]).round(3)
    rounded["n"], rounded["r2"] = first["n"], first["r2"].round(4)
    made = GT(rounded.reset_index(drop=True))
    texts = {"html": made.as_raw_html(), "tex": made.as_latex(), "md": rounded.to_markdown(index=False)}
    for ending, text in texts.items():
        folder.write_atomically(
            target / f"oews_table.{ending}", lambda path, text=text: path.write_text(text, encoding="utf-8")
        )


OEWS = Command(
    "oews",
    "Regress published occupation wages (BLS OEWS) on exposure to AI; write oews.json, oews.csv and tables.",
    occupation_wages,
    OccupationWages,
    figures,
    resume=None,
    needs=(),
    options=_options,
    prepare=require_pyfixest,
    run=_run,
    starts_from_a_run=False,
)
