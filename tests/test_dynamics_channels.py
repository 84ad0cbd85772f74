"""Channels year by year: with all of them on the path is the path, and without dynamics they are the static ones."""

import jax
import numpy as np
import pytest
from test_dynamics_path import STATIC

import aigini
from aigini.commands.registry import load_result
from aigini.dynamics.path import PathMap
from aigini.dynamics.settings import Dynamics
from aigini.dynamics.yearly_channels import _MOMENTS, NAMES, OUTCOMES, YearlyChannels, _coalition, yearly_channels
from aigini.economy.channels import CHANNEL_NAMES, Channels
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.numerics.shapley import coalitions, shapley
from aigini.parameters import Parameters
from aigini.population import draw_population
from aigini.statistics.economy_map import EconomyMap
from aigini.storage.results import save

POINT = Parameters(xi=0.3, eta1=0.6, cumulative_advantage=1.2)


@pytest.fixture(scope="module")
def small():
    return draw_population(n_workers=2**10, n_firms=40, precision="float64", years=10)


def test_without_dynamics_they_are_the_static_channels(small):
    dynamics = Dynamics(**STATIC, years=10)
    result = yearly_channels(POINT, dynamics, Scenario(), small)
    static = jax.jit(lambda on: EconomyMap(small, Scenario(), _MOMENTS)(POINT, Channels(*on)))
    values = np.array([np.asarray(static(np.asarray(on, float))) for on in coalitions(len(CHANNEL_NAMES))])
    expected = shapley(values, list(CHANNEL_NAMES)).contributions
    for k, name in enumerate(OUTCOMES):
        np.testing.assert_allclose(result.contributions[name][-1, :-1], expected[:, k], atol=1e-10)
        assert np.abs(result.contributions[name][:, -1]).max() < 1e-12


def test_with_every_channel_on_the_path_is_the_path_and_with_none_nothing_changes(small):
    dynamics, mapping = (
        Dynamics(**{**STATIC, "bargaining_erosion": 0.9}, years=10),
        PathMap(small, Scenario(), _MOMENTS),
    )
    _, whole = jax.jit(lambda p, d: mapping(p, d))(POINT, dynamics)
    everything, _ = _coalition(POINT, dynamics, mapping, np.ones(len(NAMES)))
    np.testing.assert_allclose(everything, whole, atol=1e-12)
    nothing, _ = _coalition(POINT, dynamics, mapping, np.zeros(len(NAMES)))
    assert np.abs(nothing).max() < 1e-10
    # The last switch alone: workers bargain for less of rents that exist without AI too.
    eroded, _ = _coalition(POINT, dynamics, mapping, np.eye(len(NAMES))[-1])
    assert np.abs(eroded).max() > 1e-3


def test_contributions_are_printed_kept_and_drawn(tmp_path):
    rng = np.random.default_rng(0)
    parts = {name: rng.normal(size=(41, 6)) for name in OUTCOMES}
    errors = {name: np.full((41, 6), 0.01) for name in OUTCOMES}
    result = YearlyChannels(40, parts, errors, 1024, 2)
    assert "cumulative_advantage" in str(result)
    assert len(result.to_frame()) == 82
    save(tmp_path, "yearly_channels", result, {})
    again = load_result(tmp_path, "yearly_channels")
    assert str(again) == str(result)
    assert [path.stem for path in aigini.draw(again, tmp_path)] == ["yearly_channels"]


def test_ai_before_is_refused(small):
    with pytest.raises(AnalysisError, match=r"scenario\.A0 = 0\.5"):
        yearly_channels(POINT, Dynamics(years=10), Scenario(A0=0.5), small)
