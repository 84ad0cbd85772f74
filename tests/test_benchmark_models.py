"""The benchmarks' alternatives against the NumPy model, and where they share its economy against the package."""

import functools

import jax
import numpy as np
import numpy_model
import pytest
import sorted_model

from aigini.parameters import PARAMETER_NAMES
from aigini.population import draw_population
from aigini.statistics.histogram import STEP

N_WORKERS = 2**12


@pytest.fixture(scope="module")
def padded():
    # The shapes of tests/test_population.py, whose compiled program is shared.
    return draw_population(n_workers=N_WORKERS, n_firms=64, precision="float64", seed=3, chunk=100)


@pytest.fixture(scope="module")
def draws(padded, numpy_population):
    return numpy_population(padded)


@pytest.fixture(scope="module")
def shuffled(draws):
    """The same workers in an order that does not follow occupations, less a few so that these differ in size."""
    order = np.random.default_rng(0).permutation(draws.n_workers)[:-37]
    fields = {name: value if name == "firm_shocks" else value[order] for name, value in vars(draws).items()}
    return numpy_model.NumpyPopulation(**fields)


@pytest.fixture(scope="module")
def cases(baseline):
    """The baseline, and a point where schooling, and with it prices, respond in full."""
    return [baseline.as_dict(), baseline.replace(retooling=1.0, sigma=0.6, adoption=0.9).as_dict()]


def by_differences(params, population):
    # The Gini of a sample has kinks where workers change places; small steps cross few of them.
    return numpy_model.central_difference_jacobian(params, population, PARAMETER_NAMES, relative_step=1e-7)


def share_of_largest(jacobian, other):
    """Largest difference in each row, as a share of the row's largest element."""
    return np.max(np.abs(jacobian - other) / np.max(np.abs(other), axis=1, keepdims=True), axis=1)


@pytest.mark.slow
def test_sorting_gives_the_moments_and_the_jacobian(baseline, padded, draws, moments_of, differences):
    assert padded.workers.firm.size > padded.n_workers
    moments, jacobian = jax.jit(sorted_model.moments_and_jacobian_sorted)(baseline, padded)
    np.testing.assert_allclose(moments, numpy_model.moments(baseline.as_dict(), draws), rtol=0, atol=1e-11)
    assert np.all(share_of_largest(jacobian, by_differences(baseline.as_dict(), draws)) < 1e-5)

    ours = moments_of(baseline, population=padded)
    np.testing.assert_allclose(moments[:5], ours[:5], rtol=1e-12, atol=1e-14)
    # Each worker is an atom of 1/N for the package's histogram, all of them cost about h/(4N).
    assert moments[5] == pytest.approx(ours[5], abs=STEP / (4 * N_WORKERS))
    distance = share_of_largest(jacobian, differences(lambda p: moments_of(p, population=padded), baseline))
    assert np.all(distance[:5] < 1e-6)
    # The histogram blurs the ranks of so few workers; of 2^14 it leaves less than 1e-3.
    assert distance[5] < 5e-3


def test_all_workers_at_once_need_stored_draws(baseline):
    again = draw_population(n_workers=N_WORKERS, n_firms=64, precision="float64", storage="regenerated")
    with pytest.raises(TypeError, match="stored"):
        sorted_model.six_moments_sorted(baseline, again)


def test_pytorch_gives_the_moments_and_the_jacobian(cases, draws, shuffled):
    pytest.importorskip("torch")
    import torch_model

    for params, population in zip(cases, (draws, shuffled), strict=True):
        moments, jacobian = torch_model.moments_and_jacobian(params, torch_model.convert(population))
        np.testing.assert_allclose(moments, numpy_model.moments(params, population), rtol=0, atol=1e-12)
        assert np.all(share_of_largest(jacobian, by_differences(params, population)) < 1e-5)


def test_pytorch_in_float32_is_close(baseline, draws):
    torch = pytest.importorskip("torch")
    import torch_model

    single, double = (
        torch_model.moments_and_jacobian(baseline.as_dict(), torch_model.convert(draws, dtype))
        for dtype in (torch.float32, torch.float64)
    )
    np.testing.assert_allclose(single[0], double[0], rtol=0, atol=1e-6)
    assert np.all(share_of_largest(single[1], double[1]) < 1e-4)


def test_pytorch_task_prices_are_smooth_at_the_cobb_douglas_point():
    torch = pytest.importorskip("torch")
    import torch_model

    reference = torch.linspace(1.0, 2.0, 24, dtype=torch.float64)
    supply = reference * torch.linspace(0.9, 1.5, 24, dtype=torch.float64)

    def prices_and_slopes(value):
        sigma = torch.tensor(value, dtype=torch.float64)
        prices = functools.partial(torch_model.task_prices, supply=supply, reference=reference)
        return prices(sigma), torch.func.jacrev(prices)(sigma)

    at_one, above, below = (prices_and_slopes(value) for value in (1.0, 1.001, 0.999))
    for here, one, other in zip(at_one, above, below, strict=True):
        np.testing.assert_allclose(here, (one + other) / 2, rtol=1e-5, atol=1e-6)


def test_numba_gives_the_moments_and_the_differences(cases, draws, shuffled):
    pytest.importorskip("numba")
    import numba_model

    for params, population in zip(cases, (draws, shuffled), strict=True):
        exact = numpy_model.moments(params, population)
        np.testing.assert_allclose(numba_model.moments(params, population), exact, rtol=0, atol=1e-12)
    names = ("alpha", "sigma", "xi")
    ours, theirs = (model.central_difference_jacobian(cases[0], draws, names) for model in (numba_model, numpy_model))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)
