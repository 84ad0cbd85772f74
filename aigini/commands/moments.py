"""`aigini moments`: moments of the economy from a panel, and a configuration that has them as targets."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from aigini.commands.command import Command, ResultFile, Run
from aigini.commands.panel import read_panel, require_panel_extra
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import Source, SourceLike, as_source
from aigini.config import Config
from aigini.config.load import again
from aigini.errors import DataError
from aigini.panel.data import Panel
from aigini.panel.moments.estimate import Comparison, panel_moments
from aigini.panel.moments.result import PanelMoments
from aigini.storage import folder

MOMENTS = ("m1", "m2", "m3", "m4", "m5")
"""Moments that are estimated where none is named."""


def estimate_moments(
    config: SourceLike = None,
    *,
    panel: Panel | str | Path,
    mapping: Mapping[str, str] | str | Path | None = None,
    moments: Sequence[str] = MOMENTS,
    years: int | None = None,
    comparison: Comparison = "none",
    simulations: float | None = None,
    bootstrap: int = 0,
    seed: int = 0,
    **overrides: Any,
) -> PanelMoments:
    """Moments of the economy from a panel, with their joint covariance clustered by firm.

    Args:
        config: Configuration, path of one, or None for the baseline. The size of its population gives S where
            `simulations` is None.
        panel: A panel, a file, a folder of parts, or the run folder of a simulated one.
        mapping: As in `aigini.read_panel`.
        moments: Names of moments.
        years: Years before and with AI; by default the most for which every cohort is observed.
        comparison: ``"none"``, or ``"never"`` to take off the changes of firms that never use AI.
        simulations: S, simulated samples as large as the panel that the model's moments come from. By default the
            workers of ``[population]`` over those of the panel.
        bootstrap: Resamples of firms for a check of the standard errors.
        seed: Seed of the resamples.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        DataError: listing every mistake of the panel, or if a moment cannot be estimated from it.
        MissingExtraError: if pandas or pyarrow is not installed.
    """
    source = as_source(config, overrides)
    data = panel if isinstance(panel, Panel) else read_panel(panel, mapping)
    if simulations is not None and not simulations > 0:
        raise DataError(f"moments: --simulations {simulations:g} is no number of samples; give one above 0.")
    own = panel_moments(data, moments, years=years, comparison=comparison, bootstrap=bootstrap, seed=seed)
    drawn = float(source.config.population["n_workers"]) / own.workers if simulations is None else simulations
    return own.with_simulation_noise(drawn)


def targets_of(config: Config, result: PanelMoments) -> Config:
    """A configuration that has the estimates as its targets, for `aigini.calibrate`, `sensitivity` and `posterior`."""
    changes = result.overrides(config.free, tuple(config.source["targets"]))
    return again(config.source, "moments", changes)


def _options(
    panel: Annotated[
        Path,
        typer.Argument(metavar="PANEL", help="A .csv or .parquet file, a folder of them, or a run of aigini panel."),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="FILE", help='TOML: [columns], wage = "the name that the file has for it".'),
    ] = None,
    moment: Annotated[
        list[str] | None, typer.Option("--moment", metavar="NAME", help="One to estimate; repeat it. m1 to m5 without.")
    ] = None,
    years: Annotated[
        int | None, typer.Option("--years", help="Years before and with AI; the most for every cohort without.")
    ] = None,
    comparison: Annotated[
        Comparison, typer.Option("--comparison", help="Changes taken off: none, or of firms that never use AI.")
    ] = "none",
    simulations: Annotated[
        float | None,
        typer.Option("--simulations", metavar="S", help="Samples like the panel that model moments come from."),
    ] = None,
    bootstrap: Annotated[int, typer.Option("--bootstrap", metavar="N", help="Resamples of firms, as a check.")] = 0,
) -> Mapping[str, Any]:
    return {
        "panel": panel,
        "mapping": mapping,
        "moments": tuple(moment or MOMENTS),
        "years": years,
        "comparison": comparison,
        "simulations": simulations,
        "bootstrap": bootstrap,
    }


def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    clock = time.perf_counter()
    result = command.compute(Source(run.config), **options)
    target = run.folder / "targets.toml"
    folder.write_text(target, targets_of(run.config, result).to_toml())
    run.write([(command.files[0], result)], {command.name: time.perf_counter() - clock})
    run.show(result, command.files)
    run.notify(f"written: {run.folder / 'moments.json'}, and {target}: aigini calibrate {target}")
    return 0


MOMENTS_COMMAND = Command(
    "moments",
    PURPOSES["moments"],
    estimate_moments,
    PanelMoments,
    resume=None,
    needs=(),
    options=_options,
    files=(ResultFile("moments", PanelMoments),),
    prepare=require_panel_extra,
    run=_run,
    starts_from_a_run=False,
)
