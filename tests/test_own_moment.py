"""A moment of one's own, entered outside the package: its value, its exact derivatives, and what is refused."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.analysis.identification.sensitivity import decompose
from aigini.errors import MomentError
from aigini.parameters import PARAMETER_NAMES, Parameters
from aigini.population import draw_population
from aigini.statistics.catalogue import OUTCOMES, find, names
from aigini.statistics.moment import Moment
from aigini.statistics.moments import moments_and_jacobian, six_moments
from aigini.statistics.worker_sums import WAGES, Sum

SQUARED_WAGES = Sum(lambda workers: workers.total_without_capital(workers.outcome.wage**2))
WAGE_CV = Moment(
    "wage_cv",
    "coefficient of variation of wages",
    "ratio of s.d. to mean",
    lambda at: jnp.sqrt(at[SQUARED_WAGES] / at[WAGES].n - at[WAGES].mean ** 2) / at[WAGES].mean,
    (SQUARED_WAGES, WAGES),
    relative=True,
)
ASKED = ("m1", "top10_share", WAGE_CV)


@pytest.fixture
def small():
    return draw_population(n_workers=2**11, n_firms=60, precision="float64")


def test_exact_derivatives_of_a_share_and_of_a_moment_with_a_sum_of_its_own_are_those_of_differences(small):
    def place(vector):
        return Parameters(**dict(zip(PARAMETER_NAMES, vector, strict=True)))

    base = np.array([float(getattr(Parameters(), name)) for name in PARAMETER_NAMES])
    values, matrix = jax.jit(lambda v, p: moments_and_jacobian(v, place, p, names=ASKED))(jnp.asarray(base), small)
    compiled = jax.jit(lambda v, p: six_moments(place(v), p, names=ASKED))
    np.testing.assert_allclose(values, compiled(jnp.asarray(base), small), rtol=1e-12)
    for name in ("eta1", "xi", "sigma", "cumulative_advantage"):
        column = PARAMETER_NAMES.index(name)
        step = 1e-5 * np.eye(len(base))[column]
        rise = np.asarray(compiled(jnp.asarray(base + step), small)) - compiled(jnp.asarray(base - step), small)
        np.testing.assert_allclose(matrix[:, column], rise / 2e-5, rtol=2e-5, atol=1e-8)


def test_a_sum_that_is_not_named_is_refused_rather_than_missing_from_the_jacobian(small):
    hidden = dataclasses.replace(WAGE_CV, needs=(WAGES,))
    with pytest.raises(KeyError, match="does not name"):
        jax.eval_shape(lambda p: six_moments(Parameters(), p, names=(hidden,)), small)


def test_names_of_moments():
    aigini.register_moment(WAGE_CV)
    try:
        assert find("wage_cv") is WAGE_CV
        assert names()[-1] == "wage_cv"
        assert WAGE_CV.change_unit == "relative change"
    finally:
        aigini.unregister_moment("wage_cv")
    with pytest.raises(MomentError, match="there is nothing called wage_cv"):
        find("wage_cv")
    for name in ("m1", "m6", "top10_share"):
        with pytest.raises(MomentError, match="choose another"):
            aigini.register_moment(dataclasses.replace(WAGE_CV, name=name))
    with pytest.raises(MomentError, match="rename it"):
        aigini.register_moment(dataclasses.replace(WAGE_CV, name="wage cv"))
    with pytest.raises(MomentError, match="never registered"):
        aigini.unregister_moment("m1")


def test_m6_is_the_gini_of_the_chosen_income():
    assert find("m6", "wage") is find("gini_wage")
    assert find("m6") is find("gini_total")


def test_analyses_take_a_moment_of_ones_own_as_a_target():
    """Its row of the Jacobian is the registry's own, and the other outcomes do not move by its being asked for."""
    small = {"population.n_workers": 2**11, "population.n_firms": 60, "population.seed": 1}
    plain = aigini.at_estimates(**small)
    values = {f"params.{name}": plain.values[name] for name in plain.space.names}
    level = six_moments(Parameters(**plain.values), plain.outcome_map.population, names=(WAGE_CV,))
    target = {"targets.wage_cv": {"value": float(level[0]), "se": 0.01, "seen": "J"}}
    aigini.register_moment(WAGE_CV)
    try:
        model = aigini.at_estimates(**small, **values, **target)
        assert tuple(model.targets)[-1] == "wage_cv"
        assert model.rows[-1] == len(OUTCOMES)
        np.testing.assert_allclose(model.estimates, plain.estimates, rtol=1e-6)
        np.testing.assert_allclose(model.jacobian[:-1], plain.jacobian, rtol=1e-5, atol=1e-9)
        assert model.outcomes[-1] == pytest.approx(float(level[0]), rel=1e-6)
        result = decompose(model, {})
    finally:
        aigini.unregister_moment("wage_cv")
    assert result.jacobian.rows[-1] == "wage_cv"
    assert result.overidentification.degrees == 1


@pytest.mark.parametrize(
    ("level", "message"),
    [
        (lambda at: at[WAGES].mean.astype(jnp.float32), "its level is float32"),
        (lambda at: at[WAGES].mean.astype(jnp.complex128), "its level is complex128"),
        (lambda at: jnp.asarray(1), "its level is int64"),
        (lambda at: at[WAGES].masses, "its level has shape"),
    ],
)
def test_a_level_that_is_not_one_float64_number_is_refused(small, level, message):
    wrong = dataclasses.replace(WAGE_CV, level=level, needs=(WAGES,))
    with pytest.raises(MomentError, match=f"moment wage_cv: {message}"):
        jax.eval_shape(lambda p: six_moments(Parameters(), p, names=(wrong,)), small)
