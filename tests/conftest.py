"""Strict JAX, shape checks of the package's annotations, and the programs that many tests share.

Compiling dominates the time of this suite, so the population, the compiled functions and the random parameter
points below are made once per session: a test asks for `moments_of` instead of jitting the moments anew.
"""

import gc
import pathlib
import sys

import hypothesis
import jax
import numpy as np
import pytest
from jaxtyping import install_import_hook

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_default_matmul_precision", "highest")

# Worker processes of pytest-xdist, and the commands that tests start, share what they compile.
CACHE = pathlib.Path(__file__).resolve().parent.parent / ".pytest_cache" / "jax"
jax.config.update("jax_compilation_cache_dir", str(CACHE))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

# Every annotated shape and dtype of the package is checked while it is traced; compiled code pays nothing.
install_import_hook("aigini", "beartype.beartype")

# The independent NumPy implementation, `import numpy_model`.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "benchmarks"))

import numpy_model  # noqa: E402

from aigini.economy.economy import Scenario, solve  # noqa: E402
from aigini.parameters import PARAMETER_NAMES, SPECS, Parameters, problems  # noqa: E402
from aigini.population import draw_population  # noqa: E402
from aigini.statistics.moments import six_moments  # noqa: E402
from aigini.statistics.report import statistics  # noqa: E402

hypothesis.settings.register_profile("aigini", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("aigini")


def pytest_collection_modifyitems(items):
    if not any(item.get_closest_marker("gpu") for item in items):
        return
    try:
        found = bool(jax.devices("cuda"))
    except RuntimeError:
        found = False
    if not found:
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture(autouse=True, scope="module")
def few_programs():
    """Compiled programs are dropped before there are too many.

    On a CPU each takes several mappings of memory, and Linux grants a process 65,530 of them (vm.max_map_count). This
    suite compiles enough to reach that, and the compiler then ends the process with a segmentation fault.
    """
    yield
    mapped = pathlib.Path("/proc/self/maps")
    if mapped.exists() and mapped.read_bytes().count(b"\n") > 15_000:
        jax.clear_caches()
        gc.collect()


@pytest.fixture(scope="module")
def numpyro_rules():
    """NumPyro's own code promotes ranks and dtypes; everything it calls of ours is tested strictly elsewhere."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


@pytest.fixture(scope="session")
def baseline():
    return Parameters()


@pytest.fixture(scope="session")
def levels():
    """`levels(A0, A1)`: a scenario whose levels are data, so that another one compiles nothing anew."""
    return lambda before=0.0, after=1.0: Scenario(A0=np.asarray(before, np.float64), A1=np.asarray(after, np.float64))


@pytest.fixture(scope="session")
def points():
    """`points(n, **fixed)`: n points that are allowed at A = 2, uniform in the boxes of `SPECS`, some values fixed."""

    def draw(n=30, seed=0, **fixed):
        found = []
        for row in np.random.default_rng(seed).random((4 * n, len(SPECS))):
            values = {
                name: float(spec.box[0] + (spec.box[1] - spec.box[0]) * u)
                for (name, spec), u in zip(SPECS.items(), row, strict=True)
            }
            values |= {name: float(value) for name, value in fixed.items()}
            if not problems(values, level=2.0):
                found.append(Parameters(**values))
            if len(found) == n:
                return found
        raise AssertionError(f"fewer than {n} of {4 * n} points are allowed")

    return draw


@pytest.fixture(scope="session")
def population():
    """The population of most tests: 2^14 quasi-random workers in float64, 300 firms, 10 years."""
    return draw_population(n_workers=2**14, n_firms=300, precision="float64")


@pytest.fixture(scope="session")
def moments_of(population, levels):
    """`moments_of(params, scenario, population)`: the six moments as a NumPy array."""
    compiled = jax.jit(six_moments)
    usual = levels()
    return lambda params, scenario=usual, population=population: np.asarray(compiled(params, population, scenario))


@pytest.fixture(scope="session")
def statistics_of(population, levels):
    """`statistics_of(params, scenario, population)`: ((statistics, distribution) before, the same after)."""
    compiled = jax.jit(statistics)
    usual = levels()
    return lambda params, scenario=usual, population=population: jax.device_get(compiled(params, population, scenario))


@pytest.fixture(scope="session")
def economy_of(population, levels):
    """`economy_of(params, scenario)`: the solved economy."""
    compiled = jax.jit(solve)
    usual = levels()
    return lambda params, scenario=usual: compiled(params, scenario, population.firm_shocks)


@pytest.fixture(scope="session")
def forward_jacobian(population):
    """`forward_jacobian(params)`: derivatives of the six moments, [6, 31], in forward mode."""
    compiled = jax.jit(jax.jacfwd(six_moments))
    return lambda params: as_matrix(compiled(params, population))


@pytest.fixture(scope="session")
def reverse_jacobian(population):
    """The same in reverse mode."""
    compiled = jax.jit(jax.jacrev(six_moments))
    return lambda params: as_matrix(compiled(params, population))


def as_matrix(derivatives):
    return np.stack([np.asarray(getattr(derivatives, name)) for name in PARAMETER_NAMES], axis=-1)


@pytest.fixture(scope="session")
def differences():
    """`differences(f, params)`: derivatives of f in every parameter by central differences, [..., 31]."""

    def matrix(function, params, step=1e-5, names=PARAMETER_NAMES):
        columns = []
        for name in names:
            value = float(getattr(params, name))
            above = value + step * (abs(value) or 1.0)
            below = value - step * (abs(value) or 1.0)
            rise = np.asarray(function(params.replace(**{name: above}))) - np.asarray(
                function(params.replace(**{name: below}))
            )
            columns.append(rise / (above - below))
        return np.stack(columns, axis=-1)

    return matrix


@pytest.fixture(scope="session")
def numpy_population():
    """`numpy_population(population)`: the same workers and firms for the oracle."""

    def convert(population):
        width = population.workers.firm.shape[1]
        real = np.arange(width)[None, :] < np.asarray(population.count)[:, None]

        def flat(values):
            return np.asarray(values, np.float64 if values.dtype.kind == "f" else np.intp)[real]

        workers = population.workers
        return numpy_model.NumpyPopulation(
            occupation=np.repeat(np.asarray(population.occupation), np.asarray(population.count)),
            firm=flat(workers.firm),
            owner_firm=flat(workers.owner_firm),
            firm_score=flat(workers.firm_score),
            ability=flat(workers.ability),
            schooling_cost=flat(workers.cost),
            work_sample=flat(workers.work_sample),
            credential=flat(workers.credential),
            ownership=flat(workers.ownership),
            weight=flat(workers.weight),
            firm_shocks=np.asarray(population.firm_shocks),
        )

    return convert
