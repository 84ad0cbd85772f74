"""A mechanism of one's own: another task technology, and the same questions asked of it.

    python experiments/tutorials/own_mechanism.py

A mechanism replaces one part of the economy and inherits the rest. This one has human work and AI as substitutes inside
a task, with a constant elasticity; aigini's own `ces` is the full one, with hiring and pay to go with it.
"""

import jax.numpy as jnp
from small import SMALL

import aigini


class Ces(aigini.TaskTechnology):
    """Output of a task is a CES aggregate of what a worker does with guidance, and of AI's floor."""

    rho: float = 0.5

    def task_output(self, params, tasks, exposed, human, ai):
        """Output of workers with given human capital on tasks that AI reaches, or does not."""
        alone, floor = human * tasks.skill, params.alpha * ai
        guided, used = alone * (1 + params.beta * tasks.level), jnp.where(floor > 0, floor, 1.0)
        both = jnp.where(floor > 0, (guided**self.rho + used**self.rho) ** (1 / self.rho), guided)
        return alone + exposed * (both - alone)


aigini.register_mechanism("technology", "tutorial_ces", Ces)
for rho in (0.9, 0.5):
    economy = {"model": {"technology": "tutorial_ces"}, "mechanisms": {"technology": {"rho": rho}}}
    result = aigini.simulate(economy, **SMALL)
    print(f"rho = {rho}: within tasks {result.moments['m1']:+.3f}, Gini of total income {result.gini_change:+.4f}")
