"""Simulation-based calibration: it passes what is right and finds what is wrong."""

import json
import pathlib

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float
from scipy import stats

from aigini.bayes.likelihood import build
from aigini.bayes.model import build as build_model
from aigini.bayes.priors import Prior
from aigini.bayes.sbc import Calibrated, calibrate
from aigini.bayes.settings import NutsSettings
from aigini.commands.posterior_problem import posterior_likelihood, posterior_simulator
from aigini.config import load
from aigini.errors import AnalysisError
from aigini.runtime.evaluations import Cache, kept_in

pytestmark = pytest.mark.usefixtures("numpyro_rules")

ROOT = pathlib.Path(__file__).resolve().parent.parent
SETTINGS = NutsSettings(warmup=100, draws=256)
PRIORS = {
    "alpha": Prior("normal", (0.0, 1.0), (-np.inf, np.inf)),
    "xi": Prior("uniform", (0.05, 0.15), (0.0, 1.0)),
}


class Curved(eqx.Module):
    scale: Float[Array, ""]

    def __call__(self, natural: Float[Array, " parameters"]) -> Float[Array, " moments"]:
        return jnp.stack([natural[0] * jnp.exp(self.scale * natural[1]), natural[0] + natural[1]])


def model(belief="normal"):
    likelihood = build(("m1", "m6"), np.zeros(2), np.diag([0.3**2, 0.5**2]), belief, (-1.0, 1.0))
    return build_model(Curved(jnp.asarray(5.0)), likelihood, PRIORS)


def test_a_right_sampler_passes():
    found = calibrate(model(), 128, SETTINGS, batch=64)
    assert found.ranks.shape == (128, 2)
    assert found.passed, str(found)
    for share in (found.coverage()[name]["90%"] for name in found.names):
        assert abs(share - 0.9) < 4 * np.sqrt(0.09 / 128)
    assert "uniform" in str(found)


def test_a_sampler_of_another_posterior_is_found_out():
    class Misread(Cache):
        """Hands back ranks of draws that are too narrow by half."""

        def get(self, key, compute):
            found = compute()
            half = SETTINGS.draws // 4 / 2
            ranks = np.clip(half + (np.array(found["ranks"]) - half) * 2, 0, 2 * half).astype(int)
            return {**found, "ranks": ranks.tolist()}

    with kept_in(Misread()):
        found = calibrate(model(), 128, SETTINGS, batch=64)
    assert not found.passed
    assert found.coverage()["alpha"]["50%"] < 0.4


def test_uniform_ranks_pass_and_shifted_ones_do_not():
    rng = np.random.default_rng(0)
    even = rng.integers(0, 101, size=(256, 3))
    quiet = Calibrated(("a", "b", "c"), even, 100, np.zeros(256), 0)
    assert quiet.passed
    shifted = even.copy()
    shifted[:, 1] = np.minimum(100, shifted[:, 1] + 12)
    assert not Calibrated(("a", "b", "c"), shifted, 100, np.zeros(256), 0).passed


def test_a_latent_m6_cannot_be_simulated():
    with pytest.raises(AnalysisError, match="latent m6"):
        calibrate(model("uniform"), 64, SETTINGS, batch=64)
    with pytest.raises(ValueError, match="multiple of batch"):
        calibrate(model(), 65, SETTINGS, batch=64)


@pytest.mark.slow
def test_the_economy_itself_at_a_few_posteriors():
    settings = {"population.n_workers": 1024, "population.n_firms": 50}
    config = load(None, settings)
    economy = build_model(
        posterior_simulator(config, config.draw()), posterior_likelihood(config), config.posterior.priors
    )
    found = calibrate(economy, 8, NutsSettings(warmup=50, draws=48, max_tree_depth=4), batch=8)
    assert found.ranks.shape == (8, 7)
    # Eight posteriors tell no more than that ranks are neither all at one end nor all in the middle.
    level = (found.ranks + 0.5) / (found.draws + 1)
    assert stats.kstest(level.reshape(-1), "uniform").pvalue > 1e-3, str(found)
    assert found.divergences.sum() <= 8


def test_the_committed_calibration_of_the_economy_passed():
    content = json.loads((ROOT / "experiments" / "sbc" / "sbc.json").read_text())
    found = Calibrated(
        tuple(content["names"]),
        np.array(content["ranks"]),
        content["draws"],
        np.array(content["divergences"]),
        content["impossible_prior_draws"],
    )
    assert len(found.ranks) >= 128
    assert found.passed
    assert content["coverage"] == found.coverage()
    for name, shares in found.coverage().items():
        for level in (0.5, 0.9):
            error = np.sqrt(level * (1 - level) / len(found.ranks))
            assert abs(shares[f"{level:.0%}"] - level) < 3 * error, name
