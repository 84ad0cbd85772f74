"""A seed gives the same draws whatever JAX is told about random numbers."""

import contextlib
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.bayes.laplace import Laplace
from aigini.bayes.likelihood import build
from aigini.bayes.model import build as build_model
from aigini.bayes.nuts import sample
from aigini.bayes.priors import Prior
from aigini.bayes.settings import NutsSettings
from aigini.population import draw_population
from aigini.runtime import random_keys
from aigini.runtime.precision import with_x64

# As drawn by version 0.1 under JAX's defaults: seeds keep their numbers.
PRIOR = [1.1048739767803086, -0.11756943795234803]
CHAINS = [0.12486782139402218, 0.2159347045576925]


@contextlib.contextmanager
def other_settings():
    """Settings of JAX under which its own functions give other random numbers, or refuse a key of another generator."""
    offset = jax.config.jax_random_seed_offset
    jax.config.update("jax_random_seed_offset", 7)
    try:
        with jax.threefry_partitionable(False), jax.default_prng_impl("rbg"):
            yield
    finally:
        jax.config.update("jax_random_seed_offset", offset)


def numbers(tree):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


@pytest.mark.parametrize("kind", ["qmc", "pseudo"])
def test_workers_and_shocks_of_firms_are_the_same_bits(kind):
    arguments = {"n_workers": 3000, "n_firms": 50, "draws": kind, "seed": 5, "precision": "float64"}
    usual = numbers(draw_population(**arguments))
    with other_settings():
        other = numbers(draw_population(**arguments))
    for one, two in zip(usual, other, strict=True):
        np.testing.assert_array_equal(one, two)


def test_bits_are_those_of_jax_under_its_defaults():
    words = jnp.asarray(np.array([123, 456], np.uint32))
    index = jnp.arange(1000, dtype=jnp.uint32)
    with random_keys.pinned():
        key = jax.random.wrap_key_data(words, impl="threefry2x32")
        of_jax = jax.vmap(lambda i: jax.random.bits(jax.random.fold_in(key, i), (), jnp.uint32))(index)
    np.testing.assert_array_equal(random_keys.indexed_bits(words, index), of_jax)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**63 - 1])
def test_a_key_is_that_of_jax_under_its_defaults(seed):
    np.testing.assert_array_equal(
        jax.random.key_data(random_keys.key(seed)), jax.random.key_data(jax.random.key(seed, impl="threefry2x32"))
    )


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_has_no_key(seed):
    with pytest.raises(ValueError, match="seed"):
        random_keys.key(seed)


def test_draws_of_a_prior_are_the_same_bits():
    prior = Prior("normal", (0.0, 1.0), (-np.inf, np.inf))
    usual = prior.sample(3, 100)
    assert usual[:2] == pytest.approx(PRIOR, rel=1e-12)
    with other_settings():
        np.testing.assert_array_equal(prior.sample(3, 100), usual)


def _straight(natural):
    return natural


def test_chains_are_the_same_bits(numpyro_rules):
    likelihood = build(("m1", "m2"), np.array([0.7, -1.0]), np.diag([0.09, 0.25]), "normal", (0.0, 1.0))
    model = build_model(
        jax.tree_util.Partial(_straight), likelihood, {name: Prior("normal", (0.0, 1.0), (-9.0, 9.0)) for name in "ab"}
    )
    start = Laplace(("a", "b"), np.zeros(2), np.eye(2), 0.0, 0.0, True)
    settings = NutsSettings(chains=2, warmup=10, draws=10, block=10)
    usual = sample(model, start, settings)
    np.testing.assert_allclose(usual.points[:, -1, 0], CHAINS, rtol=1e-6)
    with other_settings():
        np.testing.assert_array_equal(sample(model, start, settings).points, usual.points)


def test_verbs_pin_every_setting_that_can_move_a_number():
    @with_x64
    def inside():
        return settings()

    def settings():
        names = ("enable_x64", "default_matmul_precision", "threefry_partitionable", "default_prng_impl")
        return [getattr(jax.config, f"jax_{name}") for name in names]

    with other_settings(), jax.enable_x64(False), jax.default_matmul_precision("bfloat16"):
        before = settings()
        assert inside() == [True, "highest", True, "threefry2x32"]
        assert settings() == before


def test_no_other_module_makes_keys():
    made = re.compile(r"PRNGKey\(|random\.key\(|wrap_key_data\(|random\.seed\(")
    package = Path(aigini.__file__).parent
    makers = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if made.search(path.read_text(encoding="utf-8").replace("random_keys.key(", ""))
    }
    assert makers == {"runtime/random_keys.py"}
