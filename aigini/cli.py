"""The command line: a thin shell over the Python interface."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import jax
import typer
from rich.console import Console

from aigini import jobs
from aigini.config import Config, load, parse_overrides
from aigini.errors import AiginiError
from aigini.estimation.msm import STAGES, Progress
from aigini.run import checkpoint, folder, store
from aigini.verbs import simulate as simulate_verb

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="How generative AI moves inequality: simulate, calibrate, reproduce.",
)
_screen = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigFile = Annotated[Path | None, typer.Argument(metavar="[CONFIG]", help="TOML file; none is the baseline.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Replace one value, e.g. params.xi=0.2; may be repeated."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Run folder; runs/<command> by default.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint of an interrupted run in --out.")]


@app.command()
def simulate(config: ConfigFile = None, overrides: Overrides = None, out: Out = None) -> None:
    """Simulate the economy before and after AI; write simulate.json."""
    settings, place = _begin(config, overrides, out, "simulate")
    clock = time.perf_counter()
    result = simulate_verb(settings)
    run = folder.record(settings, {"simulate": time.perf_counter() - clock})
    store.save_simulation(place, result, run)
    jobs.write_record(place, settings, run)
    print(result)
    _screen.print(f"written: {place / 'simulate.json'}")


@app.command()
def calibrate(config: ConfigFile = None, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """Estimate the free parameters by simulated moments; write calibration.json and figures."""
    settings, place = _begin(config, overrides, out, "calibrate")
    clock = time.perf_counter()
    result = jobs.run_calibration(settings, place, resume=resume, watch=_Watch(settings), say=_say)
    jobs.draw(place / "figures", None, result)
    run = folder.record(settings, {"calibrate": time.perf_counter() - clock})
    store.save_calibration(place, result, run)
    jobs.write_record(place, settings, run)
    checkpoint.clear(place)
    print(result)
    _screen.print(f"written: {place / 'calibration.json'} and {place / 'figures'}")


@app.command()
def reproduce(config: ConfigFile = None, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """The main job: simulate, calibrate, simulate at the estimates, draw figures, write one run folder."""
    settings, place = _begin(config, overrides, out, "reproduce")
    print(jobs.reproduce(settings, out=place, resume=resume, watch=_Watch(settings), say=_say))


@app.command()
def figures(run: Annotated[Path, typer.Argument(metavar="DIR", help="A run folder.")]) -> None:
    """Draw the figures of a run folder again, from its files."""
    fitted = "simulate_at_estimates" if (run / "simulate_at_estimates.json").exists() else "simulate"
    simulation = store.load_simulation(run, fitted) if (run / f"{fitted}.json").exists() else None
    calibration = store.load_calibration(run) if (run / "calibration.json").exists() else None
    if simulation is None and calibration is None:
        raise typer.BadParameter(f"{run} holds neither simulate.json nor calibration.json.")
    for path in jobs.draw(run / "figures", simulation, calibration):
        print(path)


def _begin(config: Path | None, overrides: list[str] | None, out: Path | None, command: str) -> tuple[Config, Path]:
    settings = load(config, parse_overrides(overrides or []))
    return settings, folder.prepare(out or Path("runs") / command)


def _say(line: str) -> None:
    _screen.print(line)


class _Watch:
    """Shows the progress of an estimation, a line per block of iterations."""

    def __init__(self, config: Config) -> None:
        self._start = time.perf_counter()
        self._limits = (config.descent.steps, config.polish.steps)

    def __call__(self, progress: Progress) -> None:
        stage = int(progress.stage)
        done = int(progress.iteration)
        _screen.print(
            f"  {time.perf_counter() - self._start:6.1f} s  iteration {done:4d}  next: {STAGES[stage]:8s}"
            f" best objective {progress.best:.3e}"
        )


def _use_compilation_cache() -> None:
    """Keep compiled programs between runs, in the user's cache folder or where AIGINI_CACHE says; "off" does not."""
    chosen = os.environ.get("AIGINI_CACHE", "")
    if chosen == "off":
        return
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    jax.config.update("jax_compilation_cache_dir", chosen or str(home / "aigini"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def main() -> None:
    """Entry point: errors of the user's are one message and exit code 2, never a traceback."""
    _use_compilation_cache()
    try:
        app()
    except AiginiError as error:
        print(f"aigini: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
