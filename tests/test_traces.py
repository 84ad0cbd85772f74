"""One trace per shape: new parameters, seeds, levels and starts are data and compile nothing anew."""

import jax
import numpy as np
import pytest

import aigini
from aigini.economy.economy import Scenario
from aigini.estimation.outcome_map import OutcomeMap
from aigini.population import draw_population
from aigini.statistics import simulation
from aigini.statistics.economy_map import EconomyMap

SMALL = {"population.n_workers": 1024, "population.n_firms": 30}


@pytest.fixture
def counted(monkeypatch):
    """`counted(place, name)`: a list that grows by one whenever the function is called, which is when it is traced."""

    def count(place, name):
        calls, function = [], getattr(place, name)

        def wrapped(*arguments, **keywords):
            calls.append(name)
            return function(*arguments, **keywords)

        monkeypatch.setattr(place, name, wrapped)
        jax.clear_caches()
        return calls

    yield count
    jax.clear_caches()


@pytest.mark.slow
def test_simulating_traces_once(counted):
    traces = counted(simulation, "statistics")
    for changed in ({"xi": 0.3}, {"sigma": 2.0, "population.seed": 5}, {"scenario.A1": 0.7}):
        aigini.simulate(**{**SMALL, "calibration.replications": 2, **changed})
    assert len(traces) == 1
    aigini.simulate(**{**SMALL, "population.n_workers": 2048})
    assert len(traces) == 2


def test_evaluating_traces_once_whatever_the_number_of_points(counted):
    traces = counted(EconomyMap, "__call__")
    values = aigini.Parameters().as_dict()
    for seed in (0, 1):
        asked = OutcomeMap(draw_population(n_workers=1024, n_firms=30, seed=seed), Scenario(A1=1.0 + seed))
        for count in (1, 3, 7):
            assert asked.values([{**values, "xi": 0.1 + 0.05 * k} for k in range(count)]).shape[0] == count
    # The body of the loop is traced once, and the program once for its shape, whatever the number of points.
    assert len(traces) == 1


@pytest.mark.slow
def test_a_second_calibration_traces_nothing(counted):
    traces = counted(EconomyMap, "__call__")
    asked = {**SMALL, "calibration.starts": 2, "calibration.descent_steps": 5, "calibration.polish_steps": 6}
    aigini.calibrate(**asked)
    first = len(traces)
    assert first >= 1
    again = aigini.calibrate(**asked, **{"calibration.start_seed": 3, "population.seed": 4, "params.xi": 0.2})
    assert np.isfinite(again.objective)
    assert len(traces) == first
