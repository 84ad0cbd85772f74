"""Canaries for defects of the compiler under the package."""

import jax
import jax.numpy as jnp
import jaxlib
import numpy as np
import pytest

from aigini.statistics.moments import six_moments


@pytest.mark.parametrize("rows", [16_385, 32_769])
def test_quadratic_forms_over_many_rows_are_right(rows):
    # jax-ml/jax#39103: the CPU backend of jaxlib 0.10.2 returns wrong numbers for this program at these sizes. If this
    # fails, the installed jaxlib must not be used: see the version bounds in pyproject.toml.
    generator = np.random.default_rng(0)
    matrix, table = generator.standard_normal((6, 6)), generator.standard_normal((rows, 6))
    compiled = jax.jit(jax.vmap(lambda row: jnp.sum((jnp.asarray(matrix) @ row) ** 2)))
    expected = ((table @ matrix.T) ** 2).sum(axis=1)
    np.testing.assert_allclose(compiled(jnp.asarray(table)), expected, rtol=1e-12)
    single = jax.jit(jax.vmap(lambda row: jnp.sum((jnp.asarray(matrix, jnp.float32) @ row) ** 2)))
    np.testing.assert_allclose(single(jnp.asarray(table, jnp.float32)), expected, rtol=1e-4)


def test_no_defective_release_is_installed():
    # 0.11.0 adds into few bins thousands of times slower on GPUs, as 0.10.2 does (jax-ml/jax#38806).
    assert jaxlib.__version__ not in ("0.10.2", "0.11.0")


def test_scatter_adds_of_float64_lose_nothing():
    # Histograms and sums by firm rely on it: many agents on few cells, against NumPy.
    generator = np.random.default_rng(1)
    values, cells = generator.uniform(size=100_000), generator.integers(0, 7, 100_000)
    ours = jax.jit(lambda v, c: jax.ops.segment_sum(v, c, 7))(jnp.asarray(values), jnp.asarray(cells))
    np.testing.assert_allclose(ours, np.bincount(cells, weights=values, minlength=7), rtol=1e-12)


@pytest.mark.gpu
@pytest.mark.slow
def test_a_gpu_gives_the_cpus_moments(baseline, population, moments_of, levels):
    gpu = jax.devices("cuda")[0]
    arguments = jax.device_put((baseline, population, levels()), gpu)
    np.testing.assert_allclose(
        np.asarray(jax.jit(six_moments)(*arguments)), moments_of(baseline), rtol=1e-9, atol=1e-12
    )
