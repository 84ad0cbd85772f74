"""Averages over populations against a posterior that is known in closed form on every population."""

import types

import numpy as np
import pytest
from scipy.stats import norm

from aigini.bayes.information import value_of_information
from aigini.bayes.over_populations import (
    information_over,
    over_populations,
    rises_over,
    rises_within,
    scaling_over,
)
from aigini.bayes.populations import Populations, Replica, averages, mean_and_error, rows_of
from aigini.bayes.power_scaling import power_scaling
from aigini.bayes.probability import Probability, averaged, conditional, open_sentence, probability
from aigini.commands import other_populations as replicated_draws
from aigini.commands.posterior_problem import posterior_likelihood
from aigini.config import Config, load
from aigini.estimation import outcome_map
from aigini.estimation.outcome_map import OutcomeMap
from aigini.parameters import PARAMETER_NAMES
from aigini.runtime.evaluations import kept_in
from aigini.runtime.progress import watched
from aigini.statistics.outcomes import OUTCOME_NAMES
from aigini.storage.ledger import Ledger

M1, TOTAL, WAGE = (OUTCOME_NAMES.index(name) for name in ("m1", "gini_total", "gini_wage"))
SE, TARGET = 0.5, 0.4
SHIFT, MOVE = 0.15, 0.1
"""Standard deviations over populations of the change of the Gini and of the moment."""
CHAINS, DRAWS = 4, 500


def exact(shift, move):
    """Mean and s.d. of θ, and P(θ + shift > 0), given m1 = θ + move with a standard normal prior of θ."""
    precision = 1 + SE**-2
    mean = (TARGET - move) / SE**2 / precision
    sd = precision**-0.5
    return mean, sd, norm.cdf((mean + shift) / sd)


def simulate(theta, shift, move):
    """Outcomes on a population: m1 and the changes of the Ginis."""
    found = np.zeros((len(theta), len(OUTCOME_NAMES)))
    found[:, M1], found[:, TOTAL], found[:, WAGE] = theta + move, theta + shift, -theta - 10
    return found


def log_likelihood(outcomes):
    return -0.5 * ((TARGET - outcomes[:, M1]) / SE) ** 2


def populations(rng, shifts, moves, most=10_000, shape=(CHAINS, DRAWS)):
    """Independent draws of the posterior on the first population, and some of them on the others."""
    mean, sd, _ = exact(shifts[0], moves[0])
    theta = rng.normal(mean, sd, int(np.prod(shape)))
    here = simulate(theta, shifts[0], moves[0])
    replicas = []
    for k in range(1, len(shifts)):
        rows = rows_of(k - 1, len(shifts) - 1, len(theta), most)
        there = simulate(theta[rows], shifts[k], moves[k])
        replicas.append(Replica(k, rows, there, log_likelihood(there) - log_likelihood(here[rows])))
    return Populations(theta.reshape(*shape, 1), here.reshape(*shape, -1), replicas, 1.0)


def drawn(rng, count=9):
    return SHIFT * rng.standard_normal(count), MOVE * rng.standard_normal(count)


@pytest.fixture(scope="module")
def nine():
    rng = np.random.default_rng(3)
    shifts, moves = drawn(rng)
    return populations(rng, shifts, moves), shifts, moves


def test_every_population_has_its_own_posterior(nine):
    found, shifts, moves = nine
    truth = np.array([exact(shift, move) for shift, move in zip(shifts, moves, strict=True)])
    by_population = over_populations(found).rises["total"]
    np.testing.assert_allclose(by_population, truth[:, 2], atol=0.03)
    # The others are as wrong as the sampled one, but for little: the draws are the same.
    np.testing.assert_allclose(by_population[1:] - by_population[0], truth[1:, 2] - truth[0, 2], atol=0.02)
    theta = averages(found, lambda natural, _: natural[:, 0])
    assert theta.mean.value == pytest.approx(truth[:, 0].mean(), abs=4 * theta.mean.mcse)
    assert theta.mean.population_error == pytest.approx(truth[:, 0].std(ddof=1) / 3, rel=0.1)
    assert theta.sd.value == pytest.approx(truth[0, 1], abs=4 * theta.sd.mcse)
    assert theta.q5.value == pytest.approx(truth[:, 0].mean() + norm.ppf(0.05) * truth[0, 1], abs=4 * theta.q5.mcse)
    rises = rises_over(found)["total"]
    assert rises.value == pytest.approx(by_population.mean())
    assert rises.population_error == pytest.approx(by_population.std(ddof=1) / 3)
    assert rises.population_error is not None
    assert rises.total_error == pytest.approx(np.hypot(rises.monte_carlo_error, rises.population_error))


@pytest.mark.parametrize("most", [10_000, 250])
def test_the_total_error_covers_the_probability_of_an_average_population(most):
    rng = np.random.default_rng(0)
    # Over populations: the posterior mean of θ plus the shift is normal, so the mean probability is known.
    mean, sd, _ = exact(0.0, 0.0)
    spread = np.hypot(SHIFT, MOVE / SE**2 / (1 + SE**-2))
    truth = norm.cdf(mean / np.hypot(sd, spread))
    scores, old, own = [], [], []
    for _ in range(60):
        found = populations(rng, *drawn(rng), most)
        rises = rises_over(found)["total"]
        scores.append((rises.value - truth) / rises.total_error)
        sampled = over_populations(found).rises["total"][0]
        old.append((sampled - truth) / np.sqrt(truth * (1 - truth) / (CHAINS * DRAWS)))
        own.append(rises.monte_carlo_error)
    assert 0.75 < np.std(scores) < 1.3
    assert np.mean(np.abs(scores) < 2) > 0.9
    # The Monte Carlo error of one population alone is several times too small.
    assert np.std(old) > 3
    assert np.mean(own) == pytest.approx(np.sqrt(truth * (1 - truth) / (CHAINS * DRAWS)), rel=0.2)


def test_without_noise_other_populations_change_nothing():
    rng = np.random.default_rng(1)
    found = populations(rng, np.full(5, 0.1), np.zeros(5), most=100)
    rises = rises_over(found)
    alone = probability(found.all_draws()[1][:, TOTAL].reshape(CHAINS, DRAWS) > 0)
    assert rises["total"].value == pytest.approx(alone.value)
    assert rises["total"].population_error == pytest.approx(0, abs=1e-12)
    assert rises["total"].monte_carlo_error == pytest.approx(alone.monte_carlo_error)
    assert rises["wage"].certain
    assert str(rises["wage"]) == "below 0.0015 (every draw agrees, on every population)"


def test_draws_without_an_economy_on_a_population_have_no_weight_there(nine):
    found, shifts, moves = nine
    natural, here = (part.copy() for part in found.all_draws())
    there = simulate(natural[:, 0], shifts[1], moves[1])
    ratio = log_likelihood(there) - log_likelihood(here)
    gone = natural[:, 0] > 0.5
    there[gone], ratio[gone] = np.nan, -np.inf
    replica = Replica(1, np.arange(len(natural)), there, ratio)
    cut = Populations(natural.reshape(CHAINS, DRAWS, 1), here.reshape(CHAINS, DRAWS, -1), [replica], 1.0)
    mean, sd, _ = exact(shifts[1], moves[1])
    below = norm.cdf((0.5 - mean) / sd)
    wanted = 1 - norm.cdf((-shifts[1] - mean) / sd) / below
    assert over_populations(cut).rises["total"][1] == pytest.approx(wanted, abs=0.04)


def test_weights_that_cannot_be_trusted_are_marked():
    rng = np.random.default_rng(4)
    found = populations(rng, np.zeros(3), np.array([0.0, 0.0, 40.0]), most=500)
    (mark,) = found.marks
    assert mark.startswith("population 2: Pareto k")
    assert "more workers" in mark
    few = populations(rng, np.zeros(3), np.zeros(3), shape=(2, 8))
    assert len(few.marks) == 2
    assert np.isfinite(rises_over(few)["total"].value)


def test_other_draws_are_simulated_on_each_population():
    rows = [rows_of(k, 8, 4000, 500) for k in range(8)]
    assert [len(part) for part in rows] == [500] * 8
    np.testing.assert_array_equal(np.sort(np.concatenate(rows)), np.arange(4000))
    np.testing.assert_array_equal(rows_of(3, 8, 400, 500), np.arange(400))
    assert all(len(rows_of(k, 8, 1100, 500)) <= 500 for k in range(8))


def test_conditional_probabilities_carry_the_error_of_the_population(nine):
    found, shifts, _ = nine
    natural, here = found.all_draws()
    bins = conditional(here[:, TOTAL].reshape(CHAINS, DRAWS) > 0, "eta1", natural[:, 0].reshape(CHAINS, DRAWS))
    within = rises_within(found, bins, "total", parameter=0)
    # Given θ the sign is that of θ + shift.
    share = np.stack([np.clip((bins.high + shift) / (bins.high - bins.low), 0, 1) for shift in shifts])
    np.testing.assert_allclose(within.value, share.mean(axis=0), atol=0.12)
    np.testing.assert_allclose(within.population_error, share.std(axis=0, ddof=1) / 3, atol=0.05)
    np.testing.assert_allclose(within.error, np.hypot(within.monte_carlo_error, within.population_error))
    assert within.error.max() > 1.5 * bins.error.max()
    given_itself = conditional(here[:, TOTAL].reshape(CHAINS, DRAWS) > 0, "m6", here[:, TOTAL].reshape(CHAINS, DRAWS))
    itself = rises_within(found, given_itself, "total", outcome=TOTAL)
    one_sided = (given_itself.low > 0) | (given_itself.high < 0)
    assert one_sided.sum() == 9
    np.testing.assert_array_equal(itself.value[one_sided], (given_itself.low > 0)[one_sided])


def test_reliance_and_information_carry_the_error_of_the_population(nine):
    found, _, moves = nine
    natural, here = found.all_draws()

    def components(_, outcomes):
        return {"likelihood of m1": log_likelihood(outcomes)}

    def quantities(_, outcomes):
        return {"gini_total": outcomes[:, TOTAL]}

    base = power_scaling(components(natural, here), quantities(natural, here))
    derivative = scaling_over(found, base, components, quantities).effect("likelihood of m1", "gini_total").derivative
    # ln 2 cov(log L, θ): of a normal posterior ln 2 sd² (target - move - mean) / se².
    truth = [np.log(2) * sd**2 * (TARGET - move - mean) / SE**2 for move in moves for mean, sd, _ in [exact(0.0, move)]]
    assert derivative.value == pytest.approx(np.mean(truth), abs=4 * derivative.mcse)
    assert derivative.population_error == pytest.approx(np.std(truth, ddof=1) / 3, rel=0.25)

    def value(outcomes):
        return value_of_information(outcomes[:, [M1]], outcomes[:, TOTAL] > 0, np.array([SE]), ["m1"], outcomes=256)

    information = information_over(found, value(here), value, 0.7)
    bits = [value(there.outcomes).gains[0].bits for there, _ in found.resampled()]
    gain = information.gains[0]
    assert information.probability == 0.7
    assert gain.population_error is not None
    assert gain.population_error == pytest.approx(np.std([value(here).gains[0].bits, *bits], ddof=1) / 3, rel=0.3)
    assert gain.error == pytest.approx((gain.mcse**2 + gain.population_error**2) ** 0.5)
    assert "pop. s.e." in str(information)


def test_words_need_two_total_standard_errors():
    values = np.array([0.52, 0.47, 0.53])
    undecided = open_sentence("the change", Probability(0.52, 0.008, 0.013, 0.0153, False), values)
    assert undecided.startswith("The sign of the change is open: P(rise) = 0.520 ± 0.015")
    assert "2 of 3 populations put it above one half" in undecided
    # Two Monte Carlo errors alone would have called it.
    assert abs(0.52 - 0.5) > 2 * 0.008
    clear = open_sentence("the change", Probability(0.6, 0.01, 0.02, 0.0224, False), np.array([0.58, 0.62]))
    assert clear.startswith("The change: a rise is more likely")
    assert averaged(1e-14, 0.1, 0.0, 100).certain


def test_numbers_that_a_population_does_not_have_are_left_out():
    mean, error = mean_and_error(np.array([[1.0, np.nan, np.nan], [3.0, 2.0, np.nan]]))
    np.testing.assert_array_equal(mean, [2.0, 2.0, np.nan])
    np.testing.assert_array_equal(error, [1.0, np.nan, np.nan])


class Economy(OutcomeMap):
    """An outcome map of an economy that is nothing but its seed."""

    def __init__(self, seed, scenario, moments):
        del moments
        self.economy = types.SimpleNamespace(seed=seed, scenario=scenario)

    def values(self, points, batch=1):
        return super().values(points, batch)


class Program:
    """Outcomes that depend on the population and the parameters alone, and how many tiles were asked for."""

    def __init__(self):
        self.tiles, self.__qualname__ = 0, "program"

    def __call__(self, vectors, number, economy, batch):
        assert 0 < number <= len(vectors)
        self.tiles += 1
        theta = vectors[:, PARAMETER_NAMES.index("eta1")]
        found = simulate(theta, 0.01 * economy.seed, 0.02 * economy.seed)
        found[theta > 0.95] = np.nan
        return found


class Killed(Exception):
    """Stands for kill -9."""


def test_an_interrupted_run_goes_on_with_the_same_bits(monkeypatch, tmp_path):
    program = Program()
    monkeypatch.setattr(outcome_map, "_values", program)
    monkeypatch.setattr(replicated_draws, "OutcomeMap", Economy)
    monkeypatch.setattr(Config, "draw", lambda self, seed, n_workers: seed)
    config = load(None, {"population.seed": 5, "posterior.populations": 3})
    theta = np.random.default_rng(0).random((2, 200, 1))
    here = simulate(theta.reshape(-1), 0.05, 0.1).reshape(2, 200, -1)
    likelihood = posterior_likelihood(config)

    def run(cache):
        with kept_in(cache):
            return replicated_draws.replicated(config, likelihood, ("eta1",), theta, here, (2048, 150), 1.0)

    whole = run(None)
    assert whole.seeds == (6, 7, 8)
    assert program.tiles == 15  # every third of four hundred draws on each population, others on each, by 32
    for (there, _), weights in zip(whole.pairs(), whole.weights, strict=True):
        gone = there.natural[:, 0] > 0.95
        assert gone.any()
        assert not weights.values[gone].any()

    def watch(part, done, total):
        if "population 7" in part and done == 2:
            raise Killed

    with pytest.raises(Killed), watched(watch):
        run(Ledger(tmp_path, config, "posterior", resume=False))
    program.tiles = 0
    resumed = run(Ledger(tmp_path, config, "posterior", resume=True))
    assert program.tiles == 15 - 5 - 2
    for one, two in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(one.values, two.values)
    assert rises_over(resumed) == rises_over(whole)
