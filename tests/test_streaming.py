"""Draws that are made again instead of kept: the same workers in the same rows, in memory that does not grow."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aigini.errors import PopulationError
from aigini.parameters import PARAMETER_NAMES, Parameters
from aigini.population import draw_population
from aigini.population.layout import in_steps, residues
from aigini.population.sizes import size_problems
from aigini.population.workers import N_OCCUPATIONS, Workers, streams
from aigini.runtime import memory
from aigini.statistics.moments import moments_and_jacobian, six_moments

DRAWN = {"n_workers": 4096, "n_firms": 64, "precision": "float64", "seed": 3}


@pytest.fixture(scope="module")
def stored():
    return draw_population(**DRAWN, chunk=64, storage="stored")


@pytest.fixture(scope="module")
def regenerated():
    return draw_population(**DRAWN, chunk=64, storage="regenerated")


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_the_index_modulo_16_is_the_occupation(seed):
    origin = streams(seed=seed, kind="qmc", shocks=jnp.zeros((10, 1)), tilt=0.0, precision="float64")
    index = jnp.concatenate([jnp.arange(5000), 2**32 - 1 - jnp.arange(5000)]).astype(jnp.uint32)
    by_residue = np.asarray(origin.occupation(jnp.arange(N_OCCUPATIONS, dtype=jnp.uint32)))
    assert sorted(by_residue) == list(range(N_OCCUPATIONS))
    np.testing.assert_array_equal(origin.occupation(index), by_residue[np.asarray(index) % N_OCCUPATIONS])


@pytest.mark.parametrize("n_workers", [32, 33, 1000, 4097, 2**16 + 5])
@pytest.mark.parametrize("width", [1, 8, 4096])
def test_rows_hold_every_worker_once(n_workers, width):
    origin = streams(seed=1, kind="qmc", shocks=jnp.zeros((10, 1)), tilt=0.0, precision="float64")
    first, occupation, count = residues(origin, n_workers, width)
    index = in_steps(first, width)
    held = index[np.arange(width)[None, :] < count[:, None]]
    np.testing.assert_array_equal(np.sort(held), np.arange(n_workers))
    own = np.asarray(origin.occupation(jnp.asarray(index.reshape(-1)))).reshape(index.shape)
    np.testing.assert_array_equal(own, np.broadcast_to(occupation[:, None], own.shape))


def test_workers_drawn_again_are_the_stored_ones(stored, regenerated):
    assert stored.stored
    assert not regenerated.stored
    assert stored.chunk == regenerated.chunk == 64
    np.testing.assert_array_equal(stored.count, regenerated.count)
    again = jax.jit(lambda p: jax.lax.map(p.workers.source.draw, p.workers.rows))(regenerated)
    for field in dataclasses.fields(Workers):
        one, two = getattr(stored.workers, field.name), getattr(again, field.name)
        # Integers are the same bits; programs may contract the inverse normal differently, to its last digits.
        tolerance = {"rtol": 0} if one.dtype == jnp.int32 else {"rtol": 4 * np.finfo(np.float64).eps, "atol": 1e-16}
        np.testing.assert_allclose(two, one, err_msg=field.name, **tolerance)


def test_memory_does_not_grow_with_the_number_of_workers():
    sizes = [
        sum(leaf.nbytes for leaf in jax.tree.leaves(draw_population(n_workers=n, n_firms=64, storage="regenerated")))
        for n in (2**22, 2**31)
    ]
    # A row costs twelve bytes, whatever number of workers it stands for.
    assert sizes[1] - sizes[0] <= 12 * (2**31 - 2**22) / 2**16


@pytest.mark.slow
def test_moments_and_derivatives_are_those_of_stored_draws(stored, regenerated, baseline):
    def program(vector, population):
        return moments_and_jacobian(
            vector, lambda v: Parameters(**dict(zip(PARAMETER_NAMES, v, strict=True))), population
        )

    vector = jnp.asarray(list(baseline.as_dict().values()))
    compiled = jax.jit(program)
    (moments, jacobian), (again, jacobian_again) = compiled(vector, stored), compiled(vector, regenerated)
    # Rounding of 4096 draws by a few units in the last place.
    np.testing.assert_allclose(again, moments, rtol=0, atol=64 * np.finfo(np.float64).eps)
    scale = np.abs(jacobian).max(axis=1, keepdims=True)
    np.testing.assert_allclose(jacobian_again / scale, jacobian / scale, rtol=0, atol=1e-12)


def test_automatic_storage_keeps_small_populations_and_forgets_large_ones():
    assert draw_population(n_workers=2**14, n_firms=64).stored
    assert not draw_population(n_workers=2**28, n_firms=64).stored


def test_a_chunk_of_regenerated_workers_is_a_power_of_two_not_above_what_was_asked():
    for chunk, width in ((1, 1), (100, 64), (256, 256), (10**6, 256)):
        assert draw_population(**DRAWN, chunk=chunk, storage="regenerated").chunk == width


def test_pseudo_random_workers_cannot_be_regenerated():
    with pytest.raises(PopulationError, match=r"storage = 'regenerated' needs population\.draws = 'qmc'"):
        draw_population(**DRAWN, draws="pseudo", storage="regenerated")


def test_draws_that_do_not_fit_into_memory_are_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr("aigini.population.sizes.available_bytes", lambda: 10_000)
    with pytest.raises(PopulationError, match=r"0\.000366 GiB of 9\.31e-06 GiB that are free; use population\.storage"):
        draw_population(**DRAWN, storage="stored")
    with pytest.raises(PopulationError, match="'qmc'"):
        draw_population(**DRAWN, draws="pseudo")
    draw_population(**DRAWN, storage="regenerated")


def test_the_memory_that_is_free_is_known():
    assert memory.available_bytes() > 2**20


def test_other_names_of_storage_are_refused():
    sizes = {"n_workers": 4096, "n_firms": 50, "years": 10, "seed": 0, "precision": "float64", "chunk": None}
    (message,) = size_problems(**sizes, draws="qmc", ownership_tilt=1.0, storage="disk")
    assert "storage = 'disk' is unknown; use 'auto', 'stored' or 'regenerated'" in message


@pytest.mark.gpu
@pytest.mark.parametrize("storage", ["stored", "regenerated"])
def test_an_accelerator_finds_what_a_cpu_finds(baseline, storage):
    found = []
    for platform in ("cpu", "cuda"):
        with jax.default_device(jax.devices(platform)[0]):
            found.append(np.asarray(jax.jit(six_moments)(baseline, draw_population(**DRAWN, storage=storage))))
    np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-12)


@pytest.mark.slow
def test_reverse_mode_passes_through_rows_that_are_drawn_again(stored, regenerated, baseline):
    gradient = jax.jit(jax.grad(lambda params, population: six_moments(params, population)[5]))
    one, two = gradient(baseline, stored), gradient(baseline, regenerated)
    for name in ("sigma", "xi", "eta1", "ability_sd", "ownership_sd"):
        assert getattr(two, name) == pytest.approx(float(getattr(one, name)), rel=1e-10), name
