"""The command line: a thin shell over the Python interface."""

import contextlib
import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import jax
import typer
from typer.core import TyperGroup

from aigini.analysis.regimes.maps import DEFAULT_PLANES
from aigini.bench import scaling
from aigini.commands import jobs, posteriors, studies
from aigini.commands.verbs import simulate as simulate_verb
from aigini.config import Config, load, parse_overrides
from aigini.config.readers import Command
from aigini.errors import AiginiError, ConfigError, OutputError
from aigini.estimation.msm import STAGES, Progress
from aigini.estimation.pieces import Pieces
from aigini.estimation.result import Calibration
from aigini.population.sizes import WORKERS_LIMIT
from aigini.runtime import interruption, screen
from aigini.runtime.backend import require_backend
from aigini.runtime.compilation_cache import kept_programs
from aigini.runtime.home import usable_home
from aigini.storage import analyses as studies_on_disk
from aigini.storage import checkpoint, folder, measured
from aigini.storage import simulation_and_calibration as store
from aigini.storage.ledger import Ledger, pieces_in

_held = contextlib.ExitStack()


class _Commands(TyperGroup):
    """Lets go of the run folder when a command ends, however it does."""

    def invoke(self, ctx: Any) -> Any:
        with _held:
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="How generative AI moves inequality: simulate, calibrate, analyse.",
    epilog="Compiled programs are kept in AIGINI_CACHE (a folder, or off), else in JAX_COMPILATION_CACHE_DIR, else in"
    " ~/.cache/aigini, which is held below 1 GiB. One command at a time writes in a run folder.",
)
_screen = screen.Progress()

_CPU_DEVICES = 8

FAILED_ESTIMATION = 3
"""Exit code of a command that wrote estimates that should not be used as they are."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

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
    """Estimate the free parameters by simulated moments; write calibration.json and figures.

    Exit code 3: results are written, but the estimates should not be used as they are, and the reason is printed.
    """
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
    _fail_unless_estimated(result)


def _fail_unless_estimated(calibration: Calibration) -> None:
    """End with exit code 3 and the reason if the estimates should not be used as they are."""
    if calibration.failure:
        _screen.print(f"aigini: the estimation has failed: {calibration.failure}.")
        raise typer.Exit(FAILED_ESTIMATION)


@app.command()
def reproduce(config: ConfigFile = None, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """The main job: simulate, calibrate, simulate at the estimates, draw figures, write one run folder.

    Exit code 3: results are written, but the estimates should not be used as they are, and the reason is printed.
    """
    settings, place = _begin(config, overrides, out, "reproduce", lock=False)  # `jobs.reproduce` holds it
    result = jobs.reproduce(settings, out=place, resume=resume, watch=_Watch(settings), say=_say)
    print(result)
    _fail_unless_estimated(result.calibration)


def _study(
    name: Command,
    config: Path | None,
    overrides: list[str] | None,
    out: Path | None,
    resume: bool,
    compute: Callable[[Config, Pieces], Any],
    **asked: object,
) -> None:
    """Run an analysis with its pieces kept in the run folder; write its JSON and figures; print it."""
    settings, place = _begin(config, overrides, out, name)
    clock = time.perf_counter()
    ledger = Ledger(place, settings, repr((name, asked)), resume=resume, watch=_Parts())
    if resume:
        _say(f"resumed with {ledger.count} finished pieces")
    result = compute(settings, ledger)
    _say("drawing figures")
    run = folder.record(settings, {name: time.perf_counter() - clock})
    studies_on_disk.save_study(place, name, result, run)
    jobs.draw_study(place / "figures", name, result)
    jobs.write_record(place, settings, run)
    ledger.clear()
    print(result)
    _screen.print(f"written: {place / f'{name}.json'} and {place / 'figures'}")


@app.command()
def sensitivity(
    config: ConfigFile = None, overrides: Overrides = None, out: Out = None, resume: Resume = False
) -> None:
    """What the moments identify, and what inequality depends on, by exact Jacobians; write sensitivity.json."""
    _study("sensitivity", config, overrides, out, resume, lambda c, p: studies.sensitivity(c, profiles=True, pieces=p))


@app.command()
def sign(config: ConfigFile = None, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """Whether the other moments identify the sign of the change of the Gini; write sign.json."""
    _study("sign", config, overrides, out, resume, lambda c, p: studies.sign(c, pieces=p))


@app.command()
def regimes(
    config: ConfigFile = None,
    overrides: Overrides = None,
    out: Out = None,
    resume: Resume = False,
    plane: Annotated[
        list[str] | None, typer.Option("--plane", metavar="X,Y", help="Two axes, e.g. eta1,xi; may be repeated.")
    ] = None,
    count: Annotated[int, typer.Option("--grid", min=2, help="Grid points along each axis.")] = 15,
) -> None:
    """Where AI equalises and where it concentrates, with the boundary between them; write regimes.json."""
    planes = _planes(plane)
    _study(
        "regimes",
        config,
        overrides,
        out,
        resume,
        lambda c, p: studies.regimes(c, planes=planes, count=count, pieces=p),
        planes=planes,
        count=count,
    )


@app.command()
def channels(config: ConfigFile = None, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """Which channels move inequality: an exact Shapley decomposition; write channels.json."""
    _study("channels", config, overrides, out, resume, lambda c, p: studies.channels(c, pieces=p))


@app.command()
def policy(config: ConfigFile = None, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """What levers do to inequality and output; write policy.json."""
    _study("policy", config, overrides, out, resume, lambda c, p: studies.policy(c, pieces=p))


@app.command()
def posterior(config: ConfigFile = None, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """Sample what is believed about parameters and inequality; write posterior.json, posterior.nc and figures."""
    posteriors.require_posterior_extra()
    # One device for each chain: a chain need not wait for the longer trajectories of the others.
    _split_cpu(_CPU_DEVICES)
    _study("posterior", config, overrides, out, resume, lambda c, p: posteriors.posterior(c, pieces=p))


@app.command()
def beliefs(config: ConfigFile = None, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """Probability that inequality rises under other priors and other beliefs about m6; write beliefs.json."""
    posteriors.require_posterior_extra()
    _study("beliefs", config, overrides, out, resume, lambda c, p: posteriors.beliefs(c, pieces=p))


def _planes(items: list[str] | None) -> tuple[tuple[str, str], ...]:
    found = []
    for item in items or []:
        parts = tuple(part.strip() for part in item.split(","))
        if len(parts) != 2 or parts[0] == parts[1]:
            raise ConfigError(f"--plane {item}: expected two different axes, for example --plane eta1,xi.")
        found.append((parts[0], parts[1]))
    return tuple(found) or DEFAULT_PLANES


class _Parts:
    """Shows the progress of an analysis, a line per part and per tenth of it."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._shown: tuple[str, int] = ("", -1)

    def __call__(self, part: str, done: int, total: int) -> None:
        now = (part, 10 * done // total)
        if now != self._shown:
            self._shown = now
            _screen.print(f"  {time.perf_counter() - self._start:6.1f} s  {part}: {done} of {total}")


@app.command()
def bench(
    config: ConfigFile = None,
    overrides: Overrides = None,
    out: Out = None,
    sizes: Annotated[
        str, typer.Option(help="Numbers of workers, e.g. 1e5,1e6; by default what suits the device.")
    ] = "",
    repeats: Annotated[int, typer.Option(min=1, help="Timed runs of each task at each size.")] = 5,
    check: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An earlier bench.json to compare ratios with.")
    ] = None,
    tolerance: Annotated[float, typer.Option(min=1.0, help="How many times a ratio of --check may grow.")] = 1.5,
) -> None:
    """Time and memory of moments, gradient and Jacobian on this machine as workers grow in number; write bench.json."""
    settings, place = _begin(config, overrides, out, "bench")
    numbers = _numbers(sizes)
    before = measured.load_ratios(check) if check is not None else None
    clock = time.perf_counter()
    result = scaling.measure(
        settings,
        numbers,
        repeats=repeats,
        watch=lambda cell: _say(f"  {time.perf_counter() - clock:6.1f} s  {cell.task} of {cell.n_workers:.0e} workers"),
    )
    run = folder.record(settings, {"bench": time.perf_counter() - clock})
    measured.save_scaling(place, result, run)
    jobs.write_record(place, settings, run)
    print(result)
    _screen.print(f"written: {place / 'bench.json'}")
    if before is not None:
        worse = scaling.regressions(result.ratios(), before, tolerance)
        for name, (new, old) in worse.items():
            print(f"worse: {name}: {new:.3g}, was {old:.3g}")
        if worse:
            raise typer.Exit(1)
        print(f"no ratio is more than {tolerance:g} times that of {check}")


def _numbers(text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(float(part)) for part in text.split(",") if part.strip())
    except (ValueError, OverflowError):
        numbers = (0,)
    if any(not 1 <= number < WORKERS_LIMIT for number in numbers):
        raise ConfigError(
            f"--sizes {text}: expected positive numbers with commas between them, at most {WORKERS_LIMIT - 1:,},"
            " such as 1e5,1e6."
        )
    return numbers


@app.command()
def figures(run: Annotated[Path, typer.Argument(metavar="DIR", help="A run folder.")]) -> None:
    """Draw the figures of a run folder again, from its files."""
    fitted = "simulate_at_estimates" if (run / "simulate_at_estimates.json").exists() else "simulate"
    names = [name for name in (fitted, "calibration", *studies_on_disk.KINDS) if (run / f"{name}.json").exists()]
    if not names:
        raise typer.BadParameter(f"{run} holds no result of aigini.")
    interruption.keep_in_mind(lambda: f"figures in {run / 'figures'} are whole, some of them the earlier ones")
    with folder.writing(run, "aigini figures"):
        for name in names:
            for path in _draw_again(run, name):
                print(path)


def _draw_again(run: Path, name: str) -> list[Path]:
    """Draw the figures of one result of a run folder.

    Raises:
        OutputError: if the result is damaged, or lacks what its figures show.
    """
    place = run / "figures"
    try:
        if name == "calibration":
            return jobs.draw(place, None, store.load_calibration(run))
        if name in studies_on_disk.KINDS:
            return jobs.draw_study(place, name, studies_on_disk.load_study(run, name))
        return jobs.draw(place, store.load_simulation(run, name), None)
    # What was read is complete in its fields, but tables inside it may still lack an entry that a figure shows.
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        lacks = f"lacks {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
        raise OutputError(
            f"{run / name}.json: its figures cannot be drawn ({lacks}); run the command that writes it again."
        ) from None


def _begin(
    config: Path | None, overrides: list[str] | None, out: Path | None, command: Command, *, lock: bool = True
) -> tuple[Config, Path]:
    """The configuration, and the run folder, whose lock is held until the command ends."""
    settings = load(config, parse_overrides(overrides or []))
    settings.require(command)
    if settings.population["devices"] > 1:
        _split_cpu(settings.population["devices"])
    require_backend()
    place = out or Path("runs") / command
    if lock:
        _held.enter_context(folder.writing(place, f"aigini {command}"))
    interruption.keep_in_mind(lambda: _kept(place, command))
    return settings, place


def _kept(place: Path, command: Command) -> str:
    """What is kept of a run that ends now."""
    if checkpoint.exists(place) if command in ("calibrate", "reproduce") else pieces_in(place) > 0:
        return f"finished work is kept in {place}: the same command with --resume goes on from there"
    return f"no work was finished; results that were in {place} are as they were"


def _split_cpu(devices: int) -> None:
    """Let JAX see this many devices if it computes on a CPU."""
    with contextlib.suppress(RuntimeError):  # JAX is running already, in a process that called this as a function
        jax.config.update("jax_num_cpu_devices", devices)


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


def main() -> None:
    """Entry point: errors of the user's, signals and full disks are one message each, never a traceback.

    Exit codes: 2 after an error, 1 where the reader of standard output has gone, 128 and its number after a signal.
    """
    os.environ["MPLBACKEND"] = (
        "agg"  # figures are files; what a notebook sets for itself may not even be installed here
    )
    screen.prepare()
    with interruption.one_line(), kept_programs(_say), usable_home():
        code = _run(app)
        if code in (0, None):
            code = _run(screen.finish)
    raise SystemExit(code)


def _run(step: Callable[[], object]) -> str | int | None:
    """The exit code of a step."""
    try:
        step()
    except SystemExit as done:
        return done.code
    except BrokenPipeError:
        return 1
    except AiginiError as error:
        _say(f"aigini: {error}")
        return 2
    except OSError as error:
        if error.errno not in _FULL:
            raise
        where = f"{error.filename}: " if error.filename else "standard output: "
        _say(f"aigini: {where}cannot be written ({error.strerror}); free space, or write elsewhere.")
        return 2
    return 0


if __name__ == "__main__":
    main()
