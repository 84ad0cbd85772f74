"""Six moments and their Jacobian: exact, by plain autodiff in JAX and PyTorch, and by differences, in one run.

Ways to get the 6 x 31 matrix of derivatives of the moments in all parameters, at the baseline, on the same draws,
each in a process of its own:

* exact: aigini's values and Jacobian from one compiled program, workers in --precision;
* reverse: the same Jacobian by plain reverse mode, for comparison;
* sorted: sorted_model.py, aigini's economy without streaming or histogram, reverse mode through a sort;
* torch: torch_model.py, the same in PyTorch, where that is installed;
* exact_float64: as exact, with workers in float64 (where --precision is float32);
* jax_differences: aigini's moments, jitted, with float64 workers, two evaluations for each parameter;
* numpy_differences: the independent model of numpy_model.py, float64 NumPy, the same two evaluations;
* numba_differences: numba_model.py, its workers in compiled loops on all cores, where Numba is installed.

Repeats are interleaved. No ratio is reported unless all matrices agree.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import itertools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import measure
import numpy as np
import numpy_model
from measure import Reading, Remote, say

AGREEMENT = 1e-3
"""Largest difference of two Jacobians that agree, relative to the largest element of the row."""

RELATIVE_STEP = 1e-5
"""Step of both central differences, relative to the parameter."""

RESULTS = Path(__file__).resolve().parent / "results"


class JaxProgram:
    """A process with aigini and its population, where one program is compiled and run."""

    def __init__(self, workers: int, firms: int, precision: str) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)

        import aigini

        self._params = aigini.Parameters()
        self._sizes = {"n_workers": workers, "n_firms": firms, "precision": precision}
        jax.block_until_ready(jax.numpy.zeros(()))  # the backend belongs to the empty process

    def rest(self) -> None:
        """Nothing; its reading is what the process holds anyway."""

    def populate(self) -> None:
        """Draw the population."""
        import jax

        import aigini

        self._population = jax.block_until_ready(aigini.draw_population(**self._sizes))

    def device_peak(self) -> float | None:
        """Peak memory on the accelerator, None on a CPU."""
        return measure.device_peak_mib()


class Forward(JaxProgram):
    """The six moments, and what can be made of them alone: derivatives by central differences."""

    def compile(self) -> dict[str, float]:
        """Compile the six moments."""
        from aigini import six_moments

        self._moments, seconds = measure.compile_timed(six_moments, self._params, self._population)
        return seconds

    def value(self) -> np.ndarray:
        """The six moments."""
        return np.asarray(self._moments(self._params, self._population))

    def jacobian(self) -> tuple[np.ndarray, np.ndarray]:
        """Moments, and their derivatives by central differences with the steps of the NumPy model."""
        columns = []
        for name, value in self._params.as_dict().items():
            step = RELATIVE_STEP * (abs(value) or 1.0)
            above, below = value + step, value - step
            high, low = (
                np.asarray(self._moments(self._params.replace(**{name: moved}), self._population))
                for moved in (np.float64(above), np.float64(below))
            )
            columns.append((high - low) / (above - below))
        return self.value(), np.stack(columns, axis=1)


class Exact(JaxProgram):
    """The six moments and their exact Jacobian from one program."""

    def compile(self) -> dict[str, float]:
        """Compile moments and Jacobian, differentiated from both ends."""
        import jax
        import jax.numpy as jnp

        from aigini import Parameters, Population
        from aigini.parameters import PARAMETER_NAMES
        from aigini.statistics.moments import moments_and_jacobian

        def place(vector: jax.Array) -> Parameters:
            return Parameters(**dict(zip(PARAMETER_NAMES, vector, strict=True)))

        def program(vector: jax.Array, population: Population) -> tuple[jax.Array, jax.Array]:
            return moments_and_jacobian(vector, place, population)

        self._vector = jnp.asarray(list(self._params.as_dict().values()))
        self._program, seconds = measure.compile_timed(program, self._vector, self._population)
        return seconds

    def jacobian(self) -> tuple[np.ndarray, np.ndarray]:
        """Moments and derivatives."""
        moments, matrix = self._program(self._vector, self._population)
        return np.asarray(moments), np.asarray(matrix)


class Reverse(JaxProgram):
    """The six moments and their exact Jacobian by plain reverse mode."""

    def compile(self) -> dict[str, float]:
        """Compile moments and Jacobian; the moments are a by-product of the Jacobian's forward pass."""
        import jax

        from aigini import Parameters, Population, six_moments

        def twice(params: Parameters, population: Population) -> tuple[jax.Array, jax.Array]:
            moments = six_moments(params, population)
            return moments, moments

        program = jax.jacrev(twice, has_aux=True)
        self._program, seconds = measure.compile_timed(program, self._params, self._population)
        return seconds

    def jacobian(self) -> tuple[np.ndarray, np.ndarray]:
        """Moments and derivatives."""
        from aigini.parameters import PARAMETER_NAMES

        jacobian, moments = self._program(self._params, self._population)
        columns = [np.asarray(getattr(jacobian, name)) for name in PARAMETER_NAMES]
        return np.asarray(moments), np.stack(columns, axis=1)


class Sorted(JaxProgram):
    """The six moments of all workers at once and their Jacobian by reverse mode through a sort."""

    def compile(self) -> dict[str, float]:
        """Compile moments and Jacobian."""
        from sorted_model import moments_and_jacobian_sorted

        self._program, seconds = measure.compile_timed(moments_and_jacobian_sorted, self._params, self._population)
        return seconds

    def jacobian(self) -> tuple[np.ndarray, np.ndarray]:
        """Moments and derivatives."""
        moments, matrix = self._program(self._params, self._population)
        return np.asarray(moments), np.asarray(matrix)


class Draws(JaxProgram):
    """The draws for the NumPy model, made in a process of its own to weigh on no method's memory."""

    def device(self) -> dict[str, Any]:
        """The device JAX computes on."""
        return measure.device()

    def baseline(self) -> dict[str, float]:
        """Baseline parameters in the order of the columns."""
        return self._params.as_dict()

    def arrays(self) -> numpy_model.NumpyPopulation:
        """The same workers and firms as NumPy arrays, without the padding of rows."""
        population = self._population
        width = population.workers.firm.shape[1]
        real = np.arange(width)[None, :] < np.asarray(population.count)[:, None]

        def flat(values: Any) -> np.ndarray:
            return np.asarray(values)[real]

        workers = population.workers
        count = np.asarray(population.count)
        return numpy_model.NumpyPopulation(
            occupation=np.repeat(np.asarray(population.occupation), count).astype(np.intp),
            firm=flat(workers.firm).astype(np.intp),
            owner_firm=flat(workers.owner_firm).astype(np.intp),
            firm_score=flat(workers.firm_score),
            ability=flat(workers.ability),
            schooling_cost=flat(workers.cost),
            work_sample=flat(workers.work_sample),
            credential=flat(workers.credential),
            ownership=flat(workers.ownership),
            weight=flat(workers.weight),
            firm_shocks=np.asarray(population.firm_shocks),
        )


class NumpyDifferences:
    """The NumPy model and its central differences; nothing is computed by JAX here."""

    def __init__(self, params: Mapping[str, float]) -> None:
        self._params = dict(params)

    def rest(self) -> None:
        """Nothing; its reading is what the process holds anyway."""

    def populate(self, population: numpy_model.NumpyPopulation) -> None:
        """Take the draws."""
        self._population = population

    def value(self) -> np.ndarray:
        """The six moments."""
        return numpy_model.moments(self._params, self._population)

    def jacobian(self) -> tuple[np.ndarray, np.ndarray]:
        """Moments and their derivatives by central differences."""
        jacobian = numpy_model.central_difference_jacobian(
            self._params, self._population, list(self._params), relative_step=RELATIVE_STEP
        )
        return self.value(), jacobian

    def device_peak(self) -> None:
        """Nothing is on an accelerator."""


class NumbaDifferences(NumpyDifferences):
    """The NumPy model with compiled loops over workers, and its central differences."""

    def __init__(self, params: Mapping[str, float]) -> None:
        _wait_passively()
        super().__init__(params)
        import numba_model

        self._model = numba_model

    def compile(self) -> dict[str, float]:
        """Compile the loops."""
        return _first_less_second(self.value)

    def value(self) -> np.ndarray:
        """The six moments."""
        return self._model.moments(self._params, self._population)

    def jacobian(self) -> tuple[np.ndarray, np.ndarray]:
        """Moments and their derivatives by central differences."""
        jacobian = self._model.central_difference_jacobian(
            self._params, self._population, list(self._params), relative_step=RELATIVE_STEP
        )
        return self.value(), jacobian


class Torch:
    """The PyTorch model and its Jacobian by reverse mode; compiled by PyTorch where there is a C++ compiler."""

    def __init__(self, params: Mapping[str, float], precision: str, platform: str) -> None:
        _wait_passively()
        # What earlier runs compiled must not shorten this one's compile time.
        self._cache = tempfile.TemporaryDirectory()
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = self._cache.name
        import torch  # pyright: ignore[reportMissingImports]
        import torch_model

        self._params, self._torch, self._model = dict(params), torch, torch_model
        self._dtype = getattr(torch, precision)
        self._device = "cuda" if platform in ("gpu", "cuda") and torch.cuda.is_available() else "cpu"
        compiler = shutil.which(os.environ.get("CXX", "g++"))
        self._statistics = torch_model.compiled() if compiler else torch_model.worker_statistics

    def rest(self) -> None:
        """Nothing; its reading is what the process holds anyway."""

    def populate(self, population: numpy_model.NumpyPopulation) -> None:
        """Take the draws."""
        self._population = self._model.convert(population, self._dtype, self._device)

    def compile(self) -> dict[str, float]:
        """Compile forward and backward pass over workers."""
        return _first_less_second(self.jacobian)

    def jacobian(self) -> tuple[np.ndarray, np.ndarray]:
        """Moments and derivatives."""
        return self._model.moments_and_jacobian(self._params, self._population, self._statistics)

    def device_peak(self) -> float | None:
        """Peak memory on the accelerator, None on a CPU."""
        return self._torch.cuda.max_memory_allocated() / measure.MIB**2 if self._device == "cuda" else None


def _wait_passively() -> None:
    """Let idle threads of PyTorch and Numba sleep: where others use the cores, threads that spin take turns."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _first_less_second(run: Callable[[], Any]) -> dict[str, float]:
    """What a first call takes longer than a second, where compiling cannot be had by itself."""
    clock = [time.perf_counter()]
    for _ in range(2):
        run()
        clock.append(time.perf_counter())
    return {"total_s": max(clock[1] - clock[0] - (clock[2] - clock[1]), 0.0)}


DESCRIPTIONS = {
    "forward": "aigini.six_moments, jitted",
    "exact": "aigini.statistics.moments.moments_and_jacobian, jitted: reverse and forward mode meeting at each worker",
    "reverse": "jax.jacrev of aigini.six_moments, jitted",
    "sorted": "sorted_model: all workers at once, Gini by jnp.sort, jax.jacrev, jitted",
    "torch": "torch_model: PyTorch, Gini by torch.sort, torch.compile with a C++ compiler, 6 backward passes",
    "exact_float64": "as exact, with workers in float64",
    "jax_differences": "aigini.six_moments, jitted, central differences: 2 x 31 + 1 evaluations",
    "numpy_differences": "numpy_model, vectorised float64 NumPy, central differences: 2 x 31 + 1 evaluations",
    "numba_differences": "numba_model, its workers in Numba on all cores, central differences: 2 x 31 + 1 evaluations",
}

MATRICES = ("exact", "reverse", "sorted", "torch", "exact_float64")
"""Methods that have no value by itself."""

DIFFERENCES = ("jax_differences", "numpy_differences", "numba_differences")
"""Methods that evaluate the moments twice for each parameter."""


class Method:
    """A method in its process, with everything read from it so far."""

    def __init__(self, name: str, precision: str, build: Callable[..., Any], *arguments: Any) -> None:
        self.name, self.precision = name, precision
        self.remote = Remote(name, build, *arguments)
        self.compile_s: dict[str, float] | None = None
        self.readings: dict[str, list[Reading]] = {"value": [], "jacobian": []}
        self.peaks = {"empty": self.remote.call("rest").peak_mib}

    def populate(self, *arguments: Any) -> None:
        """Draw or take the population."""
        self.peaks["populate"] = self.remote.call("populate", *arguments).peak_mib
        self.peaks["population_held"] = self.remote.call("rest").peak_mib

    def compile(self) -> None:
        """Compile, and remember how long it took."""
        reading = self.remote.call("compile")
        self.compile_s, self.peaks["compile"] = reading.value, reading.peak_mib
        say(f"  {self.name}: compiled in {reading.value['total_s']:.1f} s")

    def run(self, what: str, *, count: bool = True) -> None:
        """Run once; `count` is False for the first, warming call, of which only the peak is kept."""
        reading = self.remote.call(what)
        self.peaks["run"] = max(self.peaks.get("run", 0.0), reading.peak_mib)
        if count:
            self.readings[what].append(reading)
            say(f"  {self.name}: {what} in {reading.seconds:.3f} s")

    def seconds(self, what: str) -> list[float]:
        """Seconds of all counted runs."""
        return [reading.seconds for reading in self.readings[what]]

    def result(self, what: str) -> Any:
        """What the last run returned."""
        return self.readings[what][-1].value

    @property
    def above_empty(self) -> dict[str, float]:
        """Peaks above the empty process, MiB: while compiling, while running, and the larger of the two."""
        phases = [phase for phase in ("compile", "run") if phase in self.peaks]
        found = {phase: self.peaks[phase] - self.peaks["empty"] for phase in phases}
        return found | {"largest": max(found.values())}

    def record(self) -> dict[str, Any]:
        """Everything measured."""
        times = {
            what: {
                "seconds": measure.summary([reading.seconds for reading in readings]),
                "cpu_seconds": measure.summary([reading.cpu_seconds for reading in readings]),
            }
            for what, readings in self.readings.items()
            if readings
        }
        return {
            "description": DESCRIPTIONS[self.name],
            "precision": self.precision,
            "compile_s": self.compile_s,
            **times,
            "peak_mib": self.peaks,
            "peak_above_empty_mib": self.above_empty,
            "device_peak_mib": self.remote.call("device_peak").value,
        }


def prepare(arguments: argparse.Namespace) -> tuple[dict[str, Method], dict[str, Any], tuple[str, ...]]:
    """All methods, compiled and warm, the record of the machine, and the names of the parameters."""
    sizes = (arguments.workers, arguments.firms)
    say("drawing the population of the NumPy model")
    draws = Remote("draws", Draws, *sizes, "float64")
    record = measure.environment(draws.call("device").value)
    params = draws.call("baseline").value
    if params != numpy_model.BASELINE:
        raise SystemExit("aigini and numpy_model have different baselines; make them the same first.")
    draws.call("populate")
    arrays = draws.call("arrays").value
    draws.close()

    methods = [
        Method("forward", arguments.precision, Forward, *sizes, arguments.precision),
        Method("exact", arguments.precision, Exact, *sizes, arguments.precision),
    ]
    methods.append(Method("reverse", arguments.precision, Reverse, *sizes, arguments.precision))
    methods.append(Method("sorted", arguments.precision, Sorted, *sizes, arguments.precision))
    if arguments.precision != "float64":
        methods.append(Method("exact_float64", "float64", Exact, *sizes, "float64"))
    methods.append(Method("jax_differences", "float64", Forward, *sizes, "float64"))
    say("compiling, one process at a time")
    for method in methods:
        method.populate()
        method.compile()
    methods.append(Method("numpy_differences", "float64", NumpyDifferences, params))
    methods[-1].populate(arrays)
    if _installed("torch", record):
        platform = record["device"]["platform"]
        methods.append(Method("torch", arguments.precision, Torch, params, arguments.precision, platform))
        methods[-1].populate(arrays)
        methods[-1].compile()
    if _installed("numba", record):
        methods.append(Method("numba_differences", "float64", NumbaDifferences, params))
        methods[-1].populate(arrays)
        methods[-1].compile()
    for method in methods:
        method.run("jacobian" if method.name in MATRICES else "value", count=False)
    return {method.name: method for method in methods}, record, tuple(params)


def _installed(package: str, record: dict[str, Any]) -> bool:
    """Whether an optional package is there; its version goes into the record."""
    if importlib.util.find_spec(package) is None:
        say(f"  {package} is not installed: its method is skipped")
        return False
    record["versions"][package] = importlib.metadata.version(package)
    return True


def measure_all(methods: Mapping[str, Method], repeats: int, numpy_repeats: int) -> None:
    """Run everything, one repeat of every method after the other."""
    for repeat in range(repeats):
        say(f"repeat {repeat + 1} of {repeats}")
        for name, method in methods.items():
            if name not in MATRICES:
                method.run("value")
            few = name in ("numpy_differences", "numba_differences")
            if name != "forward" and (not few or repeat < numpy_repeats):
                method.run("jacobian")


def agreement(methods: Mapping[str, Method], names: Sequence[str]) -> dict[str, Any]:
    """Largest differences of Jacobians, as shares of the row's largest element, and of moments, by pair."""
    matrices = {name: method.result("jacobian") for name, method in methods.items() if name != "forward"}
    found = {}
    for one, other in itertools.combinations(matrices, 2):
        (value, jacobian), (other_value, other_jacobian) = matrices[one], matrices[other]
        scale = np.max(np.abs(other_jacobian), axis=1, keepdims=True)
        distance = np.abs(jacobian - other_jacobian) / scale
        # NaN compares false with everything, so a matrix with one never agrees.
        agreed = bool(np.all(distance <= AGREEMENT))
        found[f"{one} / {other}"] = {
            "agreed": agreed,
            "jacobian_rows": _by_moment(np.max(distance, axis=1).tolist()),
            "parameter_of_largest": _by_moment([names[i] for i in np.argmax(distance, axis=1)]),
            "moments_absolute": _by_moment(np.abs(value - other_value).tolist()),
        }
    return found


def _by_moment(values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(numpy_model.MOMENT_NAMES, values, strict=True))


def ratios(methods: Mapping[str, Method]) -> dict[str, Any]:
    """How many times longer, or larger, the named alternatives are; medians, with the range over repeats."""
    forward, exact = methods["forward"], methods["exact"]
    differences, numpy_method = methods["jax_differences"], methods["numpy_differences"]
    alternatives = [methods[name] for name in DIFFERENCES if name in methods]
    found: dict[str, Any] = {}
    for own in (exact, *(method for name, method in methods.items() if name == "exact_float64")):
        for other in alternatives:
            found[f"{other.name} / {own.name}"] = _against(other, own)
    for name in ("sorted", "torch"):
        if name in methods:
            found[f"{name} / exact"] = _against(methods[name], exact)
    one = forward.seconds("value")
    found["reverse / exact"] = {
        "time": measure.ratio(methods["reverse"].seconds("jacobian"), exact.seconds("jacobian"))
    }
    found["exact / one evaluation"] = {"time": measure.ratio(exact.seconds("jacobian"), one)}
    found["numpy / jax, one evaluation"] = {"time": measure.ratio(numpy_method.seconds("value"), one)}
    found["numpy / jax float64, one evaluation"] = {
        "time": measure.ratio(numpy_method.seconds("value"), differences.seconds("value"))
    }
    return found


def _against(other: Method, own: Method) -> dict[str, Any]:
    """Time and memory of one way to the Jacobian over those of another."""

    def first(method: Method) -> list[float]:
        waited = method.compile_s["total_s"] if method.compile_s else 0.0
        return [waited + seconds for seconds in method.seconds("jacobian")]

    return {
        "time": measure.ratio(other.seconds("jacobian"), own.seconds("jacobian")),
        "peak_above_empty_running": other.above_empty["run"] / own.above_empty["run"],
        "peak_above_empty_largest": other.above_empty["largest"] / own.above_empty["largest"],
        "time_of_first_with_compile": measure.ratio(first(other), first(own)),
    }


def _times_table(methods: Mapping[str, Method]) -> str:
    def seconds(method: Method, what: str) -> str:
        if not method.readings[what]:
            return "-"
        found = measure.summary(method.seconds(what))
        return f"{found['median']:.3f} ({found['min']:.3f} to {found['max']:.3f})"

    rows = [
        [
            name,
            method.precision,
            f"{method.compile_s['total_s']:.1f}" if method.compile_s else "-",
            seconds(method, "value"),
            seconds(method, "jacobian"),
            f"{method.above_empty['run']:.0f}",
            f"{method.above_empty['compile']:.0f}" if method.compile_s else "-",
            f"{method.peaks['empty']:.0f}",
        ]
        for name, method in methods.items()
    ]
    memory = ("run MiB", "compile MiB", "empty MiB")
    return measure.table(["method", "workers", "compile s", "value s", "value and Jacobian s", *memory], rows)


def _ratios_table(found: Mapping[str, Any]) -> str:
    rows = []
    for key, entry in found.items():
        time = entry["time"]
        first = entry.get("time_of_first_with_compile")
        memory = entry.get("peak_above_empty_running")
        rows.append(
            [
                key,
                f"{time['median']:.2f} ({time['min']:.2f} to {time['max']:.2f})",
                f"{first['median']:.2f}" if first else "-",
                f"{memory:.2f}" if memory else "-",
            ]
        )
    return measure.table(["ratio", "time", "time of the first, compile included", "peak MiB running"], rows)


def main() -> int:
    """Measure, print the tables, write the JSON; 1 if the Jacobians do not agree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=1_000_000)
    parser.add_argument("--firms", type=int, default=1000)
    parser.add_argument("--precision", choices=("float32", "float64"), default="float32")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--numpy-repeats", type=int, default=3, help="NumPy and Numba Jacobians, at most --repeats")
    parser.add_argument("--out", type=Path, help="benchmarks/results/moments-PLATFORM.json by default")
    arguments = parser.parse_args()
    if arguments.repeats < 1 or arguments.numpy_repeats < 1:
        parser.error("--repeats and --numpy-repeats must be at least 1.")

    measure.set_environment()
    methods, record, names = prepare(arguments)
    measure_all(methods, arguments.repeats, arguments.numpy_repeats)
    compared = agreement(methods, names)
    agreed = all(entry["agreed"] for entry in compared.values())
    found = ratios(methods) if agreed else None
    content = {
        "benchmark": "moments and 6 x 31 Jacobian at the baseline",
        "arguments": {name: value for name, value in vars(arguments).items() if name != "out"},
        "environment": record,
        "order": "compiled one after the other; then repeats interleaved in the order given, one at a time",
        "methods": {name: method.record() for name, method in methods.items()},
        "agreement": {"limit": AGREEMENT, "agreed": agreed, "pairs": compared},
        "ratios": found,
    }
    for method in methods.values():
        method.remote.close()
    out = arguments.out or RESULTS / f"moments-{record['device']['platform']}.json"
    measure.write_json(out, content)

    say()
    say(_times_table(methods))
    say()
    say("largest difference of two Jacobians, as a share of the row's largest element:")
    rows = [[key, *(f"{d:.1e}" for d in entry["jacobian_rows"].values())] for key, entry in compared.items()]
    say(measure.table(["pair", *numpy_model.MOMENT_NAMES], rows))
    say()
    if found is None:
        say(f"The Jacobians differ by more than {AGREEMENT:g}, so there are no ratios.")
    else:
        say(_ratios_table(found))
    say(f"written: {out.name}")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
