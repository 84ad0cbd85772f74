"""Channels through which AI moves inequality, each of which can be switched off in its own block only.

Two quantities that AI moves are those of the economy with every channel on, whatever is switched off, so that a
switch takes away its own mechanism and no other (MODEL.md section 13): the floor f_o of the work sample, which is
computed with the original α and β, and the rent q_A that drives firms' assets. Only the switch of screening scales the
first, and only that of cumulative advantage the second. A switch is a number between 0 (off) and 1 (on), and multiplies
what the channel brings in.
"""

import equinox as eqx
import jax.numpy as jnp

from aigini.economy.mechanisms import Mechanisms
from aigini.economy.technology import WorkSample
from aigini.parameters import Parameters, Scalar

CHANNEL_WORDS = {
    "task_floor": "off: α = β = 0 in production",
    "schooling": "off: schooling stays at its level before AI, r = 0",
    "screening": "off: the work sample stays as diagnostic as without AI, f_o = 0",
    "cumulative_advantage": "off: firms' assets stay on their path without AI, χ = 0",
    "proprietary_rents": "off: η0 takes over η1 in production and pay",
}
"""Each channel, by what switching it off does."""

CHANNEL_NAMES = tuple(CHANNEL_WORDS)


class Channels(eqx.Module):
    """Switches of the five channels, 1 on and 0 off, in the order of `CHANNEL_NAMES`."""

    task_floor: Scalar = 1.0
    schooling: Scalar = 1.0
    screening: Scalar = 1.0
    cumulative_advantage: Scalar = 1.0
    proprietary_rents: Scalar = 1.0


def market_parameters(params: Parameters, channels: Channels) -> Parameters:
    """Parameters of production, pay and schooling."""
    proprietary = channels.proprietary_rents * params.eta1
    return params.replace(
        alpha=channels.task_floor * params.alpha,
        beta=channels.task_floor * params.beta,
        eta0=params.eta0 + params.eta1 - proprietary,
        eta1=proprietary,
        retooling=channels.schooling * params.retooling,
    )


def firm_parameters(params: Parameters, channels: Channels) -> Parameters:
    """Parameters of firm growth."""
    return params.replace(cumulative_advantage=channels.cumulative_advantage * params.cumulative_advantage)


def work_sample(params: Parameters, mechanisms: Mechanisms, level: Scalar, channels: Channels) -> WorkSample:
    """AI inside a treated work sample, with the original α and β."""
    sample = mechanisms.production(params, level).work_sample(params)
    return eqx.tree_at(lambda one: one.strength, sample, jnp.asarray(channels.screening))
