"""One population over many devices: the same numbers, each device with its part of the workers.

    python experiments/tutorials/many_devices.py

On a machine with GPUs `population.devices` is the number of them to use. On a CPU JAX can act as if there were several,
which shows that the numbers do not depend on it; it makes nothing faster. Only sums travel between devices.
"""

import jax

jax.config.update("jax_num_cpu_devices", 2)

from small import SMALL  # noqa: E402

import aigini  # noqa: E402

one = aigini.simulate(None, **SMALL)
two = aigini.simulate(None, **SMALL, **{"population.devices": 2})
print(f"change of the Gini of total income: {one.gini_change:+.6f} on one device, {two.gini_change:+.6f} on two")
assert abs(one.gini_change - two.gini_change) < 1e-6
