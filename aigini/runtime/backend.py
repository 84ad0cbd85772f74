"""The platform that JAX computes on, asked for before anything else is."""

import contextlib
import importlib.metadata

import jax

from aigini.errors import BackendError

_EXTRAS = {"cuda": "aigini[cuda12]", "gpu": "aigini[cuda12]"}
"""Extras that bring a platform, by the platform's name; ``aigini[cuda13]`` is the other for NVIDIA."""


def require_backend() -> None:
    """Start JAX.

    Raises:
        BackendError: if the platform that was asked for is not there, saying what was asked for and how to get it.
    """
    try:
        jax.devices()
    # Where a platform was asked for whose plugin is not installed, JAX fails an assertion of its own.
    except (RuntimeError, AssertionError) as error:
        platforms = _platforms()
        extra = next((extra for name, extra in _EXTRAS.items() if name in platforms), None)
        get = f"install it with: pip install '{extra}' (or cuda13), or " if extra else ""
        reason = str(error).splitlines()[0] if str(error) else "nothing that brings it is installed"
        raise BackendError(
            f"JAX_PLATFORMS={platforms}: JAX cannot compute there ({reason}; jaxlib is"
            f" {importlib.metadata.version('jaxlib')}); {get}check its driver, or unset JAX_PLATFORMS to compute"
            " on what there is."
        ) from None


def split_cpu(devices: int) -> None:
    """Let JAX see this many devices if it computes on a CPU, and has not started yet."""
    with contextlib.suppress(RuntimeError):  # it runs already, in a process that called a command as a function
        jax.config.update("jax_num_cpu_devices", devices)


def _platforms() -> str:
    return jax.config.jax_platforms or "any"  # pyright: ignore[reportAttributeAccessIssue]
