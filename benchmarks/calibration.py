"""Baseline calibration from one start: aigini's two stages, each stage alone, Nelder-Mead, estimagic.

All start from the first point of the baseline's space-filling design and minimise the same objective in the same
unconstrained coordinates, each in a process of its own:

* two_stages: what aigini does, Adam and then a trust region (Levenberg-Marquardt) on the exact Jacobian;
* levenberg_marquardt: the second stage alone;
* adam: the first stage alone, with --adam-steps iterations;
* nelder_mead: scipy.optimize.minimize(method="Nelder-Mead", adaptive=True) on the jitted objective, with at most
  --evaluations of it;
* nelder_mead_restarted: the same, but started anew from where it stopped until the targets are met or the
  evaluations are spent, the usual remedy for a simplex that has collapsed away from a minimum;
* estimagic_lbfgsb, estimagic_ls: estimagic.estimate_msm on the same jitted simulator, with numerical derivatives and
  the algorithm of its documentation's first example, and with SciPy's least squares (left out where not installed).

Every evaluation of the objective reports its value to the host when it is done, which gives the time and the
number of evaluations until the objective first falls below a value. Repeats of the methods are interleaved.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import math
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import measure
import numpy as np
from measure import Reading, Remote, say

FITTED = 1e-6
"""Objective at which the six targets are met to a thousandth of their standard errors."""

DECADES = tuple(10.0**power for power in range(2, -13, -1))
"""Values of the objective for which the time of first falling below is recorded."""

NOISE = 1e-12
"""Objective at which Adam stops and Nelder-Mead sees no difference: float32 workers resolve no less."""

STEP_NOISE = 1e-6
"""Size of the simplex, in logs or log odds of the parameters, at which Nelder-Mead has converged."""

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Outcome:
    """One run of a method.

    Attributes:
        point: Where it ended, unconstrained.
        stopped: Why it ended.
        evaluations: Evaluations of the objective, by what was computed with it.
        trace: Seconds since the start of the run and value of the objective, at every evaluation.
    """

    point: np.ndarray
    stopped: str
    evaluations: dict[str, int]
    trace: list[tuple[float, float]]


class Method:
    """The problem and its start, in the process of one method."""

    def __init__(self, workers: int, precision: str = "float32") -> None:
        import jax

        jax.config.update("jax_enable_x64", True)

        import aigini
        from aigini.commands.calibrate import posed
        from aigini.estimation.problem import Problem

        log: list[tuple[float, float]] = []

        class Watched(Problem):
            """The problem, which reports when its residual has been evaluated, with or without the Jacobian."""

            def residual(self, point: jax.Array) -> jax.Array:
                residual = super().residual(point)
                jax.debug.callback(
                    lambda value: log.append((time.perf_counter(), float(value))), jax.numpy.sum(residual**2)
                )
                return residual

            def moments_and_jacobian(self, natural: jax.Array) -> tuple[jax.Array, jax.Array]:
                moments, matrix = super().moments_and_jacobian(natural)
                residual = self.root.T @ (moments - self.target)
                jax.debug.callback(
                    lambda value: log.append((time.perf_counter(), float(value))), jax.numpy.sum(residual**2)
                )
                return moments, matrix

        self._config = aigini.load(None, {"population.n_workers": workers, "population.precision": precision})
        plain, starts = posed(self._config)
        self._log = log
        self._problem = Watched(**{name: getattr(plain, name) for name in Problem.__dataclass_fields__})
        self._starts = starts[:1]
        self._objective = jax.jit(lambda problem, point: problem.objective(point))

    def describe(self) -> dict[str, Any]:
        """The problem, the start and the settings of the two stages."""
        config, names = self._config, self._problem.space.names
        return {
            "free": list(names),
            "targets": {name: {"value": target.value, "se": target.se} for name, target in config.targets.items()},
            "start": dict(zip(names, self._starts[0].tolist(), strict=True)),
            "objective_at_start": self.objective(self._unconstrained()),
            "population": dict(config.population),
            "optimizer": config.descent.optimizer,
            "learning_rate": config.descent.learning_rate,
            "descent_steps": config.descent.steps,
            "descent_tolerance": config.descent.tolerance,
            "polish_steps": config.polish.steps,
            "polish_tolerance": config.polish.tolerance,
            "block": config.descent.block,
        }

    def device(self) -> dict[str, Any]:
        """The device JAX computes on."""
        return measure.device()

    def objective(self, point: np.ndarray) -> float:
        """The objective at an unconstrained point; infinite where it is not a number."""
        value = float(self._objective(self._problem, point))
        return value if math.isfinite(value) else math.inf

    def natural(self, point: np.ndarray) -> dict[str, float]:
        """Parameters at an unconstrained point."""
        import jax

        space = self._problem.space
        return dict(zip(space.names, np.asarray(space.natural(jax.numpy.asarray(point))).tolist(), strict=True))

    def compile(self) -> float:
        """Compile whatever the method runs; seconds it took, from a first and a second call that do the same."""
        raise NotImplementedError

    def run(self) -> Outcome:
        """Minimise from the start."""
        raise NotImplementedError

    def _unconstrained(self) -> np.ndarray:
        return np.asarray(self._problem.space.unconstrained(self._starts[0]))

    def _begin(self) -> float:
        self._log.clear()
        return time.perf_counter()

    def _trace(self, began: float) -> list[tuple[float, float]]:
        import jax

        jax.effects_barrier()
        return [(when - began, value) for when, value in self._log]


class Gradient(Method):
    """aigini's estimator with one start; a stage of no steps is left out."""

    def __init__(self, workers: int, descent: Mapping[str, Any], polish: Mapping[str, Any]) -> None:
        super().__init__(workers)
        import dataclasses

        self._descent = dataclasses.replace(self._config.descent, **descent)
        self._polish = dataclasses.replace(self._config.polish, **polish)

    def compile(self) -> float:
        """Two whole runs; what the first takes longer is compilation."""
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            self.run()
            seconds.append(time.perf_counter() - began)
        return seconds[0] - seconds[1]

    def run(self) -> Outcome:
        """Minimise from the start."""
        from aigini.estimation import msm

        began = self._begin()
        progress = msm.begin(self._problem, self._starts, self._descent, self._polish)
        rounds = 0
        while int(progress.stage) != msm.DONE:
            rounds += int(progress.stage) == msm.POLISH
            progress = msm.advance(self._problem, progress, self._descent, self._polish)
        trace = self._trace(began)
        descended = int(progress.descended)
        evaluations = {"with_gradient": descended, "with_jacobian": len(trace) - descended}
        if rounds:
            stopped = "converged" if progress.searches.ended.all() else "out of steps"
        else:
            stopped = "below its tolerance" if progress.best < self._descent.tolerance else "out of steps"
        return Outcome(progress.searches.point.coordinates[0], stopped, evaluations, trace)


class NelderMead(Method):
    """SciPy's simplex method on the jitted objective."""

    def __init__(self, workers: int, evaluations: int, restart: bool) -> None:
        super().__init__(workers)
        self._budget, self._restart = evaluations, restart

    def compile(self) -> float:
        """Two evaluations of the objective; what the first takes longer is compilation."""
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            self.objective(self._unconstrained())
            seconds.append(time.perf_counter() - began)
        return seconds[0] - seconds[1]

    def run(self) -> Outcome:
        """Minimise from the start."""
        from scipy.optimize import minimize

        began = self._begin()
        point, spent, runs = self._unconstrained(), 0, 0
        while True:
            left = self._budget - spent
            options = {"adaptive": True, "maxfev": left, "maxiter": left, "xatol": STEP_NOISE, "fatol": NOISE}
            found = minimize(self.objective, point, method="Nelder-Mead", options=options)
            point, spent, runs = np.asarray(found.x), spent + int(found.nfev), runs + 1
            if not (self._restart and found.success and found.fun > FITTED and spent < self._budget):
                break
        stopped = "converged" if found.success else f"out of evaluations ({self._budget})"
        if runs > 1:
            stopped += f", {runs} runs"
        return Outcome(point, stopped, {"value_only": spent}, self._trace(began))


class Estimagic(Method):
    """estimagic's estimate_msm with its numerical derivatives, on the jitted simulator.

    Workers are float64: numerical derivatives of float32 workers are noise at the steps of its defaults.
    """

    def __init__(self, workers: int, algorithm: str) -> None:
        super().__init__(workers, "float64")
        import jax

        self._algorithm = algorithm
        self._residual = jax.jit(lambda problem, point: problem.residual(point))
        self._targets = [(target.value, target.se) for target in self._config.targets.values()]

    def moments(self, point: np.ndarray) -> np.ndarray:
        """Simulated moments at an unconstrained point."""
        values, errors = np.array(self._targets).T
        return values + errors * np.asarray(self._residual(self._problem, point))

    def compile(self) -> float:
        """Two evaluations of the moments; what the first takes longer is compilation."""
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            self.moments(self._unconstrained())
            seconds.append(time.perf_counter() - began)
        return seconds[0] - seconds[1]

    def run(self) -> Outcome:
        """Minimise from the start; standard errors, which estimate_msm computes on demand, are not asked for."""
        import estimagic

        values, errors = np.array(self._targets).T
        began = self._begin()
        found = estimagic.estimate_msm(
            simulate_moments=self.moments,
            empirical_moments=values,
            moments_cov=np.diag(errors**2),
            params=self._unconstrained(),
            optimize_options={"algorithm": self._algorithm},
            weights="diagonal",
        )
        trace = self._trace(began)
        # After the search it differentiates the moments numerically once more, for standard errors.
        result = found.optimize_result
        stopped = str(result.message) if result else ""
        return Outcome(np.asarray(found.params), stopped, {"value_only": len(trace)}, trace)


DESCRIPTIONS = {
    "two_stages": "aigini: Adam, then a trust region on the exact Jacobian",
    "levenberg_marquardt": "the second stage alone",
    "adam": "the first stage alone, with more steps",
    "estimagic_lbfgsb": "estimagic.estimate_msm, scipy_lbfgsb, numerical derivatives, the same simulator in float64",
    "estimagic_ls": "the same with algorithm scipy_ls_trf",
    "nelder_mead": "scipy.optimize.minimize, Nelder-Mead, adaptive, on the same jitted objective",
    "nelder_mead_restarted": "the same, restarted from where it stops until the targets are met",
}


class Measured:
    """A method in its process, with everything read from it so far."""

    def __init__(self, name: str, build: Callable[..., Method], *arguments: Any) -> None:
        self.name = name
        self.remote = Remote(name, build, *arguments)
        self.readings: list[Reading] = []
        self.compile_s = 0.0
        self.objective = math.inf
        self.estimates: dict[str, float] = {}

    def compile(self) -> None:
        """Compile, and remember how long it took."""
        self.compile_s = self.remote.call("compile").value
        say(f"  {self.name}: compiled in {self.compile_s:.1f} s")

    def run(self) -> None:
        """Run once."""
        reading = self.remote.call("run")
        self.readings.append(reading)
        self.objective = self.remote.call("objective", self.outcome.point).value
        self.estimates = self.remote.call("natural", self.outcome.point).value
        say(f"  {self.name}: {self.objective:.2e} in {reading.seconds:.2f} s, {self.outcome.stopped}")

    @property
    def outcome(self) -> Outcome:
        """The last run; they are all alike but for time."""
        return self.readings[-1].value

    @property
    def evaluations(self) -> int:
        """Evaluations of the objective, of all kinds."""
        return sum(self.outcome.evaluations.values())

    @property
    def seconds(self) -> list[float]:
        """Seconds of every run."""
        return [reading.seconds for reading in self.readings]

    def first_below(self, value: float) -> dict[str, Any] | None:
        """Seconds (every run) and evaluations until the objective is `value` or less; None if it never is."""
        firsts = []
        for reading in self.readings:
            trace = reading.value.trace
            first = next((i for i, (_, objective) in enumerate(trace) if objective <= value), None)
            if first is None:
                return None
            firsts.append((trace[first][0], first + 1))
        return {"seconds": [when for when, _ in firsts], "evaluations": firsts[-1][1]}

    def record(self, nelder_mead_ended: float) -> dict[str, Any]:
        """Everything measured."""

        def below(value: float) -> dict[str, Any] | None:
            found = self.first_below(value)
            return None if found is None else found | {"seconds": measure.summary(found["seconds"])}

        return {
            "description": DESCRIPTIONS[self.name],
            "objective": self.objective,
            "stopped": self.outcome.stopped,
            "estimates": self.estimates,
            "compile_s": self.compile_s,
            "seconds": measure.summary(self.seconds),
            "cpu_seconds": measure.summary([reading.cpu_seconds for reading in self.readings]),
            "evaluations": self.outcome.evaluations | {"all": self.evaluations},
            "first_below_fitted": below(FITTED),
            "first_below_where_nelder_mead_ended": below(nelder_mead_ended),
            "first_below": [{"objective": value, "reached": below(value)} for value in DECADES],
        }


def ratios(methods: Mapping[str, Measured]) -> dict[str, Any]:
    """How many times longer alternatives take than aigini's stages; null where one of the two never gets there."""
    simplexes = {name: method for name, method in methods.items() if name.startswith(("nelder_mead", "estimagic"))}
    return {
        f"{slow.name} / {fast.name}": {
            "whole_run": {
                "time": measure.ratio(slow.seconds, fast.seconds),
                "time_with_compile": _with_compile(slow, slow.seconds, fast, fast.seconds),
                "evaluations": slow.evaluations / fast.evaluations,
            },
            "to_fitted": _ratio_below(slow, fast, FITTED),
            "to_where_nelder_mead_ended": _ratio_below(slow, fast, slow.objective),
        }
        for slow in simplexes.values()
        for name, fast in methods.items()
        if name not in simplexes
    }


def _ratio_below(slow: Measured, fast: Measured, value: float) -> dict[str, Any] | None:
    one, other = slow.first_below(value), fast.first_below(value)
    if one is None or other is None:
        return None
    return {
        "time": measure.ratio(one["seconds"], other["seconds"]),
        "time_with_compile": _with_compile(slow, one["seconds"], fast, other["seconds"]),
        "evaluations": one["evaluations"] / other["evaluations"],
    }


def _with_compile(
    slow: Measured, slow_seconds: Sequence[float], fast: Measured, fast_seconds: Sequence[float]
) -> dict[str, float]:
    return measure.ratio(
        [slow.compile_s + seconds for seconds in slow_seconds],
        [fast.compile_s + seconds for seconds in fast_seconds],
    )


def _methods_table(methods: Mapping[str, Measured]) -> str:
    rows = []
    for name, method in methods.items():
        fitted = method.first_below(FITTED)
        kinds = method.outcome.evaluations
        found = measure.summary(method.seconds)
        rows.append(
            [
                name,
                f"{method.objective:.1e}",
                f"{method.compile_s:.1f}",
                f"{found['median']:.2f} ({found['min']:.2f} to {found['max']:.2f})",
                str(kinds.get("value_only", 0)),
                str(kinds.get("with_gradient", 0)),
                str(kinds.get("with_jacobian", 0)),
                f"{statistics.median(fitted['seconds']):.2f}" if fitted else "never",
                method.outcome.stopped,
            ]
        )
    header = ["method", "objective", "compile s", "run s", "values", "gradients", "Jacobians", f"s to {FITTED:g}"]
    return measure.table([*header, "stopped"], rows)


def _ratios_table(found: Mapping[str, Any]) -> str:
    def shown(entry: Mapping[str, Any] | None) -> list[str]:
        if entry is None:
            return ["-", "-", "-"]
        parts = (entry["time"]["median"], entry["time_with_compile"]["median"], entry["evaluations"])
        return [f"{part:.3g}" for part in parts]

    rows = [[f"{name}, {what}", *shown(entry)] for name, entries in found.items() for what, entry in entries.items()]
    return measure.table(["ratio", "time", "time with compile", "evaluations"], rows)


def main() -> None:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=1 << 16)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--evaluations", type=int, default=4000, help="that Nelder-Mead may spend")
    parser.add_argument("--adam-steps", type=int, default=400, help="of Adam alone")
    parser.add_argument("--out", type=Path, help="benchmarks/results/calibration-PLATFORM.json by default")
    arguments = parser.parse_args()
    if min(arguments.repeats, arguments.evaluations, arguments.adam_steps) < 1:
        parser.error("--repeats, --evaluations and --adam-steps must be at least 1.")

    measure.set_environment()
    size = arguments.workers
    alone = {"steps": arguments.adam_steps, "tolerance": NOISE}
    say("posing the problem, in a process for each method")
    methods = {
        method.name: method
        for method in (
            Measured("two_stages", Gradient, size, {}, {}),
            Measured("levenberg_marquardt", Gradient, size, {"steps": 0}, {}),
            Measured("adam", Gradient, size, alone, {"steps": 0}),
            Measured("nelder_mead", NelderMead, size, arguments.evaluations, False),
            Measured("nelder_mead_restarted", NelderMead, size, arguments.evaluations, True),
        )
    }
    if importlib.util.find_spec("estimagic"):
        for name, algorithm in (("estimagic_lbfgsb", "scipy_lbfgsb"), ("estimagic_ls", "scipy_ls_trf")):
            methods[name] = Measured(name, Estimagic, size, algorithm)
    else:
        say("estimagic is not installed, so it is not measured")
    simplex = methods["nelder_mead"]
    record = measure.environment(simplex.remote.call("device").value)
    if "estimagic_ls" in methods:  # a package of optimagic's distribution
        record["versions"]["optimagic"] = importlib.metadata.version("optimagic")
    say("compiling, one process at a time")
    for method in methods.values():
        method.compile()
    for repeat in range(arguments.repeats):
        say(f"repeat {repeat + 1} of {arguments.repeats}")
        for method in methods.values():
            method.run()
    problem = simplex.remote.call("describe").value
    for method in methods.values():
        method.remote.close()

    found = ratios(methods)
    content = {
        "benchmark": "baseline calibration from the first point of the space-filling design",
        "arguments": {name: value for name, value in vars(arguments).items() if name != "out"},
        "environment": record,
        "order": "compiled one after the other; then repeats interleaved in the order given, one at a time",
        "problem": problem,
        "fitted": FITTED,
        "methods": {name: method.record(simplex.objective) for name, method in methods.items()},
        "ratios": found,
    }
    out = arguments.out or RESULTS / f"calibration-{record['device']['platform']}.json"
    measure.write_json(out, content)
    say()
    say(f"objective at the start {problem['objective_at_start']:.3g}, {size} workers")
    say(_methods_table(methods))
    say()
    say(_ratios_table(found))
    say(f"written: {out.name}")


if __name__ == "__main__":
    sys.exit(main())
