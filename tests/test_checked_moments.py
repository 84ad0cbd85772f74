"""The moments that check their parameters: the same numbers, or an error that names what is wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.economy.economy import Scenario
from aigini.errors import ConfigError, ParameterError
from aigini.parameters import SPECS, Parameters
from aigini.statistics import checked


@pytest.fixture
def compiled(monkeypatch, population):
    """The checked moments, compiled around moments that compile quickly: NaN for m6 where ξ is above a half."""

    def moments(params, population, scenario, *, income):
        m6 = jnp.where(params.xi > 0.5, jnp.nan, scenario.A1)
        return jnp.stack([params.xi, *(jnp.asarray(float(k)) for k in range(4)), m6])

    monkeypatch.setattr(checked, "six_moments", moments)
    program = jax.jit(lambda params: aigini.checked_six_moments(params, population, Scenario(A1=2.0)))
    return lambda params: np.asarray(program(params))


@pytest.fixture(scope="module")
def guard():
    """The check of the parameters alone, compiled."""
    return jax.jit(lambda params: checked.checked_parameters(params, Scenario(), 10).xi)


def test_they_are_the_moments(compiled):
    np.testing.assert_array_equal(compiled(Parameters(xi=0.25)), [0.25, 0, 1, 2, 3, 2])


def test_a_moment_that_is_not_finite_stops_a_compiled_program(compiled):
    with pytest.raises(Exception, match=r"m6 is not finite: the parameters are within bounds"):
        compiled(Parameters(xi=0.75))


def test_a_share_above_one_stops_a_compiled_program_where_the_pure_moments_go_on(compiled, moments_of):
    impossible = Parameters(xi=2.0)
    silent = moments_of(impossible)
    assert np.all(np.isfinite(silent[:5]))
    assert np.isnan(silent[5])
    with pytest.raises(Exception, match=r"params\.xi is not allowed: expected a finite number in \[0, 1\]"):
        compiled(impossible)


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


def test_values_and_arrays_are_judged_alike():
    for spec in SPECS.values():
        for value in (spec.lower, spec.upper, spec.default, np.nan, np.inf, -np.inf, spec.lower - 1e-9):
            assert bool(spec.inside(np.asarray(value))) == spec.admits(float(value))
