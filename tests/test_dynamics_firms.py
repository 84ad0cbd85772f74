"""Simulations of finitely many firms converge to the mean field at the rate of one over the root of their number."""

import numpy as np
import pytest
from scipy.special import erf
from test_dynamics_path import REFERENCE, by_hand
from test_dynamics_phases import VALUES, reference_path

import aigini
from aigini.commands.registry import load_result
from aigini.dynamics.firm_simulation import _gini, firm_convergence, simulated_firms
from aigini.errors import AnalysisError
from aigini.storage.results import save

YEARS = 60


@pytest.fixture(scope="module")
def years():
    growth, gap = reference_path(0.2, YEARS)
    return growth[:YEARS], gap[:YEARS]


@pytest.fixture(scope="module")
def convergence(years):
    return firm_convergence(VALUES, *years, sizes=(500, 2_000, 8_000, 32_000), draws=12)


def test_the_mean_field_is_approached_at_the_rate_of_the_root(convergence):
    assert convergence.mean_field == pytest.approx(by_hand(0.2), rel=1e-12)
    assert abs(convergence.rate + 0.5) < 3 * convergence.rate_se
    assert convergence.rate_se < 0.08
    assert (np.diff(convergence.rms) < 0).all()
    assert convergence.last[-1] == pytest.approx(convergence.mean_field, abs=5 * convergence.rms[-1])


@pytest.mark.slow
@pytest.mark.parametrize("speed", [0.1, 0.2])
def test_up_to_a_million_firms_in_both_regimes(speed):
    growth, gap = reference_path(speed, YEARS)
    result = firm_convergence(VALUES, growth[:YEARS], gap[:YEARS], draws=6)
    assert result.mean_field == pytest.approx(by_hand(speed), rel=1e-12)
    # Where assets are concentrated few firms make up the Gini, and the rate is approached from above.
    assert abs(result.rate + 0.5) < 3 * result.rate_se + (0.0 if speed == 0.2 else 0.1)
    assert result.rms[-1] < 0.02 * result.mean_field


def test_the_gini_of_many_firms_is_that_of_the_lognormal():
    scores = np.random.default_rng(0).standard_normal(400_000)
    assert _gini(1.3 * scores) == pytest.approx(erf(1.3 / 2), abs=2e-3)
    assert _gini(np.zeros(50)) == pytest.approx(0.0, abs=1e-15)


def test_every_draw_is_its_own_and_can_be_repeated(years):
    paths = [simulated_firms(VALUES, *years, 500, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(paths[0], paths[1])
    assert np.abs(paths[0] - paths[2]).max() > 0.01


def test_is_kept_in_a_file(convergence, tmp_path):
    save(tmp_path, "firms", convergence, {})
    assert str(load_result(tmp_path, "firms")) == str(convergence)
    assert [path.stem for path in aigini.draw(convergence, tmp_path)] == ["firm_convergence"]


@pytest.mark.parametrize("arguments", [{"sizes": (1000,)}, {"sizes": (5, 1000)}, {"draws": 1}])
def test_too_little_for_a_rate_is_refused(years, arguments):
    with pytest.raises(AnalysisError, match="a rate with its error needs"):
        firm_convergence(VALUES, *years, **arguments)


def test_reference_values_are_those_of_the_path_tests():
    assert {name: VALUES[name] for name in REFERENCE} == REFERENCE
