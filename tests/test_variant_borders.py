"""Joint conditions of the variants: what has no economy is refused with a remedy, and all else has an equilibrium."""

import math

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from scipy.stats import norm

import aigini
from aigini.economy.economy import solve
from aigini.errors import ConfigError

REMEDIES = ("set ", "use ", "raise ", "lower ", "bring ", "the default is")
SMALLEST_RHO, HEAVIEST = 0.05, 1e-3


def missed_share_of_squares(tail, skew, sd):
    """Largest relative error of E[θ²] in an occupation on 13 Gauss-Hermite nodes, by the trapezoidal rule."""
    nodes, masses = np.polynomial.hermite_e.hermegauss(13)

    def bent(u):
        return np.sinh(tail * np.arcsinh(u) + skew)

    weights = masses / masses.sum()
    mean = weights @ bent(nodes)
    scale = math.sqrt(weights @ (bent(nodes) - mean) ** 2)
    fine = np.linspace(-13, 13, 20001)
    density = norm.pdf(fine) / norm.pdf(fine).sum()
    gaps = []
    for o in range(16):
        centre = 0.5 * norm.ppf((o + 0.5) / 16)
        ours, exact = (
            w @ np.exp(2 * sd * (bent(centre + math.sqrt(0.75) * u) - mean) / scale)
            for u, w in ((nodes, weights), (fine, density))
        )
        gaps.append(abs(ours / exact - 1))
    return max(gaps)


@pytest.fixture(scope="module")
def residuals():
    """Largest violation of the fixed point in both states, and output there; numbers of mechanisms are data."""

    @jax.jit
    def both(params, scenario):
        market = solve(params, scenario, jnp.zeros((3, 2))).states.market
        return market.residual, market.output

    def of(config):
        scenario = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), config.scenario)
        return jax.device_get(both(config.params, scenario))

    return of


@settings(max_examples=40)
@example(rho=-0.5, tail=1.0, skew=0.0, sd=0.55, before=0.0, eta1=0.4, alpha=0.8, intensity=0.3)
@example(rho=0.04, tail=1.0, skew=0.0, sd=0.55, before=0.5, eta1=1.0, alpha=0.0, intensity=-0.1)
@example(rho=-0.5, tail=1.6, skew=0.0, sd=0.9, before=0.5, eta1=0.4, alpha=0.8, intensity=0.0)
@given(
    rho=st.floats(-4.5, 1.2),
    tail=st.floats(0.4, 1.7),
    skew=st.floats(-1.1, 1.1),
    sd=st.floats(0.2, 0.9),
    before=st.sampled_from((0.0, 0.5)),
    eta1=st.one_of(st.floats(0.0, 0.95), st.just(1.0)),
    alpha=st.one_of(st.floats(0.05, 2.0), st.just(0.0)),
    intensity=st.floats(-0.2, 2.0),
)
def test_an_economy_is_refused_with_a_remedy_or_has_an_equilibrium(
    residuals, rho, tail, skew, sd, before, eta1, alpha, intensity
):
    asked = {
        "model.technology": "ces",
        "model.human_capital": "additive",
        "model.reach": "uniform",
        "model.ability": "sinh_arcsinh",
        "model.skills": "two",
        "mechanisms.technology.rho": rho,
        "mechanisms.ability.ability_tail": tail,
        "mechanisms.ability.ability_skew": skew,
        "mechanisms.skills.social_intensity": intensity,
        "params.ability_sd": sd,
        "params.eta1": eta1,
        "params.eta0": 1 - eta1,
        "params.alpha": alpha,
        "scenario.A0": before,
    }
    bounds = not (-4 <= rho < 1 and 0.5 <= tail <= 1.6 and abs(skew) <= 1 and intensity >= 0)
    joint = abs(rho) < SMALLEST_RHO or (rho < 0 and before == 0) or eta1 == 1 or alpha == 0
    gap = missed_share_of_squares(tail, skew, sd) if 0.5 <= tail <= 1.6 and abs(skew) <= 1 else 0.0
    refusal, config = "", None
    try:
        config = aigini.load(None, asked)
    except ConfigError as error:
        refusal = str(error)
    if config is None:
        assert bounds or joint or gap > 0.99 * HEAVIEST, refusal
        for line in refusal.splitlines():
            assert any(remedy in line for remedy in REMEDIES), line
        return
    assert not bounds
    assert not joint
    assert gap < 1.01 * HEAVIEST
    residual, output = residuals(config)
    assert np.all(residual < 1e-9)
    assert np.all(np.isfinite(output))
