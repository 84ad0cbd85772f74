"""How much is done at once follows from the memory that is free, and changes no result."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aigini.commands.calibrate import posed
from aigini.config import load
from aigini.estimation import descent
from aigini.estimation.descent import DescentSettings
from aigini.runtime import memory


@pytest.mark.parametrize(
    ("free", "each", "wanted", "found"), [(4000, 100, 64, 10), (4000, 100, 7, 7), (10, 100, 64, 1), (4000, 0, 64, 64)]
)
def test_a_quarter_of_the_free_memory_is_filled(monkeypatch, free, each, wanted, found):
    monkeypatch.setattr(memory, "available_bytes", lambda: free)
    assert memory.side_by_side(each, wanted) == found


def test_several_hosts_run_the_same_program_whatever_is_free_on_each(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 10)
    monkeypatch.setattr(memory.jax, "process_count", lambda: 2)
    assert memory.side_by_side(100, 64) == 64


@pytest.mark.parametrize(("together", "batches"), [(1, set()), (3, {3}), (4, {3}), (5, {3}), (6, {6}), (99, {6})])
def test_groups_are_of_one_size_and_no_larger_than_asked(together, batches):
    sizes = []
    one = jax.custom_batching.custom_vmap(lambda pair: pair["a"] - pair["b"])

    @one.def_vmap
    def many(axis_size, batched, pair):
        sizes.append(axis_size)
        return pair["a"] - pair["b"], True

    numbers = jnp.arange(6.0)
    np.testing.assert_array_equal(memory.in_groups(one, together)({"a": 10 * numbers, "b": numbers}), 9 * numbers)
    assert set(sizes) == batches  # none of one


@pytest.mark.parametrize(("together", "done"), [(1, 4), (3, 6), (5, 6), (99, 6)])
def test_only_groups_that_count_are_evaluated(together, done):
    evaluated = []

    def one(pair):
        jax.debug.callback(lambda a: evaluated.append(float(a)), pair["a"])
        return pair["a"] - pair["b"]

    numbers = jnp.arange(6.0)
    first = jax.jit(memory.first_in_groups(one, together))
    found = first(4, {"a": 10 * numbers, "b": numbers})
    jax.effects_barrier()
    np.testing.assert_array_equal(found[:4], 9 * numbers[:4])
    assert sorted(evaluated) == [10.0 * k for k in range(done)]
    np.testing.assert_array_equal(found[done:], 0)


@pytest.mark.slow
def test_starts_that_do_not_fit_together_descend_in_turn_to_the_same_points(monkeypatch):
    problem, points = posed(
        load(None, {"population.n_workers": 1024, "population.n_firms": 50, "calibration.starts": 3})
    )
    settings, ends = DescentSettings(steps=4, block=2), []
    for together in (3, 1):
        monkeypatch.setattr(descent, "usual_number", lambda each, wanted, together=together: together)
        jax.clear_caches()  # how many run together is part of the program
        ends.append(descent.descend(problem, settings, descent.begin(settings, jnp.asarray(points)), 2)[0])
    one, two = ends
    assert np.abs(one.point - points).max() > 1e-3
    # float32 workers: Adam's steps have the rounding of its gradients.
    np.testing.assert_allclose(two.point, one.point, rtol=0, atol=1e-5)
    np.testing.assert_allclose(two.best, one.best, rtol=1e-5)
