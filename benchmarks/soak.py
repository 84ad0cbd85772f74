"""Malformed configurations and kills at random moments: no tracebacks, no results lost, no resumed run that differs.

Every configuration of `malformed.py` must be accepted, or refused in a sentence. Every command is killed by SIGINT,
SIGTERM, SIGHUP and SIGKILL at random moments, over and over in one folder that holds an earlier result, then resumed
until it ends: the earlier result must be there after each kill, and the numbers in the end those of a run that was left
alone, bit for bit. Commands run in processes forked from one that has imported aigini, where a start costs
no import; every tenth is started afresh.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import malformed
import measure
from measure import say

from aigini import cli
from aigini.commands.calibrate import FAILED_ESTIMATION
from aigini.commands.registry import load_result
from aigini.runtime import interruption
from aigini.storage import lock

RESULTS = Path(__file__).resolve().parent / "results"

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)

_SMALL = (
    # Of the draws of so few workers, one with which the analyses meet their targets.
    *("population.n_workers=2048", "population.n_firms=64", "population.seed=1"),
    *("calibration.replications=2", "posterior.n_workers=2048"),
    *("posterior.chains=2", "posterior.warmup=100", "posterior.draws=40", "posterior.checkpoint_every=20"),
)
_FEW = ("calibration.free=['alpha', 'beta']", "calibration.moments=['m1', 'm2']", "calibration.starts=2")
_FEW_STEPS = (*_FEW, "calibration.checkpoint_every=2", "calibration.descent_steps=60", "calibration.polish_steps=0")

COMMANDS: dict[str, tuple[str, ...]] = {
    "simulate": (),
    "calibrate": _FEW_STEPS,
    "reproduce": _FEW_STEPS,
    "sensitivity": (),
    "sign": (),
    "regimes": (),
    "channels": (),
    "policy": (),
    "robustness": (),
    "dynamics": ("dynamics.years=12",),
    "posterior": (),
    "beliefs": (),
    "oews": ("oews.replications=100", "oews.floor_strengths=[0.0,1.0]", "oews.arrivals=[1.0]"),
    "bench": (),
    "figures": (),
}
"""Settings of each command beyond those that all have."""
_MORE = {
    "regimes": ("--plane", "eta1,xi", "--grid", "4"),
    "robustness": ("--variants", "baseline,m6_zero"),
    "bench": ("--sizes", "2e3", "--repeats", "1"),
}
_WITHOUT_RESUME = ("simulate", "bench", "figures")
_YEARS = (2019, 2022, 2023)  # of the occupation wages, made up in the form that BLS publishes

_PATIENCE = 3600.0  # seconds for a run to end; one that gets little of a shared machine takes long
_ENDED = (0, FAILED_ESTIMATION)  # these small estimations stop early, and say so


@dataclasses.dataclass
class Tally:
    """What was seen; the lists name what must not happen."""

    kills: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    finished_first: int = 0
    resumed: int = 0
    seconds_to_end: list[float] = dataclasses.field(default_factory=list)
    tracebacks: list[str] = dataclasses.field(default_factory=list)
    lost: list[str] = dataclasses.field(default_factory=list)
    differing: list[str] = dataclasses.field(default_factory=list)
    leftovers: list[str] = dataclasses.field(default_factory=list)


def arguments(command: str, place: Path, *, resume: bool) -> list[str]:
    """The command line of a run in `place`."""
    if command == "figures":
        return ["aigini", command, str(place)]
    line = ["aigini", command, "--out", str(place), *_MORE.get(command, ())]
    if command == "oews":
        data = place.parent / "published"
        line += ["--data", str(data), "--exposure", f"{data / 'occ_level.csv'}:eloundou_beta_gpt4"]
    for setting in (*_SMALL, *COMMANDS[command]):
        line += ["--set", setting]
    return [*line, "--resume"] if resume and command not in _WITHOUT_RESUME else line


class Run:
    """A command in a process of its own, with its standard error in a file."""

    def __init__(self, line: Sequence[str], errors: Path, *, fresh: bool) -> None:
        self._errors = errors
        self._code: int | None = None
        if fresh:
            with errors.open("wb") as file:
                command = [sys.executable, "-m", "aigini.cli", *line[1:]]
                self.pid = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file).pid
            return
        with _without_signals():
            self.pid = os.fork()
            if self.pid == 0:
                self._serve(line)

    def _serve(self, line: Sequence[str]) -> None:
        """What the child does: it ends here."""
        code = 70
        try:
            os.dup2(os.open(self._errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.argv = list(line)
            signal.signal(signal.SIGINT, interruption._handle)  # as while the command is imported
            signal.pthread_sigmask(signal.SIG_SETMASK, set())
            cli.main()
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def wait(self, seconds: float) -> int | None:
        """Its exit code, negative for a signal; None if it is still running after that time."""
        until = time.monotonic() + seconds
        while self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > until:
                return None
            else:
                time.sleep(0.005)
        return self._code

    @property
    def shown(self) -> str:
        """Its standard error."""
        return self._errors.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def _without_signals() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS[:3])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def numbers(command: str, place: Path) -> dict[str, Any]:
    """What a finished run says, without when and how long; files that lack or are damaged raise."""
    found: dict[str, Any] = {}
    for path in sorted(place.glob("*.json")):
        if path.name not in ("run.json", "checkpoint.json"):
            content = json.loads(path.read_text(encoding="utf-8"))
            found[path.name] = {key: value for key, value in content.items() if key != "run"}
    if command == "bench":
        return {name: sorted(content) for name, content in found.items()}
    for path in sorted(place.glob("*.nc")):
        if path.stem == "posterior":
            draws = load_result(place, "posterior").draws
            arrays = {field.name: getattr(draws, field.name) for field in dataclasses.fields(draws)}
        else:
            simulation = load_result(place, path.stem)
            arrays = {"before": simulation.before_arrays, "after": simulation.after_arrays}
        found[path.name] = {
            f"{group}/{name}": array.tobytes() for group, part in arrays.items() for name, array in part.items()
        }
    for path in sorted((place / "figures").glob("*.png")):
        found[path.name] = path.read_bytes()
    return found


def left_over(place: Path) -> dict[str, tuple[int, int]]:
    """Temporary files and the lock, with what tells if a run has touched them: their number and last change."""
    found = (path for path in place.rglob(".*") if path.name.endswith(".tmp") or path.name == lock.NAME)
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def reference(command: str, place: Path, *, warm: bool = False) -> float:
    """Run a command that is left alone; its seconds, where nothing is compiled: unless `warm` it is run twice."""
    seconds = 0.0
    for _ in range(1 if warm else 2):
        clock = time.monotonic()
        run = Run(arguments(command, place, resume=False), place.parent / f"{command}.log", fresh=False)
        code = run.wait(_PATIENCE)
        if code not in _ENDED:
            if code is None:
                os.kill(run.pid, signal.SIGKILL)
            raise RuntimeError(f"{command}: ended with {code}:\n{run.shown}")
        seconds = time.monotonic() - clock
    return seconds


def kill_and_resume(
    command: str, whole: Path, seconds: float, kills: int, rng: random.Random, tally: Tally, fresh: bool
) -> None:
    """Kill runs of a command in one folder, then let it end, and compare it with the run in `whole`."""
    expected = numbers(command, whole)
    place = whole.with_name(f"{command}-killed")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(whole, place)
    for count in range(kills + 1):
        before = left_over(place)
        run = Run(arguments(command, place, resume=count > 0), place.with_suffix(".log"), fresh=fresh)
        number = rng.choice(SIGNALS)
        where = f"{command}, {number.name}"
        code = None
        if count < kills:
            # A process that is started afresh must be interpreting aigini by then: Python's own start is not ours.
            code = run.wait(rng.uniform(0.5, seconds + 6.0) if fresh else rng.uniform(0.0, seconds))
            if code is None:
                clock = time.monotonic()
                os.kill(run.pid, number)
                code = run.wait(_PATIENCE)
                tally.seconds_to_end.append(time.monotonic() - clock)
                tally.kills[f"{command} {number.name}"] += 1
            else:
                tally.finished_first += 1
        else:
            code = run.wait(_PATIENCE)
            tally.resumed += 1
            if code not in _ENDED:
                tally.differing.append(f"{command}: the resumed run ended with {code}: {run.shown[-500:]}")
        if code is None:
            os.kill(run.pid, signal.SIGKILL)
            tally.differing.append(f"{where}: did not end")
        if code not in (*_ENDED, -number, 128 + number) or "Traceback" in run.shown or "Exception ignored" in run.shown:
            tally.tracebacks.append(f"{where}: {code}: {run.shown[-2000:]}")
        try:
            same = numbers(command, place) == expected
        except Exception as error:
            tally.lost.append(f"{where}: {error}")
        else:
            if not same:
                (tally.differing if count == kills else tally.lost).append(f"{where}: other numbers")
        # A kill that cannot be caught leaves temporary files to the next run that comes so far; nothing else may.
        own = [name for name, mark in left_over(place).items() if before.get(name) != mark]
        if own and code != -signal.SIGKILL and number != signal.SIGKILL:
            tally.leftovers.append(f"{where}: {own}")
    if left_over(place):
        tally.leftovers.append(f"{command}, at the end: {list(left_over(place))}")


def _write_published(folder: Path) -> None:
    """Occupation wages for `oews`, those of its tests."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    importlib.import_module("oews_files").write_folder(folder, years=_YEARS)


def soak_kills(
    commands: Sequence[str],
    kills: int,
    minutes: float,
    rng: random.Random,
    *,
    together: int,
    warm: bool,
    record: Callable[[Tally, dict[str, float]], None],
) -> Tally:
    """Kill the command that had the least time so far, until there were so many kills, or so many minutes have passed.

    What went wrong is said as it is seen, and `record` is given what is known after every round.
    """
    tally, seconds = Tally(), {}
    said: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        for command in commands:
            place = Path(name) / command
            if command == "oews":
                _write_published(Path(name) / "published")
            if command == "figures":
                if not (Path(name) / "simulate").exists():
                    reference("simulate", Path(name) / "simulate", warm=True)
                shutil.copytree(Path(name) / "simulate", place)
            seconds[command] = reference(command, place, warm=warm)
            say(f"{command}: {seconds[command]:.1f} s")
        spent = dict.fromkeys(commands, 0.0)
        begun, round_ = time.monotonic(), 0
        while tally.kills.total() < kills and time.monotonic() < begun + 60 * minutes:
            # Every command gets the same time, so that the short ones are killed most often; the first round has all.
            command = min(spent, key=spent.__getitem__)
            clock = time.monotonic()
            count = min(together, kills - tally.kills.total())
            fresh = round_ % 10 == 9
            kill_and_resume(command, Path(name) / command, seconds[command], count, rng, tally, fresh)
            round_ += 1
            spent[command] += time.monotonic() - clock
            say(f"{command}: {tally.kills.total()} kills, {_bad(tally)}")
            for text in dict.fromkeys(_wrong(tally)):
                if text not in said:
                    say(text)
            said.update(_wrong(tally))
            record(tally, seconds)
    return tally


def _wrong(tally: Tally) -> list[str]:
    return [*tally.tracebacks, *tally.lost, *tally.differing, *tally.leftovers]


def _bad(tally: Tally) -> dict[str, int]:
    return {name: len(getattr(tally, name)) for name in ("tracebacks", "lost", "differing", "leftovers")}


def soak_configurations(count: int, of_command: int, rng: random.Random) -> list[str]:
    """What went wrong with `count` configurations in this process, and with some more in the command."""
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        for _ in range(count):
            case = malformed.generate(rng)
            found = malformed.in_process(case, Path(name))
            if found:
                wrong.append(f"{case.kind} {case.overrides}: {found}")
        cases = [malformed.generate(rng) for _ in range(of_command)]
        wrong += malformed.of_command(cases, Path(name), {**os.environ, "AIGINI_CACHE": "off"})
    return wrong


def main() -> int:
    """Run both, print what went wrong, write the JSON; 1 if anything did."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--configs", type=int, default=10_000)
    parser.add_argument("--configs-of-command", type=int, default=20, help="more of them, given to the command")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=600.0, help="the kills end after that time")
    parser.add_argument("--together", type=int, default=4, help="kills in a row before a run is left to end")
    parser.add_argument("--warm", action="store_true", help="the compilation cache is filled")
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "soak-cpu.json")
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    configurations = soak_configurations(asked.configs, asked.configs_of_command, rng)
    say(f"{asked.configs} configurations: {len(configurations)} tracebacks")
    for text in configurations:
        say(text)
    device = measure.Remote("device", malformed.Device)
    environment = measure.environment(device.call("found").value)
    device.close()
    given = {"configs": asked.configs, "kills": asked.kills, "seed": asked.seed, "minutes": asked.minutes}

    def record(tally: Tally, seconds: dict[str, float]) -> None:
        measure.write_json(
            asked.out,
            {
                "benchmark": "malformed configurations and kills at random moments",
                "arguments": given,
                "environment": environment,
                "configurations": {
                    "in process": asked.configs,
                    "in the command": asked.configs_of_command,
                    "tracebacks": len(configurations),
                },
                "kills": {
                    "total": tally.kills.total(),
                    "by command and signal": dict(sorted(tally.kills.items())),
                    "runs that had ended before their signal": tally.finished_first,
                    "resumed and compared": tally.resumed,
                    "seconds from signal to end": measure.summary(tally.seconds_to_end)
                    if tally.seconds_to_end
                    else None,
                    "seconds of a run left alone": seconds,
                    "tracebacks": len(tally.tracebacks),
                    "results lost": len(tally.lost),
                    "resumed runs that differ": len(tally.differing),
                    "temporary files left over": len(tally.leftovers),
                },
            },
        )

    commands = asked.commands.split(",")
    tally = soak_kills(
        commands, asked.kills, asked.minutes, rng, together=asked.together, warm=asked.warm, record=record
    )
    return 1 if configurations or _wrong(tally) else 0


if __name__ == "__main__":
    sys.exit(main())
