"""`aigini oews`: published occupation wages regressed on exposure to AI, and those of simulated occupations too."""

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from aigini.analysis.occupations.design import Published
from aigini.analysis.occupations.result import SimulatedOccupations
from aigini.analysis.occupations.simulated import simulate_occupations
from aigini.commands.at_estimates import at_estimates
from aigini.commands.command import Command, ResultFile, Run, shown
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import Source, SourceLike, as_source
from aigini.errors import DataError
from aigini.estimation.estimated_model import require_sign_problem
from aigini.oews.design import panels_of
from aigini.oews.downloads import download as fetch_files
from aigini.oews.exposures import read_exposures
from aigini.oews.frames import Frame
from aigini.oews.handling import beside_surveys, main_measure
from aigini.oews.inference import interval_text, p_value
from aigini.oews.layout import PANEL_YEARS
from aigini.oews.matches import match_words, matches
from aigini.oews.panel import read_panel
from aigini.oews.regressions import Regression, estimate, require_pyfixest
from aigini.oews.result import OccupationWages, tables_read
from aigini.oews.samples import Occupations, occupations
from aigini.oews.specifications import HEADLINE, WINDOWS, choices, every_specification
from aigini.oews.sufficiency import FEWEST
from aigini.runtime.evaluations import kept_in
from aigini.runtime.precision import with_x64
from aigini.runtime.progress import watched
from aigini.storage import folder, ledger


@dataclasses.dataclass(frozen=True)
class _Loaded:
    """Published data."""

    table: Frame
    rows: Frame
    occupations: Occupations


def _load(data: str | Path | None, exposure: str | None) -> _Loaded:
    if data is None:
        raise DataError("oews: no folder of published files was given; give one with --data DIR.")
    table, rows = read_panel(Path(data))
    return _Loaded(table, rows, occupations(table, rows, read_exposures(Path(data), exposure)))


def _wages(loaded: _Loaded, data: str | Path | None) -> OccupationWages:
    every = every_specification(list(loaded.occupations.exposures.columns), loaded.occupations.years)
    matched = matches(loaded.occupations)
    if all(one.matched < FEWEST for one in matched):
        raise DataError(
            f"{data}: no regression has enough occupations ({FEWEST} occupations at least). {match_words(matched)}"
            " Give a table of exposure by the codes of OEWS."
        )
    result = estimate(loaded.occupations, every)
    return OccupationWages(tables_read(loaded.table, loaded.rows), result.regressions, matched)


def occupation_wages(
    config: SourceLike = None, *, data: str | Path | None = None, exposure: str | None = None
) -> OccupationWages:
    """Regressions of published occupation wages on exposure to AI.

    Args:
        config: Not read: the published data have no parameters.
        data: Folder of files as BLS publishes them.
        exposure: ``FILE``, ``FILE:COLUMN`` or ``COLUMN``; None for the tables of exposures in the folder, where a file
            is looked for too, and of whose columns ``COLUMN`` is one.

    Raises:
        DataError: naming file, row and column, if a table is not what it should be.
        MissingExtraError: if a package of the extra is not installed.
    """
    return _wages(_load(data, exposure), data)


@with_x64
def occupation_surveys(
    config: SourceLike = None, *, data: str | Path | None = None, exposure: str | None = None, **overrides: Any
) -> SimulatedOccupations:
    """The same regressions on surveys of simulated occupations, in both regimes, with mechanisms on and off.

    Args:
        config: Configuration, path of one, or None for the baseline; or a calibration, for the economy at its
            estimates. The surveys are those of its section [oews].
        data: Folder of files as BLS publishes them, whose panel the surveys take over.
        exposure: As in `occupation_wages`.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        DataError: as in `occupation_wages`, or if the years of no regression are there.
        AnalysisError: if the economy cannot be estimated, or not be put into both regimes.
    """
    source = as_source(config, overrides, "estimation")
    require_sign_problem(source.config.targets, source.config.free)
    published = _load(data, exposure).occupations
    return _surveys(source, published, _panels(published, data))


def _panels(published: Occupations, data: str | Path | None) -> Mapping[str, Sequence[Published]]:
    panels = panels_of(published)
    if not panels:
        windows = " or ".join(f"{first} and {last}" for first, last in WINDOWS)
        raise DataError(
            f"{data}: no measure of exposure has a long difference of May {windows} that its occupations can carry; add"
            " tables, or ask for --no-simulated."
        )
    return panels


def _surveys(
    source: Source,
    published: Occupations,
    panels: Mapping[str, Sequence[Published]],
    regressions: Sequence[Regression] | None = None,
) -> SimulatedOccupations:
    measure = main_measure(list(panels))
    if regressions is None:
        every = [
            s for window in WINDOWS if set(window) <= set(published.years) for s in choices(HEADLINE, measure, window)
        ]
        regressions = estimate(published, every).regressions if every else ()
    surveys = simulate_occupations(at_estimates(source), panels, measure, source.config.surveys, PANEL_YEARS)
    return dataclasses.replace(surveys, handlings=beside_surveys(regressions, measure))


def figures(result: OccupationWages) -> Iterator[tuple[str, Any]]:
    """Coefficients by measure, the event study, and the specification curve, of those regressions that there are."""
    from aigini import figures as every
    from aigini.figures.style import named

    there = {r.estimator for r in result.regressions if r.outcome == HEADLINE}
    drawn = [every.exposure_coefficients] if any(map(result.headline, WINDOWS)) else []
    drawn += [every.event_study] if "event_study" in there else []
    drawn += [every.specification_curve] if "long_difference" in there else []
    return named(result, *drawn)


def survey_figures(result: SimulatedOccupations) -> Iterator[tuple[str, Any]]:
    """Coefficients of simulated surveys beside the published ones, power, and what m1 does to them."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.simulated_coefficients, every.survey_power, every.coefficient_by_m1)


def _options(
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Folder of the files of OEWS as BLS publishes them.")
    ] = None,
    exposure: Annotated[
        str | None,
        typer.Option(
            "--exposure",
            metavar="FILE[:COLUMN]",
            help="Table of exposure to AI, here or in DIR, or COLUMN of those in DIR; by default all of these.",
        ),
    ] = None,
    download: Annotated[
        bool,
        typer.Option("--download", help="First download the national files that the folder lacks from BLS."),
    ] = False,
    simulated: Annotated[
        bool,
        typer.Option(
            "--simulated/--no-simulated",
            help="Also regress surveys of simulated occupations, to see what such regressions can tell.",
        ),
    ] = True,
) -> Mapping[str, Any]:
    return {"data": data, "exposure": exposure, "download": download, "simulated": simulated}


@dataclasses.dataclass(frozen=True)
class _Both:
    """Both results, to be shown."""

    wages: OccupationWages
    surveys: SimulatedOccupations

    def __str__(self) -> str:
        return f"{self.wages}\n\n{self.surveys}"


WAGES = ResultFile("oews", OccupationWages, figures, csv=True)
SURVEYS = ResultFile("oews_surveys", SimulatedOccupations, survey_figures, csv=True)


@with_x64
def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    data, exposure, simulated = options["data"], options["exposure"], options["simulated"]
    if simulated:
        run.config.require("estimation")
        require_sign_problem(run.config.targets, run.config.free)
    clock = time.perf_counter()
    timings: dict[str, float] = {}
    with watched(shown(run.notify)):
        if options.get("download") and data is not None:
            fetch_files(Path(data), notify=run.notify)
        loaded = _load(data, exposure)
        wages = _wages(loaded, data)
        panels = _panels(loaded.occupations, data) if simulated else {}
        timings["regressions"] = time.perf_counter() - clock
        # Regressions of published data do not wait for the economy.
        run.write([(WAGES, wages)], timings)
        _write_tables(run.folder, wages)
        WAGES.draw(run.folder / "figures", wages)
        if not simulated:
            run.show(wages, (WAGES,))
            run.notify(f"written: {run.folder / 'oews.json'}, oews.csv, tables and figures")
            return 0
        request = repr((command.name, exposure and str(exposure), dict(run.origin)))
        cache = ledger.Ledger(run.folder, run.config, request, resume=run.resume)
        with kept_in(cache):
            surveys = _surveys(run.source, loaded.occupations, panels, wages.regressions)
    timings["surveys"] = time.perf_counter() - clock - timings["regressions"]
    run.write([(WAGES, wages), (SURVEYS, surveys)], timings)
    SURVEYS.draw(run.folder / "figures", surveys)
    cache.clear()
    run.show(_Both(wages, surveys), (WAGES, SURVEYS))
    run.notify(f"written: {run.folder / 'oews.json'}, oews_surveys.json, the same as CSV, tables and figures")
    return 0


def _write_tables(target: Path, result: OccupationWages) -> None:
    """The headline coefficients as HTML, LaTeX and Markdown; nothing if the years of none are there."""
    from great_tables import GT

    frame: Any = result.to_frame()
    first: Any = frame[
        (frame["estimator"] == "long_difference")
        & (frame["controls"] == "none")
        & (frame["weights"] == "employment")
        & (frame["sample"] == "same codes; top codes: drop")
    ]
    if first.empty:
        return
    rounded: Any = first[["outcome", "years", "exposure"]].copy()
    for name in ("coef", "se", "se_crv3", "se_hc1"):
        rounded[f"{name} per s.d."] = (first[name] * first["exposure_sd"]).round(3)
    own = [r for r, is_first in zip(result.regressions, frame.index.isin(first.index), strict=True) if is_first]
    rounded["95 % per s.d."], rounded["p"] = [interval_text(r) for r in own], [round(p_value(r), 3) for r in own]
    rounded["n"], rounded["r2"] = first["n"], first["r2"].round(4)
    made = GT(rounded.reset_index(drop=True))
    texts = {"html": made.as_raw_html(), "tex": made.as_latex(), "md": rounded.to_markdown(index=False)}
    for ending, text in texts.items():
        folder.write_atomically(
            target / f"oews_table.{ending}", lambda path, text=text: path.write_text(text, encoding="utf-8")
        )


OEWS = Command(
    "oews",
    PURPOSES["oews"],
    occupation_wages,
    OccupationWages,
    needs=(),
    options=_options,
    files=(WAGES, SURVEYS),
    prepare=require_pyfixest,
    run=_run,
)
