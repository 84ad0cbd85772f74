"""The precision policy: float32 agents, float64 sums, and no silent 32-bit mode."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aigini.errors import AiginiError, PrecisionError
from aigini.parameters import Parameters
from aigini.population import draw_population
from aigini.runtime.precision import require_x64, with_x64
from aigini.statistics.accumulate import over_rows, total
from aigini.statistics.moments import six_moments
from aigini.statistics.report import statistics


@pytest.mark.slow
def test_float32_moments_of_a_million_workers_are_within_1e_4_of_float64(baseline, points):
    compiled = jax.jit(six_moments)
    drawn = {"n_workers": 1_000_000, "n_firms": 1000, "seed": 0}
    cases = [baseline, *points(2, seed=13)]
    single, double = (
        [np.asarray(compiled(params, population)) for params in cases]
        for population in (draw_population(precision=precision, **drawn) for precision in ("float32", "float64"))
    )
    for one, two in zip(single, double, strict=True):
        assert one.dtype == two.dtype == np.float64
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-4)
        # Rounding is independent across workers and averages out: in fact 100 times better than required.
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-6)


def test_a_billion_workers_are_counted_exactly():
    # A float32 sum of ones stops at 2^24, one of rows at 2^24 rows' worth of rounding.
    n = 2**30 + 5
    population = draw_population(n_workers=n, n_firms=50, storage="regenerated")
    assert population.dtype == np.float32
    count = jax.jit(lambda p: over_rows(lambda _, workers, own, present: total(present, present), (), p))
    assert float(count(population)) == n


def test_outputs_are_float64_whatever_the_agents_are(baseline, population):
    single = jax.tree.map(
        lambda leaf: leaf.astype(jnp.float32) if leaf.dtype == jnp.float64 else leaf, population.workers
    )
    population = dataclasses.replace(population, workers=single)
    assert population.dtype == np.float32
    moments = jax.eval_shape(six_moments, baseline, population)
    assert (moments.shape, moments.dtype) == ((6,), jnp.float64)
    for leaf in jax.tree.leaves(jax.eval_shape(statistics, baseline, population)):
        assert leaf.dtype == jnp.float64


def test_whatever_is_added_by_index_is_float64_in_derivatives_too(baseline):
    population = draw_population(n_workers=1024, n_firms=30)
    assert population.dtype == np.float32
    gradient = jax.jit(jax.grad(lambda params, population: six_moments(params, population)[5]))
    text = gradient.lower(baseline, population).as_text()
    added = re.findall(r"stablehlo\.scatter\".*?-> tensor<([^>]*)>", text, re.DOTALL)
    # One program serves both AI levels: a leading axis of 2 is two sums.
    assert sum(2 if kind.startswith("2x") else 1 for kind in added) >= 10
    assert all(kind.endswith("f64") for kind in added), added


def test_32_bit_mode_is_refused_with_a_remedy(baseline, population):
    require_x64()
    with jax.enable_x64(False):
        for call in (
            require_x64,
            lambda: six_moments(baseline, population),
            lambda: statistics(baseline, population),
            lambda: draw_population(n_workers=4096, n_firms=50),
        ):
            with pytest.raises(PrecisionError, match=r"jax\.config\.update\('jax_enable_x64', True\)") as caught:
                call()
            assert isinstance(caught.value, AiginiError)


def test_the_wrapper_switches_64_bit_mode_on_and_leaves_the_callers_mode_alone():
    @with_x64
    def mode(fail=False):
        """What mode am I in?"""
        require_x64()
        if fail:
            raise KeyError("on purpose")
        return jnp.zeros(()).dtype

    assert mode.__doc__ == "What mode am I in?"
    with jax.enable_x64(False):
        assert mode() == jnp.float64
        assert jnp.zeros(()).dtype == jnp.float32
        with pytest.raises(KeyError):
            mode(fail=True)
        assert jnp.zeros(()).dtype == jnp.float32
    assert jnp.zeros(()).dtype == jnp.float64


def test_parameters_keep_float64_values_outside_64_bit_mode():
    with jax.enable_x64(False):
        params = Parameters(alpha=0.1)
    assert float(params.alpha) == 0.1
    assert params.as_dict()["schooling_cost"] == 0.013
