"""The smooth histogram: rank measures without sorting, their accuracy and their derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf, ndtr, ndtri

from aigini.statistics import histogram, sample

# A fine uniform grid with normal weights integrates a lognormal to machine precision, so that what remains is
# the histogram's own error.
SCORE = np.linspace(-9, 9, 20_001)
WEIGHT = np.exp(-(SCORE**2) / 2) / np.exp(-(SCORE**2) / 2).sum()
FRACTIONS = (0.5, 0.1, 0.01)


def lognormal(spread, location):
    """Gini and top shares of a lognormal by the histogram."""
    log_values = location + spread * jnp.asarray(SCORE)
    masses = histogram.node_masses(log_values, jnp.asarray(WEIGHT))
    mean = jnp.sum(jnp.asarray(WEIGHT) * jnp.exp(log_values))
    shares = [histogram.top_share(masses, mean, fraction) for fraction in FRACTIONS]
    return jnp.stack([histogram.gini(masses, mean), *shares])


measures_of_lognormal = jax.jit(lognormal)


def closed_form(spread):
    return np.array([erf(spread / 2), *(ndtr(spread - ndtri(1 - fraction)) for fraction in FRACTIONS)])


def from_sample(values):
    """Masses and mean of a sample."""
    values = jnp.asarray(values)
    return histogram.node_masses(jnp.log(values), jnp.ones_like(values)), jnp.mean(values)


@pytest.mark.parametrize("spread", [0.3, 0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("location", [-20.0, 0.123, 11.0])
def test_gini_and_top_shares_of_a_lognormal_have_their_closed_forms(spread, location):
    ours, exact = np.asarray(measures_of_lognormal(spread, location)), closed_form(spread)
    # At 0.5 and wider the Gini is right to 1e-8; its error grows like (grid step / spread)^4 below.
    assert ours[0] == pytest.approx(exact[0], rel=1e-8 if spread >= 0.5 else 1e-7)
    np.testing.assert_allclose(ours[1:], exact[1:], atol=3e-8)


@pytest.mark.parametrize(
    ("quantile", "expected"),
    [
        (lambda p: p, 1 / 3),
        (lambda p: -np.log1p(-p), 1 / 2),
        (lambda p: (1 - p) ** (-1 / 3), 1 / 5),
    ],
    ids=["uniform", "exponential", "pareto"],
)
def test_gini_tolerates_densities_with_a_jump(quantile, expected):
    # At a jump of the density of log x the error is of the order of the squared grid step, (1/64)².
    n = 2**18
    masses, mean = from_sample(quantile((np.arange(n) + 0.5) / n))
    assert float(histogram.gini(masses, mean)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("spread", [0.4, 0.9, 2.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_histogram_measures_equal_sample_measures_of_a_random_sample(spread, seed):
    # 2^17 agents: an atom of 1/N costs h/(4 N²), all of them 3e-8.
    values = np.exp(spread * np.random.default_rng(seed).standard_normal(2**17))
    masses, mean = from_sample(values)
    exact = float(sample.gini(jnp.asarray(values)))
    assert float(histogram.gini(masses, mean)) == pytest.approx(exact, abs=1e-7)
    for fraction in FRACTIONS:
        exact = float(sample.top_share(jnp.asarray(values), fraction))
        assert float(histogram.top_share(masses, mean, fraction)) == pytest.approx(exact, abs=1e-5)


def test_lorenz_curve_equals_the_samples_at_every_edge():
    values = np.exp(0.8 * np.random.default_rng(2).standard_normal(2**17))
    masses, mean = from_sample(values)
    population, income = (np.asarray(part) for part in histogram.lorenz(masses, mean))
    exact = np.asarray(sample.lorenz(jnp.asarray(values)))
    np.testing.assert_allclose(income, np.interp(population, np.linspace(0, 1, len(exact)), exact), atol=1e-5)
    # Removing the smoothing may turn F back by a fraction of one agent where agents are sparse.
    assert np.all(np.diff(population) >= -1 / len(values))
    area = np.sum(np.diff(population) * (income[1:] + income[:-1]))
    assert 1 - area == pytest.approx(float(histogram.gini(masses, mean)), abs=1e-4)


def test_masses_keep_every_agent_and_the_mean_log():
    log_values = np.random.default_rng(3).normal(1.0, 2.0, 500)
    mass = np.random.default_rng(4).uniform(0, 1, 500)
    masses = np.asarray(histogram.node_masses(jnp.asarray(log_values), jnp.asarray(mass)))
    # B-spline weights are positive, sum to one and reproduce linear functions.
    assert masses.min() >= 0
    assert masses.sum() == pytest.approx(mass.sum(), rel=1e-13)
    assert masses @ histogram.LOG_NODES == pytest.approx(mass @ log_values, rel=1e-11)
    second = mass @ (log_values**2 + histogram.STEP**2 / 4)
    assert masses @ histogram.LOG_NODES**2 == pytest.approx(second, rel=1e-11)


def test_grouped_masses_are_the_masses_of_each_group():
    generator = np.random.default_rng(5)
    log_values, group = (
        jnp.asarray(generator.normal(0, 1, 300)),
        jnp.asarray(generator.integers(0, 4, 300), jnp.int32),
    )
    masses = histogram.grouped_node_masses(log_values, jnp.ones(300), group, 5)
    for g in range(5):
        alone = histogram.node_masses(log_values, (group == g).astype(jnp.float64))
        np.testing.assert_allclose(masses[g], alone, rtol=0, atol=1e-13)


def test_masses_of_float32_agents_are_float64():
    masses = histogram.node_masses(jnp.zeros(10, jnp.float32), jnp.ones(10, jnp.float32))
    assert masses.dtype == jnp.float64


@pytest.mark.parametrize("location", [-30.0, 0.0, 9.0, 30.0])
def test_float32_logs_lose_nothing_on_their_way_to_the_grid(location):
    logs = jnp.asarray(location + 0.6 * np.random.default_rng(6).standard_normal(4096), jnp.float32)
    # Half-way between two nodes rounding decides which is nearest; the weights hardly notice.
    single, double = (sum(map(np.float64, histogram.nearest(x))) for x in (logs, logs.astype(jnp.float64)))
    np.testing.assert_allclose(single, double, rtol=0, atol=1e-7)
    single, double = (histogram.node_masses(x, jnp.ones_like(x)) for x in (logs, logs.astype(jnp.float64)))
    # Squares of offsets are rounded in float32.
    np.testing.assert_allclose(single, double, rtol=0, atol=4096 * 1e-8)


def test_density_integrates_to_one_and_is_the_normal_density():
    masses = histogram.node_masses(0.7 * jnp.asarray(SCORE), jnp.asarray(WEIGHT))
    density = np.asarray(histogram.density(masses))
    assert density.sum() * histogram.STEP == pytest.approx(1, rel=1e-12)
    # The smoothing left in adds h²/4 to the variance 0.49.
    variance = 0.49 + histogram.STEP**2 / 4
    exact = np.exp(-(histogram.LOG_NODES**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    np.testing.assert_allclose(density, exact, atol=1e-6)


def test_end_mass_counts_the_agents_off_the_grid():
    log_values = jnp.asarray([-1e3, -40.5, 0.0, 1.0, 39.0, 41.0, 50.0, 3.0])
    assert float(histogram.end_mass(histogram.node_masses(log_values, jnp.ones(8)))) == pytest.approx(4 / 8)
    inside = jnp.asarray([-39.9, 0.0, 39.9])
    assert float(histogram.end_mass(histogram.node_masses(inside, jnp.ones(3)))) == 0


@pytest.mark.parametrize("value", [0.37, 1.0, 42.0])
def test_an_atom_costs_at_most_a_quarter_of_the_grid_step(value):
    masses, mean = from_sample(np.full(1000, value))
    gini = float(histogram.gini(masses, mean))
    assert abs(gini) <= histogram.STEP / 4
    # Half the population in one atom, half spread out: a quarter of that, a² h/4.
    spread = np.exp(0.8 * ndtri((np.arange(1000) + 0.5) / 1000)) * value
    values = np.concatenate([np.full(1000, value), spread])
    masses, mean = from_sample(values)
    error = float(histogram.gini(masses, mean)) - float(sample.gini(jnp.asarray(values)))
    assert abs(error) <= 1.2 * histogram.STEP / 16


def test_tails_are_complementary_and_exactly_zero_beyond_the_richest():
    masses, _ = from_sample(np.exp(np.random.default_rng(6).standard_normal(1000)))
    below, above = (np.asarray(part) for part in histogram.tails(masses))
    np.testing.assert_allclose(below + above, 1, atol=1e-13)
    assert np.all(above[histogram.LOG_NODES[:-1] > 6] == 0)
    assert np.all(below[histogram.LOG_NODES[1:] < -6] == 0)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.5])
def test_impossible_fractions_are_refused(fraction):
    masses, mean = from_sample([1.0, 2.0])
    with pytest.raises(ValueError, match=r"not in \(0, 1\)"):
        histogram.top_share(masses, mean, fraction)


AGENTS = np.random.default_rng(7).standard_normal((2, 4000))


def measures_of_sample(coefficients):
    """Measures of 4000 agents whose values move with two coefficients."""
    spread, tilt = coefficients
    values = jnp.exp(spread * AGENTS[0] + tilt * AGENTS[1] ** 2)
    masses = histogram.node_masses(jnp.log(values), jnp.ones_like(values))
    mean = jnp.mean(values)
    shares = [histogram.top_share(masses, mean, fraction) for fraction in FRACTIONS]
    return jnp.stack([histogram.gini(masses, mean), *shares, histogram.lorenz(masses, mean)[1][2600]])


def test_derivatives_are_central_differences_in_both_modes():
    at = np.array([0.7, 0.1])
    compiled = jax.jit(measures_of_sample)
    forward, reverse = (jax.jit(mode(measures_of_sample))(jnp.asarray(at)) for mode in (jax.jacfwd, jax.jacrev))
    step = 1e-6
    expected = np.stack(
        [
            (np.asarray(compiled(jnp.asarray(at + e))) - np.asarray(compiled(jnp.asarray(at - e)))) / (2 * step)
            for e in step * np.eye(2)
        ],
        axis=1,
    )
    np.testing.assert_allclose(forward, expected, rtol=1e-6)
    np.testing.assert_allclose(reverse, forward, rtol=1e-10)


def test_derivatives_of_the_gini_and_of_top_shares_have_their_closed_forms():
    gradient = jax.jit(jax.jacfwd(lognormal))
    for spread in (0.5, 1.0, 2.0):
        density = np.exp(-((spread - ndtri(1 - np.array(FRACTIONS))) ** 2) / 2) / np.sqrt(2 * np.pi)
        exact = np.array([np.exp(-(spread**2) / 4) / np.sqrt(np.pi), *density])
        found = np.asarray(gradient(spread, 0.123))
        assert found[0] == pytest.approx(exact[0], rel=2e-8)
        np.testing.assert_allclose(found[1:], exact[1:], rtol=2e-5)


def test_the_second_derivative_of_the_gini_has_its_closed_form_in_both_modes():
    # d²/ds² erf(s/2) = -s exp(-s²/4) / (2 sqrt(π)); a sort, whose ranks are locally constant, gives another.
    def gini(spread):
        return lognormal(spread, 0.123)[0]

    modes = [jax.jit(jax.jacfwd(inner(gini))) for inner in (jax.jacfwd, jax.jacrev)]
    for spread in (0.5, 1.0, 2.0):
        exact = -spread / 2 * np.exp(-(spread**2) / 4) / np.sqrt(np.pi)
        found = [float(mode(spread)) for mode in modes]
        assert found[0] == pytest.approx(exact, rel=1e-6)
        np.testing.assert_allclose(found, found[0], rtol=1e-9)


def test_gini_does_not_depend_on_the_unit_of_money():
    # Neither the value nor its derivative: d Gini / d location is 0.
    slope = jax.jit(jax.grad(lambda location: lognormal(0.8, location)[0]))
    at = [float(measures_of_lognormal(0.8, location)[0]) for location in (0.0, 0.005, 1.0, -7.77)]
    np.testing.assert_allclose(at, at[0], rtol=1e-8)
    assert abs(float(slope(0.005))) < 1e-7


def test_coarse_masses_have_the_same_means_of_smooth_functions_of_log_values():
    rng = np.random.default_rng(3)
    log_values = jnp.asarray(rng.normal(0.3, 0.5, 4000))
    fine = histogram.sharper(histogram.node_masses(log_values, jnp.ones(4000)))
    few = histogram.coarse(fine)
    assert few.shape == histogram.COARSE_LOG_NODES.shape == (1281,)
    assert float(jnp.sum(few)) == pytest.approx(4000, rel=1e-12)
    for function in (np.exp, lambda u: np.exp(2 * u), lambda u: np.exp(-np.logaddexp(0, -2 * u) / 2)):
        exact = np.mean(function(np.asarray(log_values)))
        assert fine @ function(histogram.LOG_NODES) / 4000 == pytest.approx(exact, rel=2e-7)
        assert few @ function(histogram.COARSE_LOG_NODES) / 4000 == pytest.approx(exact, rel=2e-7)
