"""How much memory is free where JAX computes."""

import jax
import psutil


def available_bytes() -> int:
    """Bytes that can be allocated on a device of this process: of the accelerator, or of the machine if it is a CPU."""
    stats = jax.local_devices()[0].memory_stats()
    if stats and "bytes_limit" in stats:
        return stats["bytes_limit"] - stats["bytes_in_use"]
    return psutil.virtual_memory().available
