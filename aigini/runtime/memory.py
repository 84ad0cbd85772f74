"""Free memory where JAX computes, and the number of evaluations that it allows at once."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import psutil


def available_bytes() -> int:
    """Bytes that can be allocated on a device of this process: of the accelerator, or of the machine if it is a CPU."""
    stats = jax.local_devices()[0].memory_stats()
    if stats and "bytes_limit" in stats:
        return stats["bytes_limit"] - stats["bytes_in_use"]
    return psutil.virtual_memory().available


def side_by_side(bytes_each: int, most: int) -> int:
    """Number of evaluations that run at once: as many as a quarter of the free memory holds, one at least.

    Several hosts must run the same program, so there it is `most` whatever is free on each.

    Args:
        bytes_each: Memory that one evaluation takes.
        most: Largest number.
    """
    if jax.process_count() > 1:
        return most
    return max(1, min(most, available_bytes() // 4 // max(bytes_each, 1)))


def usual_number(bytes_each: int, most: int) -> int:
    """Number of evaluations that run at once unless asked otherwise, with the arguments of `side_by_side`.

    On an accelerator it is as many as fit. A CPU gains nothing from more than one, whose program compiles faster.
    """
    return 1 if jax.default_backend() == "cpu" else side_by_side(bytes_each, most)


def in_groups(function: Callable[..., Any], together: int) -> Callable[..., Any]:
    """A function of one made a function of many, like `jax.vmap`, of which at most `together` are done at once.

    Args:
        function: Its arguments and results are pytrees.
        together: At least 1. Groups are of one size, the largest that divides the number of all.
    """

    def every(*arguments: Any) -> Any:
        count = len(jax.tree.leaves(arguments)[0])
        size = max(n for n in range(1, min(together, count) + 1) if count % n == 0)
        if size == count:
            return jax.vmap(function)(*arguments)
        if size == 1:
            # Not batches of one: in a batch, loops and branches turn into selections, which cost compilation and time.
            return jax.lax.map(lambda one: function(*one), arguments)
        return jax.lax.map(lambda one: function(*one), arguments, batch_size=size)

    return every


def first_in_groups(function: Callable[..., Any], together: int) -> Callable[..., Any]:
    """Like `in_groups`, of as many as a number that is not part of the program; the others are not evaluated.

    Args:
        function: Its arguments and results are pytrees.
        together: At least 1. Groups are of one size, the largest that divides the number of places.

    Returns:
        A function of the number of places that count and of the arguments; results of groups none of which counts are
        zero.
    """

    def first(number: Any, *arguments: Any) -> Any:
        count = len(jax.tree.leaves(arguments)[0])
        size = max(n for n in range(1, min(together, count) + 1) if count % n == 0)

        @jax.jit  # traced once, for the shapes and for the loop
        def group(start: Any) -> Any:
            if size == 1:
                # Not batches of one, as in `in_groups`.
                one = function(*jax.tree.map(lambda leaf: leaf[start], arguments))
                return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], one)
            own = jax.tree.map(lambda leaf: jax.lax.dynamic_slice_in_dim(leaf, start, size), arguments)
            return jax.vmap(function)(*own)

        def step(state: tuple[Any, Any]) -> tuple[Any, Any]:
            start, results = state
            placed = jax.tree.map(
                lambda whole, part: jax.lax.dynamic_update_slice_in_dim(whole, part, start, 0), results, group(start)
            )
            return start + size, placed

        shapes = jax.eval_shape(group, jnp.asarray(0))
        none = jax.tree.map(lambda leaf: jnp.zeros((count, *leaf.shape[1:]), leaf.dtype), shapes)
        return jax.lax.while_loop(lambda state: state[0] < number, step, (jnp.asarray(0), none))[1]

    return first
