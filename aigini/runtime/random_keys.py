"""Random streams that are a function of their seed alone, whatever JAX is told about random numbers.

JAX has several generators (``jax_default_prng_impl``), two ways to spread one generator over an array
(``jax_threefry_partitionable``) and an offset to all seeds (``jax_random_seed_offset``). Each of them would give other
draws for the same seed. Here the generator is always Threefry-2x32, spread the partitionable way, without an offset.
Every key of the package comes from `key`, and every function that draws with such keys runs under `pinned`.
"""

import contextlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry_2x32
from jaxtyping import Array, UInt32

IMPLEMENTATION = "threefry2x32"

SEED_LIMIT = 2**63
"""Seeds of a configuration are below this; streams derived from one, a small count later, are below twice as much."""

_WORD = 32


def key(seed: int) -> Array:
    """The key of a seed: a scalar of JAX's key type, which carries its generator with it.

    Args:
        seed: From 0 to 2^64 - 1.

    Raises:
        ValueError: if the seed is out of range.
    """
    if not 0 <= seed < 2 * SEED_LIMIT:
        raise ValueError(f"seed = {seed} is not in 0 .. 2^64 - 1.")
    words = np.array([seed >> _WORD, seed % (1 << _WORD)], np.uint32)
    return of_words(jnp.asarray(words))


def of_words(words: UInt32[Array, "*keys 2"]) -> Array:
    """Keys from their words, which is how files and compiled functions hold them."""
    return jax.random.wrap_key_data(words, impl=IMPLEMENTATION)


@contextlib.contextmanager
def pinned() -> Iterator[None]:
    """Spread Threefry over arrays the partitionable way; also usable as a decorator.

    JAX reads this setting when it compiles, so it must be on around the calls of compiled functions.
    """
    with jax.threefry_partitionable(True), jax.default_prng_impl(IMPLEMENTATION):
        yield


def indexed_bits(words: UInt32[Array, "2"], index: UInt32[Array, "n"]) -> UInt32[Array, "n"]:
    """32 uniform bits for each index, from Threefry itself, so that no setting of JAX has a part in them.

    They are ``jax.random.bits(jax.random.fold_in(key, i), (), uint32)`` of the key whose data are `words`, in the
    partitionable way.
    """

    def one(i: Array) -> Array:
        folded = threefry_2x32((words[0], words[1]), jnp.stack([jnp.zeros_like(i), i]))
        first, second = threefry_2x32((folded[0], folded[1]), jnp.zeros(2, jnp.uint32))
        return first ^ second

    return jax.vmap(one)(index)
