"""The package against the independent NumPy implementation, on the same draws."""

import numpy as np
import numpy_model
import pytest

from aigini.parameters import PARAMETER_NAMES
from aigini.population import draw_population
from aigini.statistics.histogram import STEP
from aigini.statistics.report import STATISTIC_UNITS

# The oracle sorts; the histogram's error is of the order of the grid step, 1/64, to the fourth power.
TOLERANCES = {
    "gini_total": {"abs": 1e-6},
    "gini_wage": {"abs": 1e-6},
    "gini_capital": {"abs": 1e-6},
    "top1_share": {"abs": 1e-4},
    "top10_share": {"abs": 1e-4},
}


@pytest.fixture(scope="module")
def draws(population, numpy_population):
    return numpy_population(population)


@pytest.fixture(scope="module")
def cases(baseline, points):
    return [baseline, *points(5, seed=12)]


def test_the_oracle_knows_the_same_parameters_and_defaults(baseline):
    assert set(numpy_model.BASELINE) == set(PARAMETER_NAMES)
    assert pytest.approx(baseline.as_dict()) == numpy_model.BASELINE


def test_the_draws_are_carried_over_without_padding(population, draws):
    assert draws.n_workers == population.n_workers
    assert draws.n_firms == population.n_firms
    np.testing.assert_array_equal(np.bincount(draws.occupation), 2**14 // 16)


def test_the_six_moments_are_the_oracles(cases, draws, moments_of):
    for params in cases:
        ours, exact = moments_of(params), numpy_model.moments(params.as_dict(), draws)
        np.testing.assert_allclose(ours[:5], exact[:5], rtol=1e-10, atol=1e-13)
        assert ours[5] == pytest.approx(exact[5], abs=1e-6)


def test_the_six_moments_are_the_oracles_at_other_levels_of_ai(baseline, draws, levels, moments_of):
    for before, after in ((0.0, 0.3), (0.5, 1.5), (1.0, 0.2)):
        ours = moments_of(baseline, levels(before, after))
        exact = numpy_model.moments(baseline.as_dict(), draws, A0=before, A1=after)
        np.testing.assert_allclose(ours[:5], exact[:5], rtol=1e-10, atol=1e-13)
        assert ours[5] == pytest.approx(exact[5], abs=1e-6)


@pytest.mark.slow
def test_every_reported_statistic_is_the_oracles(cases, draws, statistics_of):
    for params in cases:
        exact = numpy_model.simulate(params.as_dict(), draws)
        for (ours, _), theirs in zip(statistics_of(params), (exact.before, exact.after), strict=True):
            for name, value in theirs.items():
                tolerance = TOLERANCES.get(name, {"rel": 1e-10, "abs": 1e-13})
                assert float(getattr(ours, name)) == pytest.approx(value, **tolerance), name
    # Nothing is left out but the sample mean, which the gap tests, and the two diagnostics of the package.
    reported = set(STATISTIC_UNITS)
    assert reported - set(exact.before) == {"mean_income", "end_mass", "residual"}


def test_every_reported_array_of_the_markets_is_the_oracles(cases, draws, statistics_of):
    for params in cases:
        exact = numpy_model.simulate(params.as_dict(), draws)
        for (_, ours), theirs in zip(statistics_of(params), exact.arrays.values(), strict=True):
            np.testing.assert_allclose(ours.task_price, theirs["task_prices"], rtol=1e-11)
            np.testing.assert_allclose(ours.human_return, theirs["R_h"], rtol=1e-11)
            np.testing.assert_allclose(ours.ai_return, theirs["R_A"], rtol=1e-11)
            np.testing.assert_allclose(ours.diagnostic_variance, theirs["V_D"], rtol=1e-10)


@pytest.mark.slow
def test_padded_rows_give_the_oracles_moments_too(baseline, numpy_population, moments_of):
    # The population of tests/test_population.py with padding, whose compiled program is shared.
    padded = draw_population(n_workers=4096, n_firms=64, precision="float64", seed=3, chunk=100)
    assert padded.workers.firm.size > padded.n_workers
    ours = moments_of(baseline, population=padded)
    exact = numpy_model.moments(baseline.as_dict(), numpy_population(padded))
    np.testing.assert_allclose(ours[:5], exact[:5], rtol=1e-10)
    # A smaller sample: each agent is an atom of 1/N, all of them cost about h/(4N).
    assert ours[5] == pytest.approx(exact[5], abs=STEP / (4 * 4096))


@pytest.mark.slow
def test_the_jacobian_is_the_oracles_by_central_differences(cases, draws, forward_jacobian):
    for params in cases[:3]:
        ours = forward_jacobian(params)
        exact = numpy_model.central_difference_jacobian(params.as_dict(), draws, PARAMETER_NAMES)
        unit = np.array([abs(value) for value in params.as_dict().values()])
        # Change of a moment per relative change of a parameter; the differences are good to 1e-9.
        np.testing.assert_allclose((ours * unit)[:5], (exact * unit)[:5], rtol=1e-5, atol=2e-9)
        # The oracle's Gini is by sorting: the derivative of a rank statistic of 2^14 agents, atoms of their weights.
        unequal = np.mean(draws.weight**2) / np.mean(draws.weight) ** 2
        np.testing.assert_allclose((ours * unit)[5], (exact * unit)[5], rtol=1e-3, atol=5e-6 * unequal)
