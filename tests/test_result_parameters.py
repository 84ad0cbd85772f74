"""Every result that carries parameters carries those of the economy whose numbers stand beside them.

The tie η0 = 1 - η1 holds for them, they are a point of the parameter space, and simulating there gives the reported
numbers again.
"""

import dataclasses
import importlib
import pkgutil

import equinox as eqx
import jax
import numpy as np
import pytest

import aigini
from aigini.analysis import policy as policy_module
from aigini.analysis.identification import sign as sign_module
from aigini.analysis.policy import LEVERS
from aigini.analysis.regimes.distance import distances
from aigini.config import load
from aigini.parameter_space import pack, unpack
from aigini.parameters import problems
from aigini.statistics.outcomes import OUTCOME_NAMES, outcomes

# The sizes of tests/test_analysis.py and tests/test_policy.py, whose compiled programs are shared.
SMALL = {"population.n_workers": 4096, "population.n_firms": 60, "calibration.replications": 0}

ELSEWHERE = {
    "Calibration": "tests/test_estimation.py",
    "Explorer": "estimates that a run starts from; the economy there is that of `at_estimates`: tests/test_explore.py",
    "Config": "parameters that were given, checked when they are read",
    "Posterior": "the tests of the posterior",
    "Setting": "parameters that were given, of a point of a diagram: tests/test_dynamics_phases.py",
    "Regime": "an economy at given η1 in `oews`, whose Gini is that of a ridge: tests/test_oews_surveys.py",
    "Estimates": "what a run starts from, refused unless they are those of the economy: tests/test_from_run.py",
}


@pytest.fixture(scope="module")
def config():
    return load(None, SMALL)


@pytest.fixture(scope="module")
def case(config):
    return aigini.at_estimates(config)


@pytest.fixture(scope="module")
def again(config):
    """`again(params)`: all responses by name, simulated anew and not by the program behind the analyses."""
    population = config.draw(precision="float64")
    compiled = jax.jit(lambda vector: outcomes(unpack(vector), population, config.scenario))
    return lambda params: dict(zip(OUTCOME_NAMES, np.asarray(compiled(pack(params))).tolist(), strict=True))


def simulation(config, case, monkeypatch):
    result = aigini.simulate(None, **SMALL, **{"population.precision": "float64"})
    return result, {
        "m1": result.moments["m1"],
        "m4": result.moments["m4"],
        "m5": result.moments["m5"],
        "gini_total": result.moments["m6"],
    }


def sensitivity(config, case, monkeypatch):
    result = aigini.sensitivity(config)
    return result, dict(result.changes)


def sign(config, case, monkeypatch):
    result = sign_module.sign(case, etas=(case.values["eta1"],), xis=())
    return result, {"gini_total": result.ridge[0].gini_total, "gini_wage": result.ridge[0].gini_wage}


def regimes(config, case, monkeypatch):
    few = {"eta1": (0.2, 0.8), "xi": (0.05, 0.15)}
    monkeypatch.setattr("aigini.commands.regimes.distances", lambda case, _: distances(case, few))
    result = aigini.regimes(config, planes=[("eta1", "xi")], count=3)
    return result, {f"gini_{part.concept}": part.gini_change for part in result.distances}


def channels(config, case, monkeypatch):
    result = aigini.channels(config)
    names = {"college_premium": "m3"}
    return result, {names.get(name, name): part.total for name, part in result.outcomes.items()}


def policy(config, case, monkeypatch):
    two = {name: LEVERS[name] for name in ("open_access", "slower_deployment")}
    monkeypatch.setattr(policy_module, "LEVERS", two)
    result = aigini.policy(config)
    none = [lever for lever in result.levers.values() if lever.strength[0] == 0]
    assert len(none) == 2
    return result, {
        "gini_total": none[0].gini_total[0],
        "gini_wage": none[0].gini_wage[0],
        "output": none[1].output[0],
    }


def transition(config, case, monkeypatch):
    """Its path at the settings with which the last year is the static economy."""
    constant = dict.fromkeys(("dynamics.deployment", "dynamics.capability"), "constant")
    static = {**constant, "dynamics.bargaining_erosion": 0.0, "dynamics.schooling": "static", "dynamics.years": 10}
    result = aigini.transition(None, **SMALL, **static, **{"population.precision": "float64"})
    return result, {name: values[-1] for name, values in result.paths[0].changes.items()}


def variant(config, case, monkeypatch):
    result = aigini.robustness(config, variants=["baseline"]).variants[0]
    return result, {one.quantity: one.value for one in result.of("change")}


RESULTS = {
    "Simulation": simulation,
    "SensitivityAnalysis": sensitivity,
    "Sign": sign,
    "Regimes": regimes,
    "ChannelDecomposition": channels,
    "Policy": policy,
    "VariantResult": variant,
    "Transition": transition,
}


def test_no_result_that_carries_parameters_is_left_out():
    carrying = set()
    for module in pkgutil.walk_packages(aigini.__path__, "aigini."):
        try:
            loaded = importlib.import_module(module.name)
        except ImportError:  # a part whose own dependency is not installed
            continue
        for name, found in vars(loaded).items():
            # Pytrees of compiled programs are no results.
            result = isinstance(found, type) and dataclasses.is_dataclass(found) and not issubclass(found, eqx.Module)
            if result and "params" in {field.name for field in dataclasses.fields(found)}:
                carrying.add(name)
    assert carrying == {*RESULTS, *ELSEWHERE}


@pytest.mark.slow
@pytest.mark.parametrize("name", RESULTS)
def test_the_parameters_of_a_result_are_those_of_its_numbers(name, config, case, again, monkeypatch):
    result, reported = RESULTS[name](config, case, monkeypatch)
    params = result.params
    assert params["eta0"] == pytest.approx(1 - params["eta1"], abs=1e-15)
    assert problems(params, level=float(config.scenario.A1), years=config.draw().years) == []
    found = again(params)
    assert reported
    for response, value in reported.items():
        assert found[response] == pytest.approx(value, rel=1e-9, abs=1e-12), response


@pytest.mark.slow
def test_the_points_of_a_ridge_are_those_of_its_numbers(case, again):
    eta = case.values["eta1"]
    for point in sign_module.sign(case, etas=(eta - 0.1, eta), xis=(0.3,)).ridge:
        values = {**case.values, **point.estimates, "xi": point.xi, "eta1": point.eta1}
        params = case.space.impose(values)
        assert problems(params) == []
        found = again(params)
        assert found["gini_total"] == pytest.approx(point.gini_total, rel=1e-9, abs=1e-12)
        assert found["gini_wage"] == pytest.approx(point.gini_wage, rel=1e-9, abs=1e-12)
