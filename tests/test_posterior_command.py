"""`aigini posterior` from the command to its files, killed on the way and resumed."""

import dataclasses
import importlib.util
import json
import subprocess
import sys

import equinox as eqx
import h5py
import numpy as np
import pytest
from jaxtyping import Array, Float

import aigini
from aigini import cli
from aigini.bayes.laplace import Laplace
from aigini.bayes.model import build as build_model
from aigini.commands import posterior_problem
from aigini.commands.posterior_problem import posterior_likelihood
from aigini.commands.registry import load_result
from aigini.commands.sampling import mode_parameters
from aigini.commands.source import Source
from aigini.config import Config, load
from aigini.errors import AnalysisError, CheckpointError, ConfigError, MissingExtraError, OutputError
from aigini.parameters import problems
from aigini.runtime.evaluations import kept_in
from aigini.runtime.progress import watched
from aigini.storage.ledger import Ledger

pytestmark = pytest.mark.usefixtures("numpyro_rules")

SMALL = {
    "population.n_workers": 2048,
    "population.n_firms": 64,
    "posterior.n_workers": 2048,
    "posterior.chains": 2,
    "posterior.warmup": 100,
    "posterior.draws": 40,
    "posterior.checkpoint_every": 20,
}
FLAGS = [flag for key, value in SMALL.items() for flag in ("--set", f"{key}={value}")]


def test_devices_are_for_chains_here():
    with pytest.raises(AnalysisError, match=r"population\.devices = 2, but here chains are divided among devices"):
        aigini.posterior(None, **{**SMALL, "population.devices": 2})


class Killed(Exception):
    """Stands for kill -9: nothing is tidied up, what is on disk is all there is."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder whose run was killed in the middle of the chains and then resumed by the command."""
    folder = tmp_path_factory.mktemp("posterior")

    def watch(part, done, total):
        if part == "NUTS" and done == 3:
            raise Killed

    config = load(None, SMALL)
    ledger = Ledger(folder, config, repr(("posterior", {})), resume=False)
    with pytest.raises(Killed), kept_in(ledger), watched(watch):
        aigini.posterior(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["aigini", "posterior", "--out", str(folder), "--resume", *FLAGS])
        cli.app(standalone_mode=False)
    return folder


@pytest.mark.slow
def test_a_resumed_run_has_the_draws_of_an_uninterrupted_one(run):
    resumed = load_result(run, "posterior")
    whole = aigini.posterior(None, **SMALL)
    for name, values in whole.draws.parameters.items():
        np.testing.assert_array_equal(values, resumed.draws.parameters[name])
    for name, values in whole.draws.outcomes.items():
        np.testing.assert_array_equal(values, resumed.draws.outcomes[name])
    assert str(resumed).splitlines()[-1] == str(whole).splitlines()[-1]
    assert not (run / "evaluations.jsonl").exists()


@pytest.mark.slow
def test_what_the_result_says_follows_from_its_draws(run):
    found = load_result(run, "posterior")
    change = found.draws.outcomes["gini_total"]
    by_population = found.populations.rises["total"]
    assert by_population[0] == pytest.approx(np.mean(change > 0))
    assert len(by_population) == 9
    rises = found.rises["total"]
    assert rises.value == pytest.approx(by_population.mean())
    # Two thousand workers leave the sign to the draw of the population, and that is in the error.
    assert rises.population_error == pytest.approx(by_population.std(ddof=1) / 3)
    assert rises.population_error > 0.01
    assert rises.total_error == pytest.approx(np.hypot(rises.monte_carlo_error, rises.population_error))
    assert found.summary["xi"].mean == pytest.approx(found.draws.parameters["xi"].mean())
    assert np.all((found.draws.parameters["xi"] > 0.05) & (found.draws.parameters["xi"] < 0.15))
    assert found.gradients >= found.draws.statistics["n_steps"].sum()
    assert set(found.size.noise[2048]) == set(found.targets)
    assert set(found.size.outcome_noise[2048]) == {"gini_total", "gini_wage"}
    assert found.averages["xi"].mean.value == pytest.approx(found.summary["xi"].mean, abs=0.01)
    assert all(gain.population_error is not None for gain in found.information["total"].gains)
    # Eighty draws are too few, and nobody is allowed to miss that: no answer is printed that they cannot carry.
    assert not found.health.good
    assert str(found).startswith("NOT TO BE USED AS IT IS")
    assert not any(answer in str(found) for answer in found.answers)
    healthy = dataclasses.replace(found, health=dataclasses.replace(found.health, marks=()))
    assert healthy.health.good
    assert str(healthy).startswith("\n".join(found.answers))


@pytest.mark.slow
def test_parameters_of_the_result_keep_the_tie_and_are_a_point_of_the_parameter_space(run):
    found = load_result(run, "posterior")
    assert found.params["eta0"] == 1 - found.params["eta1"]
    assert found.params["eta1"] != pytest.approx(load(None).params.eta1)
    assert problems(found.params) == []


class Nothing(eqx.Module):
    """Moments that are not needed."""

    def __call__(self, natural: Float[Array, " parameters"]) -> Float[Array, " moments"]:
        return natural[:6]


@pytest.mark.parametrize("tie", ["eta0 = 1 - eta1", "none"])
def test_the_mode_keeps_the_tie(tie):
    config = load(None, {"calibration.tie": tie, "params.eta0": 0.7})
    model = build_model(Nothing(), posterior_likelihood(config), config.posterior.priors)
    centre = model.unconstrained({**{name: prior.center for name, prior in model.priors}, "eta1": 0.9})
    names = model.names
    mode = Laplace(names, np.array([centre[name] for name in names]), np.eye(len(names)), 0.0, 0.0, True)
    found = mode_parameters(config, model, mode)
    assert found["eta1"] == pytest.approx(0.9)
    assert found["eta0"] == (0.7 if tie == "none" else 1 - found["eta1"])
    assert problems(found) == []


def test_an_economy_may_be_asked_about_whatever_the_seed_of_its_population(monkeypatch):
    """Noise is measured on the same populations for every seed, and no size of it is refused."""
    noise = {"m6": 0.02, "gini_total": 0.02}
    drawn = []

    class Noisy:
        def __init__(self, population, scenario, moments):
            self.population, self.moments = population, moments

        def one(self, values):
            drawn.append(self.population)
            rng = np.random.default_rng(self.population)
            return noise["gini_total"] * rng.standard_normal(len(self.moments))

    monkeypatch.setattr(posterior_problem, "OutcomeMap", Noisy)
    monkeypatch.setattr(posterior_problem, "_starting_values", lambda config: config.params.as_dict())
    monkeypatch.setattr(
        posterior_problem, "_outcome_sd", lambda config, values: {"gini_total": 5e-3, "gini_wage": 5e-3}
    )
    monkeypatch.setattr(Config, "draw", lambda self, seed, n_workers: [seed, n_workers])
    sizes = set()
    for seed in range(32):
        _, size = posterior_problem.prepared(Source(load(None, {"population.seed": seed})))
        sizes.add(size.n_workers)
        assert not size.quiet
    assert len(sizes) == 1
    # From 2^15, where the default 16,384 firms have two workers each, to 2^21.
    assert len({tuple(one) for one in drawn}) == 7 * 16


@pytest.mark.slow
def test_arviz_alone_opens_the_file(run):
    program = (
        "import sys, warnings; warnings.simplefilter('ignore'); import arviz; "
        "data = arviz.from_netcdf(sys.argv[1]); "
        "print(data['posterior']['xi'].shape, data['posterior']['widens_total'].shape, "
        "data['sample_stats']['diverging'].dtype, data['observed_data']['m1'].shape, "
        "data['posterior_predictive']['m6'].dims, data['prior']['xi'].shape, 'aigini' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(run / "posterior.nc")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "(2, 40) (2, 40) bool () ('chain', 'draw') (1, 1000) False"


@pytest.mark.slow
def test_the_run_folder_is_complete_and_figures_come_from_it(run, capsys, monkeypatch):
    content = json.loads((run / "posterior.json").read_text())
    assert content["run"]["config"]["posterior"]["draws"] == 40
    assert {"numpyro", "arviz"} <= set(content["run"]["versions"])
    drawn = {path.name for path in (run / "figures").glob("*.png")}
    assert drawn
    for path in (run / "figures").iterdir():
        path.unlink()
    monkeypatch.setattr(sys, "argv", ["aigini", "figures", str(run)])
    cli.app(standalone_mode=False)
    assert {path.name for path in (run / "figures").glob("*.png")} == drawn


@pytest.mark.slow
def test_figures_of_draws_that_belong_to_another_run_are_refused(run, tmp_path):
    for name in ("posterior.json", "posterior.nc"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    record = json.loads((run / "posterior.json").read_text())["run"]
    with h5py.File(tmp_path / "posterior.nc", "a") as file:
        assert (file.attrs["config_sha256"], file.attrs["run_id"]) == (load(None, SMALL).digest, record["run_id"])
        load_result(tmp_path, "posterior")
    for name in ("run_id", "config_sha256"):
        with h5py.File(tmp_path / "posterior.nc", "a") as file:
            file.attrs[name] = "other"
        with pytest.raises(OutputError, match=r"posterior\.nc: belongs to another run than posterior\.json"):
            load_result(tmp_path, "posterior")
        with h5py.File(tmp_path / "posterior.nc", "a") as file:
            file.attrs[name] = record[name]


@pytest.mark.slow
def test_evaluations_of_another_question_are_refused(run, tmp_path):
    config = load(None, SMALL)
    Ledger(tmp_path, config, "posterior", resume=False)
    with pytest.raises(CheckpointError, match="another configuration"):
        Ledger(tmp_path, load(None, {**SMALL, "priors.xi.high": 0.2}), "posterior", resume=True)


def test_without_numpyro_the_command_says_how_to_install_it(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "numpyro" else find(name))
    with pytest.raises(MissingExtraError, match=r"pip install 'aigini\[posterior\]'"):
        aigini.posterior()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"posterior.free": ["alfa"]}, "did you mean alpha"),
        ({"posterior.free": ["eta0"]}, "posterior.free has eta0"),
        ({"posterior.free": ["psi"]}, r"no \[priors.psi\]"),
        ({"posterior.free": ["xi", "xi"]}, "names a parameter twice"),
        ({"posterior.free": []}, "at least 1"),
        ({"posterior.m6": "flat"}, "posterior.m6"),
        ({"posterior.m6_low": 0.1}, "not a range"),
        ({"posterior.chains": 1}, "posterior.chains = 1"),
        ({"posterior.warmup": 10}, "posterior.warmup = 10"),
        ({"posterior.draw": 10}, "did you mean draws"),
        ({"posterior.populations": 1}, "posterior.populations = 1"),
        ({"posterior.population_draws": 20}, "posterior.population_draws = 20"),
        ({"priors.xi.low": -0.1}, "not a range inside"),
        ({"priors.xi.lo": 0.1}, "did you mean low"),
        ({"alternatives.xi.anything.lo": 0.1}, "did you mean low"),
        ({"alternatives.xi.anything.low": -0.1}, "alternatives.xi.anything = .* is not a range inside"),
        ({"priors.zeta.distribution": "normal"}, "priors.zeta: there is nothing called zeta"),
    ],
)
def test_a_wrong_belief_is_one_clear_sentence(change, sentence):
    with pytest.raises(ConfigError, match=sentence):
        load(None, change).require("posterior")
