"""Replications of a study: estimates of all questions by all estimators, panel by panel, and what they should be."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from jaxtyping import Array, Float, UInt32

from aigini.panel.design.answers import QUESTIONS, answers, treated_mass
from aigini.panel.design.layout import Layout
from aigini.panel.design.sampler import Draws, Numbers, draw_panel, draws_of
from aigini.panel.design.world import World
from aigini.panel.estimators import inference
from aigini.panel.estimators.pseudo_values import pseudo_values
from aigini.runtime import random_keys

_ROWS = 1 << 21
"""Rows of panels that are drawn at once."""

Words = UInt32[Array, "2"]
"""The data of a random key."""


def _draws(words: Words, number: UInt32[Array, ""], layout: Layout) -> Draws:
    return draws_of(random.fold_in(random_keys.of_words(words), number), layout)


def _batch(count: int, rows: int) -> int:
    """Replications at once: a divisor of their number, as a remainder would be a program of its own."""
    return max(one for one in range(1, count + 1) if count % one == 0 and one <= max(1, _ROWS // rows))


def estimates_of(
    draws: Draws, world: World, numbers: Numbers, layout: Layout
) -> Float[Array, "3 questions estimators"]:
    """Effects, standard errors and degrees of freedom in one panel.

    The last question is mean log output less ``user_gain`` times the share of users.
    """
    panel = draw_panel(draws, world, numbers, layout)
    cohorts = layout.cohorts
    outcomes = jnp.stack(
        [
            pseudo_values(
                cohorts,
                question.sums(panel),
                lambda sums, firms, question=question: question.statistic(sums, firms, numbers),
                corrected=question.corrected,
            )
            for question in QUESTIONS.values()
        ]
    )
    # Net of the gain that each user has, mean output is moved by nothing: its error is that of the gain per user.
    names = list(QUESTIONS)
    net = outcomes[names.index("gain")] - numbers["user_gain"] * outcomes[names.index("use")]
    outcomes = jnp.concatenate([outcomes, net[None]])
    return jnp.stack(inference.estimate(cohorts, answers(cohorts), outcomes)).astype(jnp.float32)


@functools.partial(jax.jit, static_argnames="layout")
def replicate(
    words: Words, panels: UInt32[Array, "panels"], world: World, numbers: Numbers, layout: Layout
) -> Float[Array, "panels 3 questions estimators"]:
    """Effects, standard errors and degrees of freedom in many panels.

    Args:
        words: Data of the random key.
        panels: Number of each panel in the stream of that key.
        world: The economy.
        numbers: Assumed numbers.
        layout: Shape of the panels.
    """
    return jax.lax.map(
        lambda number: estimates_of(_draws(words, number, layout), world, numbers, layout),
        panels,
        batch_size=_batch(len(panels), layout.rows),
    )


@functools.partial(jax.jit, static_argnames="layout")
def inquiries(
    words: Words, panels: UInt32[Array, "panels"], world: World, numbers: Numbers, layout: Layout
) -> Float[Array, "panels questions"]:
    """Effects of adoption on adopters in large panels, from what they would be without it.

    Arguments are those of `replicate`.
    """
    cohorts = layout.cohorts
    mass = treated_mass(cohorts)
    groups, periods = np.nonzero(mass)
    shares = cohorts.membership / cohorts.counts[:, None]
    firms = cohorts.counts.astype(float)[groups]

    def one(number: Array) -> Array:
        draws = _draws(words, number, layout)
        with_ai, without = (draw_panel(draws, world, numbers, layout, adopt=adopt) for adopt in (True, False))
        effects = []
        for question in QUESTIONS.values():
            cells = []
            for panel in (with_ai, without):
                means = jnp.einsum("gn,nt...->gt...", shares, question.sums(panel))[groups, periods]
                cells.append(
                    jax.vmap(lambda mean, count, question=question: question.statistic(mean, count, numbers))(
                        means, jnp.asarray(firms)
                    )
                )
            effects.append(jnp.sum(mass[groups, periods] * (cells[0] - cells[1])))
        return jnp.stack(effects)

    return jax.lax.map(one, panels, batch_size=_batch(len(panels), 2 * layout.rows))
