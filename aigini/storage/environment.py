"""The environment of a computation that can move its numbers: settings of JAX, the compiler's flags, the backend.

The verbs pin what JAX lets them pin (`aigini.runtime.precision.pinned_settings`). What is left changes rounding: the
compiler's flags and the backend. A rounding error does not move an estimate, but chains of a posterior are chaotic,
and end elsewhere after any difference. So a run is resumed only under the `arithmetic` that it was started with; this
is kept beside the digest of the configuration, which stays about the configuration alone.
"""

import importlib.metadata
import os
from typing import Any

import jax

from aigini.runtime.precision import pinned_settings

_FLAGS = ("XLA_FLAGS", "NVIDIA_TF32_OVERRIDE", "JAX_DISABLE_MOST_OPTIMIZATIONS")
"""Variables that change how a program is compiled or rounded, whatever JAX is told."""

_SETTINGS = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_threefry_partitionable",
    "jax_default_prng_impl",
    "jax_random_seed_offset",
    "jax_disable_jit",
)


def arithmetic() -> dict[str, str]:
    """Settings that can change the rounding of a resumed run: backend, versions and flags, "" where one is not set."""
    device = jax.devices()[0]
    versions = {name: importlib.metadata.version(name) for name in ("aigini", "jax", "jaxlib")}
    return {"backend": jax.default_backend(), "device": device.device_kind, **versions} | {
        name: " ".join(os.environ.get(name, "").split()) for name in _FLAGS
    }


def difference(before: object) -> str | None:
    """In what `arithmetic` differs from `before`, that of an earlier run, as a clause; None where it does not."""
    now = arithmetic()
    old = before if isinstance(before, dict) else {}
    changed = [
        f"{name} was {old.get(name, '')!r} and is {value!r}" for name, value in now.items() if old.get(name) != value
    ]
    return ", ".join(changed) or None


def record() -> dict[str, Any]:
    """Settings of JAX under which the verbs compute, and the variables of the environment that speak to JAX and XLA."""
    with pinned_settings():
        settings = {name: getattr(jax.config, name) for name in _SETTINGS}
    spoken = {
        name: value
        for name, value in sorted(os.environ.items())
        if name in _FLAGS or name.startswith(("JAX_", "XLA_", "CUDA_VISIBLE"))
    }
    return {"settings": settings, "environment": spoken}
