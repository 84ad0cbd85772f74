"""Tilted, rotated and stratified draws: unbiased and finite at the edges of ownership and of the number of firms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from aigini.economy.firms import asset_paths, growth_gap
from aigini.population import draw_population
from aigini.population.sizes import default_tilt
from aigini.statistics.histogram import GINI_RESOLUTION
from aigini.statistics.moments import six_moments

SEEDS = 12
NAMES = (
    "m1",
    "m2",
    "m3",
    "m5",
    "m6",
    "gini_wage",
    "gini_capital",
    "theil_between",
    "between_firm_variance",
    "top10_share",
)


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.0, 0.1, 1.8, 4.9])
def test_the_gini_of_owners_and_mean_income_are_unbiased_at_any_dispersion_of_ownership(sd, baseline, statistics_of):
    # The market portfolio alone is owned, so that capital income is lognormal.
    params = baseline.replace(ownership_sd=sd, diversification=1.0)
    tilt = default_tilt("qmc", sd)
    found = []
    for seed in range(SEEDS):
        population = draw_population(n_workers=2**14, n_firms=300, precision="float64", seed=seed, ownership_tilt=tilt)
        (before, _), (after, _) = statistics_of(params, population=population)
        found.append([before.gini_capital, after.gini_capital, before.accounting_gap, after.accounting_gap])
        assert all(np.isfinite(x) for x in (*before.scalars, *after.scalars))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(SEEDS)
    # The Gini of a sample is too small by about itself over the effective number; an atom is blurred by the grid.
    allowed = 4 * error + [*2 * [1e-3 if sd else GINI_RESOLUTION], 1e-4, 1e-4]
    assert np.all(np.abs(mean - [erf(sd / 2), erf(sd / 2), 0, 0]) < allowed), (mean, error)


@pytest.mark.slow
@pytest.mark.parametrize("n_firms", [3, 2**11])
def test_moments_have_the_means_of_pseudo_random_draws_with_few_firms_and_with_two_workers_in_each(n_firms, baseline):
    compiled = jax.jit(lambda params, population: six_moments(params, population, names=NAMES))

    def sample(kind):
        arguments = {"n_workers": 2**12, "n_firms": n_firms, "draws": kind}
        return np.array([compiled(baseline, draw_population(seed=seed, **arguments)) for seed in range(4 * SEEDS)])

    tilted, pseudo = sample("qmc"), sample("pseudo")
    assert np.all(np.isfinite(tilted))
    error = np.sqrt((tilted.var(axis=0, ddof=1) + pseudo.var(axis=0, ddof=1)) / (4 * SEEDS))
    distance = (tilted.mean(axis=0) - pseudo.mean(axis=0)) / error
    assert np.all(np.abs(distance) < 4), dict(zip(NAMES, distance, strict=True))


def test_the_growth_gap_is_on_average_that_of_firms_without_shocks(baseline):
    # It is linear in the shocks, so that its expectation is known.
    def gap(shocks):
        before, after = (growth_gap(asset_paths(baseline, jnp.asarray(rent), shocks)) for rent in (0.0, 0.1))
        return float(after - before)

    sizes = {"n_workers": 2**12, "n_firms": 2**10}
    gaps = [gap(draw_population(**sizes, seed=seed).firm_shocks) for seed in range(SEEDS)]
    error = np.std(gaps, ddof=1) / np.sqrt(SEEDS)
    assert error < 4e-4  # 1.4e-3 with pseudo-random shocks
    assert abs(np.mean(gaps) - gap(jnp.zeros((2**10, 10)))) < 4 * error
