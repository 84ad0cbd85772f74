"""Make every committed result again, from a clean commit.

    python experiments/regenerate.py [NAME ...] [--data DIR] [--keep DIR] [--resume]

The commands of `RUNS` run one after the other in a clone of HEAD, so that what is written names a commit and no change
beside it; their results replace those under experiments/ when all of a run's files are there. Afterwards
`python experiments/findings.py --write` brings the README in line, and `tests/test_experiments.py` checks that it is.
"""

import argparse
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Run:
    """One committed run.

    Attributes:
        name: What it is called on the command line of this script.
        arguments: Of ``aigini``, without ``--out``; or of ``python`` where `script` is true.
        results: Files of the run folder that are committed.
        folder: Where they are committed, below experiments/.
        script: Whether it is a script of this repository, not a command of aigini.
        data: Whether it reads published data, the folder ``data`` of the checkout, which is not committed.
    """

    name: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    folder: str = "baseline"
    script: bool = False
    data: bool = False

    @property
    def command(self) -> str:
        """What a reader types."""
        program = "python" if self.script else "aigini"
        return " ".join((program, *self.arguments, "--out", f"runs/{self.name}"))


RUNS = (
    Run(
        "reproduce",
        ("reproduce",),
        ("calibration.json", "simulate.json", "simulate_at_estimates.json", "answer.json"),
    ),
    Run("sensitivity", ("sensitivity",), ("sensitivity.json",)),
    Run("sign", ("sign",), ("sign.json",)),
    Run("regimes", ("regimes", "--grid", "21"), ("regimes.json",)),
    Run("channels", ("channels",), ("channels.json",)),
    Run("policy", ("policy",), ("policy.json",)),
    Run("posterior", ("posterior",), ("posterior.json", "posterior.nc")),
    Run("beliefs", ("beliefs",), ("beliefs.json",)),
    Run(
        "unknown",
        ("posterior", "configs/belief_unknown.toml"),
        ("posterior.json", "posterior.nc"),
        folder="belief_unknown",
    ),
    Run(
        "oews",
        ("oews", "--data", "data"),
        ("oews.json", "oews.csv", "oews_surveys.json", "oews_surveys.csv"),
        folder="oews",
        data=True,
    ),
    Run("explore", ("explore", "--from", "experiments/baseline"), ("explore.json",), folder="explore"),
    Run("sbc", ("experiments/sbc.py",), ("sbc.json", "sbc.png"), folder="sbc", script=True),
)

DYNAMICS = (
    Run(
        "dynamics",
        (
            *("dynamics", "configs/two_regimes.toml", "--with", "bifurcations", "--with", "phases"),
            *("--with", "policy_timing", "--with", "firms"),
        ),
        ("dynamics.json", "bifurcations.json", "phases.json", "policy_timing.json", "firms.json"),
        folder="dynamics",
    ),
    Run(
        "lost",
        (
            *("dynamics", "configs/two_regimes.toml", "--with", "policy_timing"),
            *("--set", "dynamics.retool_speed=0.1"),
        ),
        ("dynamics.json", "policy_timing.json"),
        folder="dynamics_lost",
    ),
    Run("published", ("dynamics",), ("dynamics.json",), folder="dynamics_published"),
    Run(
        "yearly",
        (
            *("dynamics", "configs/two_regimes.toml", "--with", "yearly_channels"),
            *("--set", "population.n_workers=32768", "--set", "calibration.replications=4"),
        ),
        ("yearly_channels.json",),
        folder="dynamics_channels",
    ),
)
"""Runs of the dynamics, which are among the committed ones once their results are there."""

_QUICK = ("--set", "population.n_workers=32768", "--set", "calibration.replications=4")
_CES = ("--set", "model.technology=ces")
_RETURNS = ("--outcome", "education_return", "--outcome", "social_education_return")
VARIANTS = (
    Run("robustness", ("robustness",), ("robustness.json", "robustness.csv"), folder="robustness"),
    Run(
        "complements",
        (
            *("regimes", *_CES, *_QUICK, "--outcome", "m1", "--plane", "rho:-2:0.9,beta"),
            *("--before", "0.5", "--fixed-reach"),
        ),
        ("regimes.json",),
        folder="complements",
    ),
    Run(
        "two_skills",
        (
            *("regimes", "configs/two_skills.toml", *_RETURNS),
            *("--plane", "sigma:0.4:4,social_intensity:0.05:1", "--grid", "10"),
        ),
        ("regimes.json",),
        folder="two_skills",
    ),
)
"""Runs of variants, likewise."""

PANELS = (Run("design", ("design",), ("design.json", "design.csv"), folder="design"),)
"""Studies of panels, likewise."""

LATER = (*DYNAMICS, *VARIANTS, *PANELS)
RUNS = (*RUNS, *(run for run in LATER if (ROOT / "experiments" / run.folder / run.results[0]).exists()))
EVERY = tuple(dict.fromkeys((*RUNS, *LATER)))


def main() -> None:
    """Run what is asked for and copy the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(run.name for run in EVERY)}; all")
    parser.add_argument("--keep", type=Path, help="folder of the clone and its run folders; a temporary one by default")
    parser.add_argument(
        "--data", type=Path, help="folder of published files; runs that read them are left out without it"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the clone and the runs in --keep")
    asked = parser.parse_args()
    unknown = set(asked.names) - {run.name for run in EVERY}
    if unknown or (asked.resume and asked.keep is None):
        parser.error(f"no such run: {', '.join(sorted(unknown))}" if unknown else "--resume needs --keep")
    if without := [run.name for run in EVERY if run.data and run.name in asked.names and asked.data is None]:
        parser.error(f"{', '.join(without)} reads published files: give their folder with --data")
    changed = _git("status", "--porcelain", "--untracked-files=no")
    if changed:
        parser.error(f"the checkout differs from its commit; commit first:\n{changed}")
    with tempfile.TemporaryDirectory() as temporary:
        keep = (asked.keep or Path(temporary)).resolve()
        clone = keep / "clone"
        if not asked.resume:
            shutil.rmtree(clone, ignore_errors=True)
            _git("clone", "--quiet", str(ROOT), str(clone))
        if asked.data is not None and not (clone / "data").exists():
            (clone / "data").symlink_to(asked.data.resolve(), target_is_directory=True)
        for run in EVERY:
            if run.data and asked.data is None:
                continue
            if not asked.names or run.name in asked.names:
                perform(run, clone, resume=asked.resume)


def perform(run: Run, clone: Path, *, resume: bool) -> None:
    """Run one command in the clone and copy its results into the checkout.

    Raises:
        SystemExit: if the command fails, or does not write what it should.
    """
    # The command line is recorded in the results: it is to be the one that a reader types.
    out = clone / "runs" / run.name
    program = [sys.executable] if run.script else [sys.executable, "-m", "aigini.cli"]
    again = ["--resume"] if resume and out.exists() else []
    command = [*program, *run.arguments, "--out", f"runs/{run.name}", *again]
    print(f"{run.command}", flush=True)
    start = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(clone)}
    done = subprocess.run(command, cwd=clone, env=environment, stdout=subprocess.DEVNULL)
    missing = [name for name in run.results if not (out / name).exists()]
    if done.returncode or missing:
        raise SystemExit(f"{run.command}: exit code {done.returncode}, missing files: {', '.join(missing) or 'none'}")
    target = ROOT / "experiments" / run.folder
    target.mkdir(parents=True, exist_ok=True)
    for name in run.results:
        shutil.copyfile(out / name, target / name)
    print(f"  {time.perf_counter() - start:.0f} s", flush=True)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
