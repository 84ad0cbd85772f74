"""Free memory where JAX computes, and the number of evaluations that it allows at once."""

from collections.abc import Callable
from typing import Any

import jax
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
