"""aigini: a differentiable simulator of how generative AI moves inequality.

Three verbs, `simulate`, `calibrate` and `reproduce`, take a configuration and return typed results. Underneath them,
`six_moments` is a pure function of (parameters, population, scenario) that can be jitted, vmapped and differentiated.
"""

import os

# On CPU jaxlib logs an error for every program it reads back from its own compilation cache (openxla/xla#44565), fifty
# in a second run of a command. Real failures are exceptions. This must come before jax is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from aigini.config import Config, load
from aigini.economy.economy import Scenario
from aigini.errors import AiginiError
from aigini.estimation.result import Calibration, Target
from aigini.jobs import Reproduction, reproduce
from aigini.moments.simulation import Simulation
from aigini.moments.six import six_moments
from aigini.parameters import Parameters
from aigini.population import Population, draw_population
from aigini.verbs import calibrate, simulate

__version__ = "0.1.0"

__all__ = [
    "AiginiError",
    "Calibration",
    "Config",
    "Parameters",
    "Population",
    "Reproduction",
    "Scenario",
    "Simulation",
    "Target",
    "calibrate",
    "draw_population",
    "load",
    "reproduce",
    "simulate",
    "six_moments",
]
