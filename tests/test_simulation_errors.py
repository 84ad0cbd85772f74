"""No sign without its simulation error: the regime as a value and in words, errors of all changes, units of rows."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom, t

from aigini.commands.registry import load_result, result_files
from aigini.parameters import Parameters
from aigini.population import draw_population
from aigini.statistics import histogram
from aigini.statistics.catalogue import names
from aigini.statistics.outcomes import OUTCOME_NAMES, UNKNOWN, legend, units
from aigini.statistics.regime import Regime
from aigini.statistics.report import GRID_GINIS, RELATIVE_STATISTICS, STATISTIC_UNITS
from aigini.statistics.simulation import simulate
from aigini.statistics.simulation_result import REPLICATED_ARRAYS, Simulation
from aigini.storage import results

SEEDS, OTHERS = 48, 8


def draw(seed):
    return draw_population(
        n_workers=1 << 14, n_firms=100, seed=seed
    )  # as in test_figures.py, so that a program is shared


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    jax.config.update("jax_enable_x64", True)
    return simulate(Parameters(xi=0.3), draw(0), replications=map(draw, (1, 2, 3)))


def test_draws_too_few_for_the_tail_of_ownership_are_said_to_be(simulation):
    assert simulation.caution is None
    tail = simulate(Parameters(ownership_sd=4.9), draw(0))
    assert tail.effective["owners"] < 100
    assert "do not cover the bias" in str(tail)
    missed = dataclasses.replace(simulation, after={**simulation.after, "accounting_gap": -0.02})
    assert "misses its exact value by 2 %" in missed.caution


# --- The regime -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "name", "resolved"),
    [
        (0.004, 1e-4, "concentrating", True),
        (-0.004, 1e-4, "equalising", True),
        (0.0, 0.0, "no change", True),
        (2.3e-6, 1.3e-4, "not distinguishable", False),
        (-1.9e-4, 1e-4, "not distinguishable", False),
        (0.0, 1e-4, "not distinguishable", False),
        (0.004, None, "not stated", False),
        (0.0, None, "not stated", False),
    ],
)
def test_a_regime_is_named_only_where_it_stands_out_of_two_simulation_errors(change, error, name, resolved):
    regime = Regime(change, error, n_workers=2**18)
    assert (regime.name, regime.resolved) == (name, resolved)
    assert str(regime).startswith(name)
    assert regime.as_dict()["resolved"] is resolved
    json.dumps(regime.as_dict(), allow_nan=name == "not distinguishable" and change == 0)


def test_a_regime_that_is_not_known_says_how_many_workers_would_tell():
    regime = Regime(1e-4, 1e-4, n_workers=65536)
    assert regime.enlargement == pytest.approx(4)
    assert "with 65,536 workers; use at least 262,144" in str(regime)
    assert "calibration.replications" in str(Regime(1e-4, None, n_workers=65536))


def test_a_change_between_ginis_below_the_grids_resolution_has_no_sign():
    assert not Regime(1e-3, 0.0, n_workers=10, above_grid=False).resolved
    assert "resolution of the grid" in str(Regime(1e-3, 0.0, n_workers=10, above_grid=False))
    assert Regime(0.3, 1e-4, n_workers=10, above_grid=False).name == "concentrating"


def test_signs_are_wrong_no_more_often_than_two_errors_allow(moments_of):
    """Over 48 seeds, each with the errors from 8 others as in a simulation, at two parameter points.

    At ξ = 0.3 and η1 = 0.448 the change of the Gini is zero (six draws of 2^17 workers and 4,800 firms have -0.00061 ±
    0.00009 at η1 = 0.4 and +0.00066 ± 0.00011 at 0.5), so that every sign is one too many; at η1 = 0.43 it is negative
    and smaller than its error.
    """
    points = {"none": Parameters(xi=0.3, eta1=0.448), "small": Parameters(xi=0.3, eta1=0.43)}
    drawn = [
        draw_population(n_workers=2**14, n_firms=300, precision="float64", seed=seed) for seed in range(SEEDS + OTHERS)
    ]
    changes = {
        name: np.array([moments_of(params, population=population)[5] for population in drawn])
        for name, params in points.items()
    }

    def signs(values):
        regimes = [
            Regime(float(values[k]), float(np.std(values[k : k + 1 + OTHERS], ddof=1)), 2**14) for k in range(SEEDS)
        ]
        return np.array([regime.simulated.sign for regime in regimes])

    # Two errors with 7 degrees of freedom, and what 48 trials make of that in 99 of 100 cases.
    both_sides = 2 * t.sf(2, OTHERS - 1)
    assert np.sum(signs(changes["none"]) != 0) <= binom.ppf(0.99, SEEDS, both_sides)
    assert np.sum(signs(changes["small"]) > 0) <= binom.ppf(0.99, SEEDS, both_sides / 2)
    # The bare sign is wrong far more often.
    assert np.mean(changes["small"][:SEEDS] > 0) > 0.15


# --- A simulation -----------------------------------------------------------------------------------------------------


def test_every_change_has_the_spread_over_other_draws_as_its_error(simulation):
    others = [simulate(Parameters(xi=0.3), draw(seed)) for seed in (1, 2, 3)]
    assert simulation.change_se.keys() == simulation.before.keys() == STATISTIC_UNITS.keys()
    for name, error in simulation.change_se.items():
        spread = np.std([one.change(name).value for one in (simulation, *others)], ddof=1)
        assert error == pytest.approx(spread, rel=1e-9, abs=1e-15), name
    assert simulation.simulation_se["m6"] == pytest.approx(simulation.change_se["gini_total"], rel=1e-9)
    for name in REPLICATED_ARRAYS:
        changes = [one.after_arrays[name] - one.before_arrays[name] for one in (simulation, *others)]
        np.testing.assert_allclose(simulation.change_se_arrays[name], np.std(changes, axis=0, ddof=1), rtol=1e-9)


def test_a_change_far_below_its_error_is_not_called_concentrating(simulation):
    nearly = dataclasses.replace(
        simulation,
        after={**simulation.after, "gini_total": simulation.before["gini_total"] + 2.3e-6},
        change_se={**simulation.change_se, "gini_total": 1.3e-4},
    )
    assert not nearly.regime.resolved
    last = str(nearly).splitlines()[-1]
    assert last.startswith("regime: not distinguishable from no change: within 2 simulation s.e. of 1.3e-04")
    assert "concentrating" not in str(nearly)


def test_without_replications_no_regime_is_stated(simulation):
    alone = simulate(Parameters(xi=0.3), draw(0), replications=[draw(1)])
    assert (alone.simulation_se, alone.change_se, alone.change_se_arrays) == ({}, {}, {})
    assert alone.regime.name == "not stated"
    assert "set calibration.replications to 2 or more" in str(alone)
    assert (alone.before, alone.after) == (simulation.before, simulation.after)


def test_the_print_gives_every_row_its_unit_and_its_error(simulation):
    printed = str(simulation)
    lines = {line.split()[0]: line for line in printed.splitlines() if line}
    for name, unit in STATISTIC_UNITS.items():
        assert unit in lines[name]
        assert f"{simulation.change_se[name]:.1e}" in lines[name]
    for name, meaning in units(simulation.moments).items():
        assert " ".join([name, *lines[name].split()[1:3], meaning]) in " ".join(printed.split())
    # "output" is a level; what other commands call its change is relative, and stands in the last column.
    relative = simulation.after["output"] / simulation.before["output"] - 1
    assert f"{100 * relative:+.2f} %" in lines["output"]
    assert "final good per worker" in lines["output"]


def test_a_file_says_what_its_numbers_are(simulation, tmp_path):
    path = results.save(tmp_path, "simulate", simulation, {})
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["units"]["before"] == STATISTIC_UNITS
    assert content["units"]["moments"]["m6"] == "Gini of total income, change of the Gini"
    assert content["regime"] == simulation.regime.as_dict()
    again = load_result(tmp_path, "simulate")
    assert again.regime == simulation.regime
    assert str(again) == str(simulation)
    for name, errors in simulation.change_se_arrays.items():
        np.testing.assert_array_equal(again.change_se_arrays[name], errors)


def test_every_statistic_and_every_response_has_a_unit():
    assert set(RELATIVE_STATISTICS) | set(GRID_GINIS) <= STATISTIC_UNITS.keys()
    assert {"m6", *OUTCOME_NAMES} < set(names())
    assert UNKNOWN not in units(names()).values()
    assert units(("m6",), "wage") == {"m6": "Gini of wages, change of the Gini"}


ANALYSES = [file.type for file in result_files().values() if not isinstance(file.type.units, property)]


@pytest.mark.parametrize(
    "kind", [kind for kind in ANALYSES if "responses" in kind.units], ids=lambda kind: kind.__name__
)
def test_the_file_of_every_analysis_says_what_output_is(kind):
    """One meaning and one unit: in all of them it is the relative change, as among the responses."""
    found = kind.units
    assert found["responses"]["output"] == "output per worker, relative change"
    assert found.get("output", found["responses"]["output"]) == found["responses"]["output"]
    assert legend("output").startswith("output: output per worker, relative change (")


# --- Ginis below the resolution of the grid ---------------------------------------------------------------------------


def test_equal_incomes_read_below_the_grids_resolution_wherever_they_fall():
    gini = jax.jit(lambda logs: histogram.gini(histogram.node_masses(logs, jnp.ones(2)), jnp.mean(jnp.exp(logs))))
    shown = [float(gini(jnp.full(2, at))) for at in np.linspace(0, histogram.STEP, 33)]
    assert min(shown) > 0.0017
    assert max(shown) < 0.0026 < histogram.GINI_RESOLUTION
    # Any two incomes: the error stays below the resolution, so that a Gini above it is not zero.
    for distance in (0.001, 0.005, 0.02, 0.3):
        low, high = np.exp([0.0, distance])
        for at in np.linspace(0, histogram.STEP, 9):
            exact = (high - low) / (4 * (high + low) / 2)
            assert abs(float(gini(jnp.array([at, at + distance]))) - exact) < histogram.GINI_RESOLUTION


def test_an_economy_with_equal_capital_incomes_is_marked():
    """Everybody owns the same: the Gini of capital income is zero, and the grid shows 0.002."""
    params = Parameters(ownership_sd=0.0, asset_sd=1e-9, cumulative_advantage=0.0)
    equal = simulate(params, draw(0), replications=[draw(1), draw(2)])
    assert 0 < equal.before["gini_capital"] < histogram.GINI_RESOLUTION
    assert equal.below_resolution == ("gini_capital",)
    (row,) = (line for line in str(equal).splitlines() if line.startswith("gini_capital"))
    assert row.endswith("< grid")
    assert "a Gini under 0.0039 may be zero" in str(equal)


def test_a_usual_economy_is_not_marked(simulation):
    assert simulation.below_resolution == ()
    assert "resolution" not in str(simulation)
