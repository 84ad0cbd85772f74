"""The size of the population follows from the noise that is tolerated."""

import numpy as np
import pytest

from aigini.analysis.pieces import Pieces
from aigini.bayes import size
from aigini.errors import AnalysisError

SE = {"m1": 0.5, "m6": 0.01}


def draw(n_workers, seed):
    spread = np.array([1.0, 0.4]) / np.sqrt(n_workers)
    return 0.3 + np.random.default_rng([n_workers, seed]).standard_normal(2) * spread


def choose(limit, given=None, smallest=16):
    return size.choose(draw, SE, limit, given, smallest, Pieces())


def test_noise_is_the_spread_over_other_draws_in_standard_errors():
    found = size.noise(draw, 10_000, SE)
    # Sixteen draws leave a standard deviation uncertain by 18 %.
    assert found["m1"] == pytest.approx(0.01 / 0.5, rel=0.6)
    assert found["m6"] == pytest.approx(0.004 / 0.01, rel=0.6)


def test_workers_are_doubled_until_the_noisiest_moment_is_quiet_enough():
    found = choose(0.1)
    sizes = list(found.noise)
    assert sizes == [size.SMALLEST << k for k in range(len(sizes))]
    assert found.n_workers == sizes[-1]
    assert max(found.noise[found.n_workers].values()) <= 0.1
    assert all(max(found.noise[n].values()) > 0.1 for n in sizes[:-1])
    assert found.worst[0] == "m6"
    assert "m6" in str(found)
    assert "(posterior.noise_share), not population.n_workers" in str(found)


def test_a_given_size_is_kept_and_its_noise_reported():
    found = choose(0.001, given=2000)
    assert (found.n_workers, found.limit) == (2000, None)
    assert str(found).startswith("2,000 workers: posterior.n_workers, not population.n_workers;")
    assert found.worst[1] > 0.1


def test_the_population_has_at_least_as_many_workers_as_its_firms_need():
    assert next(iter(choose(10.0, smallest=100_000).noise)) == 1 << 17


def test_noise_that_no_population_brings_down_is_an_error():
    with pytest.raises(AnalysisError, match=r"simulation noise of m6 is .* raise noise_share"):
        choose(1e-6)
