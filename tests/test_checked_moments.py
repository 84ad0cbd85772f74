"""The moments that check their parameters: the same numbers, or an error that names what is wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.economy.economy import Scenario
from aigini.errors import ConfigError, ParameterError
from aigini.moments.checked import checked_parameters
from aigini.parameters import SPECS, Parameters


@pytest.fixture(scope="module")
def checked(levels):
    compiled = jax.jit(aigini.checked_six_moments)
    usual = levels()
    return lambda params, population: np.asarray(compiled(params, population, usual))


@pytest.fixture(scope="module")
def guard():
    """The check alone, compiled."""
    return jax.jit(lambda params: checked_parameters(params, Scenario(), 10).xi)


def test_they_are_the_moments(checked, moments_of, population, baseline):
    np.testing.assert_allclose(checked(baseline, population), moments_of(baseline), rtol=1e-12)


def test_a_share_above_one_stops_a_compiled_program_where_the_pure_moments_go_on(checked, moments_of, population):
    impossible = Parameters(xi=2.0)
    silent = moments_of(impossible)
    assert np.all(np.isfinite(silent[:5]))
    assert np.isnan(silent[5])
    with pytest.raises(Exception, match=r"params\.xi is not allowed: expected a finite number in \[0, 1\]"):
        checked(impossible, population)


def test_concrete_parameters_are_named_with_their_value(population):
    with pytest.raises(ParameterError, match=r"params\.xi = 2 is not allowed: expected a finite number in \[0, 1\]"):
        aigini.checked_six_moments(Parameters(xi=2.0), population)
    with pytest.raises(ConfigError, match=r"params\.xi = 2"):
        aigini.simulate(xi=2.0)


@pytest.mark.parametrize("name", SPECS)
def test_every_bound_is_checked_inside_compiled_programs(guard, name):
    spec = SPECS[name]
    wrong = [np.nan, *(x for x in (spec.lower - 0.5, spec.upper + 0.5) if np.isfinite(x))]
    for value in wrong:
        with pytest.raises(Exception, match=rf"params\.{name} is not allowed"):
            jax.block_until_ready(guard(Parameters().replace(**{name: value})))
    for value in spec.box:
        assert float(guard(Parameters().replace(**{name: value}))) >= 0


def test_values_and_traced_values_are_judged_alike():
    for spec in SPECS.values():
        for value in (spec.lower, spec.upper, spec.default, np.nan, np.inf, -np.inf, spec.lower - 1e-9):
            assert bool(jax.jit(spec.inside)(jnp.asarray(value))) == spec.admits(float(value))
