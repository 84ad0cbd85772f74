"""The size of the population follows from the noise that is tolerated."""

import numpy as np
import pytest

from aigini.bayes import size
from aigini.errors import AnalysisError

SE, SD = {"m1": 0.5, "m6": 0.01}, {"gini_total": 0.005}


def draw(n_workers, seed, floor=0.0):
    spread = np.hypot(np.array([1.0, 0.4, 0.4]) / np.sqrt(n_workers), floor)
    return 0.3 + np.random.default_rng([n_workers, seed]).standard_normal(3) * spread


def choose(limit, given=None, smallest=16, of=draw):
    return size.choose(of, SE, SD, limit, given, smallest)


def test_noise_is_the_spread_over_other_draws_in_the_unit_of_each_number():
    found = size.noise(draw, 10_000, {**SE, **SD})
    # Sixteen draws leave a standard deviation uncertain by 18 %.
    assert found["m1"] == pytest.approx(0.01 / 0.5, rel=0.6)
    assert found["m6"] == pytest.approx(0.004 / 0.01, rel=0.6)
    assert found["gini_total"] == pytest.approx(0.004 / 0.005, rel=0.6)


def test_workers_are_doubled_until_moments_and_outcomes_are_quiet_enough():
    found = choose(0.2)
    sizes = list(found.noise)
    assert sizes == [size.SMALLEST << k for k in range(len(sizes))]
    assert len(sizes) > 1
    assert found.n_workers == sizes[-1]
    assert found.quiet
    assert found.largest(found.n_workers) <= 0.2
    assert all(found.largest(n) > 0.2 for n in sizes[:-1])
    # The outcome decides, which the posterior spreads less than the target's standard error.
    assert found.outcome_noise[sizes[-2]]["gini_total"] > 0.2
    assert found.worst[0] == "m6"
    assert "m6" in str(found)
    assert "(posterior.noise_share), not population.n_workers" in str(found)
    assert f"{found.outcome_noise[found.n_workers]['gini_total']:.3f} of the posterior s.d. of gini_total" in str(found)


def test_a_given_size_is_kept_and_its_noise_reported():
    found = choose(0.001, given=2000)
    assert (found.n_workers, found.limit) == (2000, None)
    assert str(found).startswith("2,000 workers: posterior.n_workers, not population.n_workers;")
    assert found.worst[1] > 0.1
    assert found.outcome_noise[2000]["gini_total"] > 0.1


def test_the_population_has_at_least_as_many_workers_as_its_firms_need():
    assert next(iter(choose(10.0, smallest=100_000).noise)) == 1 << 17


def test_noise_that_no_population_brings_down_is_reported_and_not_refused():
    found = choose(1e-6)
    assert not found.quiet
    assert found.n_workers == size.LARGEST  # it falls to the end
    firms = choose(0.05, of=lambda n_workers, seed: draw(n_workers, seed, floor=0.002))
    assert not firms.quiet
    # More workers do not help against noise that comes from the firms, and none are wasted on it.
    assert firms.n_workers < size.LARGEST
    assert firms.largest(firms.n_workers) <= size.NEARLY * min(firms.largest(n) for n in firms.noise)
    assert "stays above the 0.05 asked for" in str(firms)


def test_the_size_does_not_depend_on_the_seed_of_the_population():
    seeds = []

    def watched(n_workers, seed):
        seeds.append(seed)
        return draw(n_workers, seed)

    choose(10.0, of=watched)
    assert seeds == list(range(size.PILOT_SEED, size.PILOT_SEED + size.REPLICATIONS))


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(AnalysisError, match="not finite"):
        choose(1.0, of=lambda n_workers, seed: np.full(3, np.nan))
