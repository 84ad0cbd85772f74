"""The precision policy: agents in float32 or float64, every sum, table and equilibrium in float64.

Rounding of one agent is 1e-7 in float32 and averages out; rounding of a sum over a million agents does not.
The public verbs of the package switch 64-bit mode on for their own duration, and pin every other setting of JAX that
can move a number, so that the environment cannot; the pure functions underneath only check that 64-bit mode is on.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import jax

from aigini.errors import PrecisionError
from aigini.runtime import random_keys
from aigini.runtime.backend import require_backend

P = ParamSpec("P")
R = TypeVar("R")


def require_x64() -> None:
    """Refuse to run where float64 would silently become float32.

    Raises:
        PrecisionError: if JAX's 64-bit mode is off.
    """
    if not jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
        raise PrecisionError(
            "JAX is in 32-bit mode, so float64 sums over workers would be rounded to float32; call"
            " jax.config.update('jax_enable_x64', True) first, or use the verbs aigini.simulate and aigini.calibrate,"
            " which switch it on themselves."
        )


@contextlib.contextmanager
def pinned_settings() -> Iterator[None]:
    """64-bit mode, products of matrices at full precision, and the package's random streams.

    Without the second, JAX_DEFAULT_MATMUL_PRECISION, or the default of some accelerators, would round the factors of
    float32 products; without the third, a seed would give other draws.
    """
    with jax.enable_x64(True), jax.default_matmul_precision("highest"), random_keys.pinned():
        yield


def with_x64(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` with the settings of `pinned_settings`, and leave the caller's as they were.

    It raises BackendError, like every public verb, if JAX cannot compute where it was told to.
    """

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        require_backend()
        with pinned_settings():
            return function(*args, **kwargs)

    return wrapped
