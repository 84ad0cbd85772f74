"""`aigini explore`: an interactive page about the economy around its estimates; `aigini.explore` in Python.

The page FILE.html stands beside the run folder FILE, in which explore.json holds all that it shows.
"""

import datetime
import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from aigini.commands.at_estimates import at_estimates
from aigini.commands.command import Command, ResultFile, Run, compute_and_write
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import SourceLike, as_source
from aigini.config import Config
from aigini.dynamics.settings import DYNAMICS_NAMES
from aigini.explore.build import Sizes, explorer
from aigini.explore.result import Explorer
from aigini.population.population import Population
from aigini.population.sizes import default_firms
from aigini.report.explorer import explorer_page
from aigini.report.sections import origin
from aigini.runtime.precision import with_x64
from aigini.storage import folder, results

WORKERS, FITTED, HELD_OUT = 65_536, 448, 1_000
"""Workers of the population, economies that the surrogate is fitted to, and economies that its errors are from."""


@with_x64
def explore(
    config: SourceLike = None,
    *,
    workers: int = WORKERS,
    fitted: int = FITTED,
    held_out: int = HELD_OUT,
    **overrides: Any,
) -> Explorer:
    """A surrogate of the economy around its estimates, in a few sliders, with its measured errors.

    Args:
        config: Calibration to start from; or configuration, path of one, or None for the baseline, to estimate first.
        workers: Workers of the population of the explorer, at most those of the configuration.
        fitted: Economies that the surrogate is fitted to.
        held_out: Economies that its errors are measured on.
        **overrides: As in `aigini.simulate`.

    Raises:
        AiginiError: as `at_estimates` does, or if AI is present before, or there is no economy somewhere in the box of
            the sliders.
    """
    source = as_source(config, overrides, "estimation")
    model = at_estimates(source)
    settings = source.config
    size = min(workers, settings.population["n_workers"])
    seed = settings.population["seed"]
    dynamics = settings.dynamics
    return explorer(
        model.values,
        settings.scenario,
        _draw(settings, seed, size),
        [_draw(settings, seed + 1 + extra, size) for extra in range(settings.replications)],
        Sizes(fitted, held_out),
        {name: float(getattr(dynamics, name)) for name in DYNAMICS_NAMES},
        dynamics.years,
    )


def _draw(config: Config, seed: int, workers: int) -> Population:
    firms = min(config.population["n_firms"], default_firms(workers))
    return config.draw(seed, precision="float64", n_workers=workers, n_firms=firms)


def write_page(run: str | Path, out: str | Path | None = None) -> Path:
    """Make the page from explore.json of a run folder.

    Args:
        run: The run folder.
        out: The page; by default the file beside the folder with its name and the ending ``.html``.

    Returns:
        The path of the page.

    Raises:
        OutputError: if there is no result, it is damaged, or the page cannot be written.
    """
    source = Path(run)
    result: Explorer = results.load(source, "explore", Explorer)
    record = results.read(source / "explore.json").get("run", {})
    target = _page_of(source) if out is None else Path(out)
    version, now = importlib.metadata.version("aigini"), datetime.datetime.now(datetime.UTC)
    text = explorer_page(
        result,
        origin(f"{source / 'explore.json'}", record),
        made=f"Made by aigini {version} on {now:%Y-%m-%d %H:%M} UTC.",
    )
    folder.prepare(target.parent)
    return folder.write_text(target, text)


def _page_of(run: Path) -> Path:
    return run.parent / f"{run.name}.html"


def _options(
    workers: Annotated[int, typer.Option("--workers", min=1000, help="Workers of each economy.")] = WORKERS,
    fitted: Annotated[int, typer.Option("--fitted", min=16, help="Economies that polynomials are fitted to.")] = FITTED,
    held_out: Annotated[
        int, typer.Option("--held-out", min=16, help="Other economies, on which their errors are measured.")
    ] = HELD_OUT,
    page_only: Annotated[
        bool, typer.Option("--page-only", help="Make the page again from explore.json in --out; compute nothing.")
    ] = False,
) -> Mapping[str, Any]:
    return {"workers": workers, "fitted": fitted, "held_out": held_out, "page_only": page_only}


def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    own = {name: value for name, value in options.items() if name != "page_only"}
    code = 0 if options["page_only"] else compute_and_write(command, run, own)
    path = write_page(run.folder)
    run.notify(f"written: {path} ({path.stat().st_size / 2**20:.1f} MiB), to open in a browser and to hand over")
    return code


EXPLORE = Command(
    "explore",
    PURPOSES["explore"],
    explore,
    Explorer,
    options=_options,
    files=(ResultFile("explore", Explorer, csv=True),),
    run=_run,
    page=True,
    analyses=True,
)
