"""`aigini bench`: time and memory of moments, gradient and Jacobian on this machine."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from aigini.bench import scaling
from aigini.bench.scaling import Scaling
from aigini.commands.command import Command, Run
from aigini.commands.purposes import PURPOSES
from aigini.config import Config
from aigini.errors import ConfigError, OutputError
from aigini.population.sizes import WORKERS_LIMIT


def _options(
    sizes: Annotated[
        str, typer.Option(help="Numbers of workers, e.g. 1e5,1e6; by default what suits the device.")
    ] = "",
    repeats: Annotated[int, typer.Option(min=1, help="Timed runs of each task at each size.")] = 5,
    check: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An earlier bench.json to compare ratios with.")
    ] = None,
    tolerance: Annotated[float, typer.Option(min=1.0, help="How many times a ratio of --check may grow.")] = 1.5,
) -> Mapping[str, Any]:
    return {"sizes": _numbers(sizes), "repeats": repeats, "check": check, "tolerance": tolerance}


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


def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    check, tolerance = options["check"], options["tolerance"]
    before = load_ratios(check) if check is not None else None
    clock = time.perf_counter()
    result = command.compute(
        run.config,
        options["sizes"],
        repeats=options["repeats"],
        watch=lambda cell: run.notify(
            f"  {time.perf_counter() - clock:6.1f} s  {cell.task} of {cell.n_workers:.0e} workers"
        ),
    )
    run.write([(command.files[0], result)], {command.name: time.perf_counter() - clock})
    run.show(result, command.files)
    run.notify(f"written: {run.folder / 'bench.json'}")
    if before is None:
        return 0
    worse = scaling.regressions(result.ratios(), before, tolerance)
    for name, (new, old) in worse.items():
        run.notify(f"worse: {name}: {new:.3g}, was {old:.3g}")
    if not worse:
        run.notify(f"no ratio is more than {tolerance:g} times that of {check}")
    return 1 if worse else 0


def bench(config: Config, sizes: tuple[int, ...], **settings: Any) -> Scaling:
    """Time and memory by the number of workers, see `aigini.bench.scaling.measure`."""
    return scaling.measure(config, sizes, **settings)


def load_ratios(path: Path) -> dict[str, float]:
    """Ratios of an earlier ``bench.json``.

    Raises:
        OutputError: if the file is missing or holds none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))["ratios"]
        ratios = {str(name): float(value) for name, value in content.items() if value is not None}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise OutputError(f"--check {path}: no ratios can be read from it ({error}); give a bench.json.") from None
    if not ratios:
        raise OutputError(f"--check {path}: holds no ratios; give a bench.json of two sizes or two tasks at least.")
    return ratios


BENCH = Command(
    "bench",
    PURPOSES["bench"],
    bench,
    Scaling,
    resume=None,
    needs=(),
    options=_options,
    run=_run,
    starts_from_a_run=False,
)
