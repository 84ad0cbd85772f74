"""The simulated population: layout, independence of chunks, and what it refuses."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import norm

from aigini.errors import AiginiError, PopulationError, PrecisionError
from aigini.population import Population, draw_population, draws
from aigini.population.sizes import default_firms, default_tilt, size_problems
from aigini.population.workers import N_OCCUPATIONS, Workers

FIELDS = [field.name for field in dataclasses.fields(Workers)]
KINDS = ("qmc", "sobol", "pseudo")


def real_workers(population):
    """Workers of every occupation in index order, without padding: {occupation: [workers, fields]}."""
    count, occupation = np.asarray(population.count), np.asarray(population.occupation)
    table = np.stack([np.asarray(getattr(population.workers, name), np.float64) for name in FIELDS], axis=-1)
    rows = [table[r, : count[r]] for r in range(len(count))]
    return {
        o: np.concatenate([row for row, own in zip(rows, occupation, strict=True) if own == o])
        for o in range(N_OCCUPATIONS)
    }


@pytest.fixture(scope="module")
def small():
    """A small population in one row per occupation."""
    return draw_population(n_workers=4096, n_firms=64, precision="float64", seed=3)


@pytest.fixture(scope="module")
def chunked():
    """The same population in rows of at most 100 workers, three per occupation, with padding."""
    return draw_population(n_workers=4096, n_firms=64, precision="float64", seed=3, chunk=100)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_hold_the_workers_of_one_occupation_and_nobody_is_lost(kind):
    n, seed = 3000, 9
    population = draw_population(n_workers=n, n_firms=50, draws=kind, seed=seed, precision="float64")
    index = jnp.arange(n, dtype=jnp.uint32)

    def bits(purpose):
        return draws.bits(kind, jnp.asarray(draws.stream(seed, purpose)), index, purpose)

    occupation = np.asarray(draws.choice(bits(0), N_OCCUPATIONS))
    ability = np.asarray(draws.normal(bits(2), np.dtype("float64")))
    workers = real_workers(population)
    for o in range(N_OCCUPATIONS):
        # Compiled and op-by-op inverse normals differ in the last digit.
        np.testing.assert_allclose(
            workers[o][:, FIELDS.index("ability")], ability[occupation == o], rtol=1e-14, atol=1e-16
        )
    assert sum(len(own) for own in workers.values()) == population.n_workers == int(population.count.sum()) == n


@pytest.mark.parametrize("chunk", [1000, 100, 7])
def test_the_workers_do_not_depend_on_the_chunk(small, chunk):
    other = draw_population(n_workers=4096, n_firms=64, precision="float64", seed=3, chunk=chunk)
    assert other.workers.firm.shape[1] <= chunk
    one, two = real_workers(small), real_workers(other)
    for o in range(N_OCCUPATIONS):
        np.testing.assert_array_equal(one[o], two[o])
    np.testing.assert_array_equal(small.firm_shocks, other.firm_shocks)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_split_evenly_unless_the_chunk_is_too_small(kind):
    for n_workers in (4096, 5000):
        for chunk, unit in ((1000, 16), (96, 8), (100, 8), (51, 1)):
            width = draw_population(n_workers=n_workers, n_firms=64, draws=kind, chunk=chunk).chunk
            assert width <= chunk
            assert width % unit == 0


@pytest.mark.slow
def test_the_moments_do_not_depend_on_the_chunk(small, chunked, baseline, moments_of):
    assert chunked.workers.firm.shape == (48, 88)
    assert small.workers.firm.shape == (16, 256)
    one, two = moments_of(baseline, population=small), moments_of(baseline, population=chunked)
    np.testing.assert_allclose(two, one, rtol=0, atol=1e-12)
    assert np.abs(one).min() > 1e-4


@pytest.mark.slow
def test_padding_has_no_influence(chunked, baseline, moments_of):
    padding = np.arange(chunked.workers.firm.shape[1])[None, :] >= np.asarray(chunked.count)[:, None]
    assert padding.sum() == chunked.workers.firm.size - chunked.n_workers > 0
    absurd = jax.tree.map(
        lambda leaf: jnp.where(padding, jnp.asarray(2.5 if leaf.dtype.kind == "f" else 0, leaf.dtype), leaf),
        chunked.workers,
    )
    changed = eqx.tree_at(lambda p: p.workers, chunked, absurd)
    np.testing.assert_array_equal(moments_of(baseline, population=changed), moments_of(baseline, population=chunked))


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_workers_of_a_larger_population_are_the_smaller_one(kind):
    arguments = {"n_firms": 50, "draws": kind, "seed": 4, "precision": "float64"}
    few = real_workers(draw_population(n_workers=3000, **arguments))
    many = real_workers(draw_population(n_workers=6000, **arguments))
    for o in range(N_OCCUPATIONS):
        np.testing.assert_array_equal(many[o][: len(few[o])], few[o])


@pytest.mark.parametrize("kind", ["sobol", "pseudo"])
def test_the_first_years_of_a_longer_history_are_the_shorter_one(kind):
    # Those of qmc are not: what is even is the sum of shocks over all years.
    arguments = {"n_workers": 3000, "n_firms": 50, "seed": 4, "precision": "float64", "draws": kind}
    short, long = (draw_population(years=years, **arguments) for years in (5, 12))
    np.testing.assert_array_equal(short.firm_shocks, long.firm_shocks[:, :5])
    assert (long.n_firms, long.years) == long.firm_shocks.shape == (50, 12)


@pytest.mark.parametrize("years", [1, 2, 3, 10, 40])
def test_the_shocks_of_qmc_are_those_of_sobol_rotated_towards_their_sums(years):
    arguments = {"n_workers": 3000, "n_firms": 50, "seed": 4, "precision": "float64", "years": years}
    even, plain = (draw_population(draws=kind, **arguments).firm_shocks for kind in ("qmc", "sobol"))
    turn = draws.rotation(years)
    np.testing.assert_allclose(turn @ turn.T, np.eye(years), rtol=0, atol=1e-14)
    np.testing.assert_allclose(even, np.asarray(plain) @ turn.T, rtol=0, atol=1e-13)
    # Shocks accumulated at any growth rate of assets lie nearly in the first three directions.
    for rho in np.linspace(0.8, 1.15, 8):
        weights = rho ** np.arange(years - 1, -1, -1)
        outside = np.linalg.norm((weights @ turn)[3:]) / np.linalg.norm(weights)
        assert outside < (0.01 if years <= 10 else 0.15)


def test_every_quantile_of_firms_employs_as_many_under_qmc_and_matching_within_it_is_random():
    n_firms, n_workers = 2**12, 2**16
    population = draw_population(n_workers=n_workers, n_firms=n_firms, seed=2)
    firm = np.asarray(population.workers.firm).reshape(-1)
    strata = np.bincount(firm // 256, minlength=16)
    np.testing.assert_array_equal(strata, n_workers // 16)
    within = np.bincount(firm, minlength=n_firms)
    assert np.var(within) / (n_workers / n_firms) == pytest.approx(1, abs=5 * np.sqrt(2 / n_firms))


def test_ownership_is_tilted_under_qmc_alone_and_weights_undo_it():
    arguments = {"n_workers": 2**16, "n_firms": 300, "seed": 2, "precision": "float64"}
    draw = {kind: draw_population(draws=kind, **arguments) for kind in KINDS}
    assert float(draw["qmc"].ownership_tilt) == pytest.approx(0.72 * 1.8)
    assert float(draw["sobol"].ownership_tilt) == float(draw["pseudo"].ownership_tilt) == 0
    for population in (draw["qmc"], draw_population(ownership_tilt=0.5, **arguments)):
        u, w = np.asarray(population.workers.ownership), np.asarray(population.workers.weight)
        np.testing.assert_allclose(w, norm.pdf(u) / norm.pdf(u - float(population.ownership_tilt)), rtol=1e-12)
        assert np.mean(w) == pytest.approx(1, abs=1e-3)
        assert np.mean(w * u) == pytest.approx(0, abs=3e-3)
        assert np.mean(w * u**2) == pytest.approx(1, abs=1e-2)
    untouched = draw_population(ownership_tilt=0.0, **arguments).workers
    np.testing.assert_array_equal(untouched.ownership, draw["sobol"].workers.ownership)
    np.testing.assert_allclose(untouched.ownership + 0.5, population.workers.ownership, rtol=0, atol=1e-15)
    for population in (draw["sobol"], draw["pseudo"]):
        assert np.all(np.asarray(population.workers.weight) == 1)


@pytest.mark.parametrize(("sd", "tilt"), [(0.0, 0.0), (0.1, 0.072), (1.8, 1.296), (4.9, 1.5)])
def test_the_tilt_follows_the_configured_dispersion_of_ownership(sd, tilt):
    assert default_tilt("qmc", sd) == pytest.approx(tilt)
    assert default_tilt("sobol", sd) == default_tilt("pseudo", sd) == 0


def test_firms_left_open_have_sixteen_workers_each_and_are_2_to_the_14_at_most():
    assert [default_firms(n) for n in (1000, 2**14, 2**18, 2**30)] == [62, 2**10, 2**14, 2**14]
    assert draw_population(n_workers=4096).n_firms == 256


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_do_not_change_with_the_seed(kind):
    shapes = {
        tuple(
            leaf.shape
            for leaf in jax.tree.leaves(
                draw_population(n_workers=3000, n_firms=50, draws=kind, seed=seed, precision="float64")
            )
        )
        for seed in range(5)
    }
    assert len(shapes) == 1


def test_the_employer_is_the_one_the_firm_score_picks(population):
    # floor(J Φ(v_f)), up to rounding where J Φ(v_f) is an integer.
    exact = population.n_firms * ndtr(np.asarray(population.workers.firm_score))
    firm = np.asarray(population.workers.firm)
    assert np.all(firm <= exact + 1e-9)
    assert np.all(exact - 1e-9 <= firm + 1)
    sizes = np.bincount(firm.reshape(-1), minlength=population.n_firms)
    # Matching to firms is random: sizes vary as a binomial does, here within 15 % of its variance.
    expected = population.n_workers / population.n_firms
    assert np.var(sizes) / expected == pytest.approx(1, abs=5 * np.sqrt(2 / population.n_firms))


def test_occupations_of_a_quasi_random_population_are_equally_large(population):
    np.testing.assert_array_equal(population.count, population.n_workers // N_OCCUPATIONS)
    np.testing.assert_array_equal(population.occupation, np.arange(N_OCCUPATIONS))


def test_the_working_precision_changes_the_rounding_of_draws_only(population):
    single = draw_population(n_workers=2**14, n_firms=300, precision="float32")
    assert single.dtype == np.float32
    assert population.dtype == np.float64
    assert single.firm_shocks.dtype == np.float64
    for name in FIELDS:
        one, two = (np.asarray(getattr(p.workers, name)) for p in (single, population))
        if name in ("firm", "owner_firm"):
            np.testing.assert_array_equal(one, two)
        else:
            # A weight is the exponential of up to 6; a tilted score near 0 has the rounding of one near the tilt.
            rtol, atol = {"weight": (4e-6, 0.0), "ownership": (1e-6, 5e-7)}.get(name, (1e-6, 1e-7))
            np.testing.assert_allclose(one, two, rtol=rtol, atol=atol)


def test_drawing_twice_gives_the_same_population_and_another_seed_another_one(population):
    again = draw_population(n_workers=2**14, n_firms=300, precision="float64")
    assert eqx.tree_equal(again, population)
    other = draw_population(n_workers=2**14, n_firms=300, precision="float64", seed=1)
    assert np.mean(np.asarray(other.workers.ability) == np.asarray(population.workers.ability)) < 1e-3


def refusal(**arguments):
    with pytest.raises(PopulationError) as caught:
        draw_population(**{"n_workers": 4096, "n_firms": 50, **arguments})
    assert isinstance(caught.value, AiginiError)
    return str(caught.value)


@given(st.integers(max_value=0) | st.integers(min_value=2**32))
def test_impossible_numbers_of_workers_are_refused(n):
    message = refusal(n_workers=n)
    assert f"n_workers = {n} " in message
    assert "1 .. 2^32 - 1" in message
    assert "262144" in message


@given(st.integers(max_value=0))
def test_fewer_than_one_firm_is_refused(n):
    message = refusal(n_firms=n)
    assert f"n_firms = {n} must be at least 1" in message


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_fewer_than_two_workers_per_firm_are_refused(n_firms, missing):
    n_workers = max(2 * n_firms - missing, 1)
    message = refusal(n_workers=n_workers, n_firms=n_firms)
    assert f"at most {max(n_workers // 2, 1)} firms or {2 * n_firms} workers" in message


@settings(max_examples=8)
@given(st.integers(2, 31), st.sampled_from(KINDS))
def test_occupations_with_fewer_than_two_workers_are_refused(n_workers, kind):
    message = refusal(n_workers=n_workers, n_firms=1, draws=kind)
    assert f"n_workers = {n_workers} leaves occupation" in message
    assert "use at least 1000 workers" in message


@given(st.text().filter(lambda name: name not in KINDS))
def test_unknown_kinds_of_draws_are_refused_with_the_known_ones(name):
    # Under this suite's type checks draw_population itself never sees such a name; users have no such checks.
    sizes = {
        "n_workers": 4096,
        "n_firms": 50,
        "years": 10,
        "seed": 0,
        "ownership_tilt": 0.0,
        "precision": "float64",
        "chunk": None,
        "storage": "auto",
    }
    assert size_problems(**sizes, draws="pseudo") == []
    (message,) = size_problems(**sizes, draws=name)
    assert f"draws = {name!r} is unknown; use 'qmc', 'sobol' or 'pseudo'" in message


@given(st.text().filter(lambda name: name not in ("float32", "float64")))
def test_unknown_precisions_are_refused_with_the_known_ones(name):
    message = refusal(precision=name)
    assert f"precision = {name!r} is unknown; use 'float32' or 'float64'" in message


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ({"years": 0}, "1 .. 40"),
        ({"years": 41}, "1 .. 40"),
        ({"years": 10_001, "draws": "pseudo"}, "1 .. 10000"),
        ({"seed": -1}, "0 .. 2^63 - 1"),
        ({"seed": 2**63}, "0 .. 2^63 - 1"),
        ({"ownership_tilt": -0.1}, "0 .. 2"),
        ({"ownership_tilt": 2.5}, "0 .. 2"),
        ({"ownership_tilt": float("nan")}, "0 .. 2"),
        ({"chunk": 0}, "at least 1, or left out"),
        ({"chunk": -5}, "at least 1, or left out"),
    ],
)
def test_other_sizes_out_of_range_are_refused_with_their_range(arguments, remedy):
    assert remedy in refusal(**arguments)


def test_all_problems_are_reported_at_once():
    message = refusal(n_workers=0, n_firms=0, seed=-1, chunk=0, precision="half")
    for name in ("n_workers", "n_firms", "seed", "chunk", "precision"):
        assert f"{name} = " in message


def test_drawing_needs_64_bit_mode():
    with jax.enable_x64(False), pytest.raises(PrecisionError, match="jax_enable_x64"):
        draw_population(n_workers=4096, n_firms=50)


def test_a_population_is_a_pytree_of_arrays(population):
    leaves, structure = jax.tree.flatten(population)
    assert len(leaves) == len(FIELDS) + 4
    assert all(isinstance(leaf, jax.Array) for leaf in leaves)
    assert isinstance(jax.tree.unflatten(structure, leaves), Population)
