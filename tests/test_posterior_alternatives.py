"""The table of beliefs, where its probabilities are known."""

import json

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float
from scipy.integrate import quad
from scipy.stats import norm

import aigini
from aigini.bayes.alternatives import table
from aigini.bayes.likelihood import build
from aigini.bayes.model import build as build_model
from aigini.bayes.priors import Prior
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.errors import AnalysisError
from aigini.runtime.evaluations import Cache, kept_in
from aigini.storage import results

pytestmark = pytest.mark.usefixtures("numpyro_rules")

REAL = (-np.inf, np.inf)
SE = np.array([0.5, 0.8])
PRIORS = {"narrow": (0.3, 0.2), "wide": (0.0, 3.0)}
OTHERS = {"moderate": (0.0, 0.5)}
EVERY = {**PRIORS, **OTHERS}
BELIEFS = {"0.1": ("normal", 0.1), "0.9": ("normal", 0.9), "window": ("uniform", 0.0), "unknown": ("improper", 0.0)}
WINDOW = (-1.0, 0.5)
SHIFTS = (0.0, 0.3, -0.2, 0.1, -0.4, 0.2)
"""What each population adds to the change of the Gini."""


class Sum(eqx.Module):
    weight: Float[Array, " parameters"]

    def __call__(self, natural: Float[Array, " parameters"]) -> Float[Array, " moments"]:
        return jnp.stack([natural[0], self.weight @ natural])


def model(prior, belief):
    kind, target = BELIEFS[belief]
    likelihood = build(("m1", "m6"), np.array([0.2, target]), np.diag(SE**2), kind, WINDOW)
    priors = {"alpha": Prior("normal", (0.0, 1.0), REAL), "xi": Prior("normal", EVERY[prior], REAL)}
    return build_model(Sum(jnp.asarray([1.0, -1.0])), likelihood, priors)


def simulate(natural, population=0):
    change = natural[:, 0] - natural[:, 1] + SHIFTS[population]
    return np.stack([natural[:, 0], change], axis=1), {"total": change, "wage": -change}


def exact(prior, belief, shift=0.0):
    """P(alpha - xi + shift > 0): the difference is normal given m1, and m6 weighs it."""
    kind, target = BELIEFS[belief]
    mean, sd = EVERY[prior]
    precision = 1 + 1 / SE[0] ** 2
    center, spread = 0.2 / SE[0] ** 2 / precision - mean + shift, np.sqrt(1 / precision + sd**2)

    def weight(change):
        if kind == "normal":
            return norm.pdf(target, change, SE[1])
        if kind == "uniform":
            return norm.cdf((WINDOW[1] - change) / SE[1]) - norm.cdf((WINDOW[0] - change) / SE[1])
        return 1.0

    def mass(low, high):
        return quad(lambda x: norm.pdf(x, center, spread) * weight(x), low, high, epsabs=1e-12)[0]

    edge = 10 * spread
    return mass(0, center + edge) / (mass(center - edge, 0) + mass(0, center + edge))


@pytest.fixture(scope="module")
def found():
    models = {prior: {belief: model(prior, belief) for belief in BELIEFS} for prior in PRIORS}
    return table("xi", models, np.zeros(2), simulate, count=4000)


def test_every_cell_is_the_posterior_probability(found):
    assert len(found.cells) == 8
    for cell in found.cells:
        truth = exact(cell.prior, cell.m6)
        assert abs(cell.rises["total"].value - truth) < 4 * cell.rises["total"].mcse, (cell.prior, cell.m6)
        assert cell.rises["total"].mcse < 0.02
        assert cell.rises["wage"].value == pytest.approx(1 - cell.rises["total"].value)
        assert cell.reliable


def test_the_table_survives_being_written_and_is_drawn(found, tmp_path):
    results.save(tmp_path, "beliefs", found, {})
    again = load_result(tmp_path, "beliefs")
    assert str(again) == str(found)
    assert [path.name for path in aigini.draw(again, tmp_path)] == ["probability_by_belief.png"]


def test_cells_that_were_done_are_not_done_again(found):
    def never(natural, population):
        raise AssertionError(natural)

    cache = Cache()
    kept = [
        {
            "rises": {name: [p.value, p.mcse] for name, p in cell.rises.items()},
            "pareto_k": cell.pareto_k,
            "ess": cell.ess,
            "by_population": {name: list(values) for name, values in cell.by_population.items()},
        }
        for cell in found.cells
    ]
    for i, numbers in enumerate(kept):
        cache.get(f"beliefs/{i}", lambda numbers=numbers: json.loads(json.dumps(numbers)))
    models = {prior: {belief: model(prior, belief) for belief in BELIEFS} for prior in PRIORS}
    with kept_in(cache):
        assert str(table("xi", models, np.zeros(2), never)) == str(found)


def test_points_without_an_economy_have_no_weight_and_poor_weights_are_marked():
    def half(natural, population):
        moments, changes = simulate(natural, population)
        moments[natural[:, 1] > 0] = np.nan
        return moments, changes

    models = {"wide": {"unknown": model("wide", "unknown")}}
    cut = table("xi", models, np.zeros(2), half, count=4000)
    assert cut.cells[0].rises["total"].value > exact("wide", "unknown") + 0.1
    few = table("xi", models, np.zeros(2), simulate, count=60)
    assert not few.cells[0].reliable
    assert "not reliable" in str(few)


@pytest.fixture(scope="module")
def averaged():
    models = {prior: {belief: model(prior, belief) for belief in BELIEFS} for prior in ("narrow", "moderate")}
    return table("xi", models, np.zeros(2), simulate, count=1200, populations=len(SHIFTS))


def test_draws_that_take_turns_give_the_average_over_populations_and_its_error(averaged):
    for cell in averaged.cells:
        truth = np.array([exact(cell.prior, cell.m6, shift) for shift in SHIFTS])
        found = cell.rises["total"]
        np.testing.assert_allclose(cell.by_population["total"], truth, atol=0.17)  # two hundred draws on each
        assert abs(found.value - truth.mean()) < 4 * found.mcse, (cell.prior, cell.m6)
        # The priors share the shift of each population; what is left of Monte Carlo error makes it larger.
        spread = truth.std(ddof=1) / len(SHIFTS) ** 0.5
        assert spread / 1.6 < found.population_error < 2.5 * spread, (cell.prior, cell.m6)
        assert found.error == pytest.approx(np.hypot(found.mcse, found.population_error))
        assert found.error > found.mcse


def test_cells_are_put_on_a_side_only_out_of_their_total_error(averaged):
    text = str(averaged)
    for cell in averaged.cells:
        found = cell.rises["total"]
        assert cell.side("total") == (0 if abs(found.value - 0.5) <= 2 * found.error else np.sign(found.value - 0.5))
    unsure = sum(cell.side("total") == 0 for cell in averaged.cells)
    assert 0 < unsure < 8
    assert text.startswith(f"The sign of the change of the Gini of total income is open in {unsure} of 8 cells")
    assert "6 populations" in text
    assert "apart are not to be ranked" in text


def test_one_population_has_no_error_of_its_own(found):
    assert all(cell.rises["total"].population_error is None for cell in found.cells)
    assert "conditional on the population that was drawn" in str(found)


def test_a_table_without_alternatives_is_refused():
    moments = ["m1", "m2", "m3", "m4", "m5"]
    config = load(None, {"calibration.moments": moments, "calibration.free": ["alpha"]})
    with pytest.raises(AnalysisError, match=r"needs m6 among calibration\.moments"):
        aigini.beliefs(config)
    with pytest.raises(AnalysisError, match=r"needs \[alternatives\.NAME\.LABEL\] priors"):
        aigini.beliefs(load(None, {"alternatives": None}))
