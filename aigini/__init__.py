"""aigini: a differentiable simulator of how generative AI moves inequality.

The verbs `simulate`, `calibrate` and `reproduce`, and the analyses `sensitivity`, `sign`, `regimes`, `channels`,
`policy` and `robustness`, take a configuration and return typed results. Underneath them,
`six_moments` is a pure function of (parameters, population, scenario) that can be jitted, vmapped and differentiated.
"""

import os

from aigini.runtime import interruption

interruption.guard_start()

# On CPU jaxlib logs an error for every program it reads back from its own compilation cache (openxla/xla#44565), fifty
# in a second run of a command. Real failures are exceptions. This must come before jax is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from aigini import oews
from aigini.analysis.answered import Answer
from aigini.analysis.channels import ChannelDecomposition
from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.analysis.identification.sign import Sign
from aigini.analysis.levers import register_lever
from aigini.analysis.policy_result import Policy
from aigini.analysis.regimes.result import Regimes
from aigini.analysis.robustness.result import Robustness
from aigini.bayes.beliefs import Beliefs
from aigini.bayes.result import Posterior
from aigini.commands.at_estimates import at_estimates
from aigini.commands.beliefs import beliefs
from aigini.commands.calibrate import calibrate
from aigini.commands.channels import channels
from aigini.commands.command import Command
from aigini.commands.design import design
from aigini.commands.draw import draw
from aigini.commands.dynamic_questions import (
    bifurcations,
    firm_convergence,
    phases,
    policy_timing,
    transition,
    yearly_channels,
)
from aigini.commands.explain import explain
from aigini.commands.explore import explore
from aigini.commands.moments import estimate_moments
from aigini.commands.panel import read_panel, simulate_panel
from aigini.commands.params import parameter_table
from aigini.commands.policy import policy
from aigini.commands.posterior import posterior
from aigini.commands.regimes import regimes
from aigini.commands.report import report
from aigini.commands.reproduce import Reproduction, reproduce
from aigini.commands.robustness import robustness
from aigini.commands.runs import compare_runs
from aigini.commands.sensitivity import sensitivity
from aigini.commands.sign import sign
from aigini.commands.simulate import simulate
from aigini.config import Config, load
from aigini.dynamics.result import Transition
from aigini.economy.economy import Scenario
from aigini.economy.interventions import Instrument, Intervention
from aigini.economy.mechanisms import Mechanisms, register_mechanism
from aigini.economy.task_technology import TaskTechnology
from aigini.errors import AiginiError
from aigini.estimation.result import Calibration
from aigini.estimation.target import Target
from aigini.explore.result import Explorer
from aigini.parameters import Parameters
from aigini.population import Population, draw_population, shard
from aigini.statistics.catalogue import register_moment, unregister_moment
from aigini.statistics.checked import checked_six_moments
from aigini.statistics.moment import Moment
from aigini.statistics.moments import six_moments
from aigini.statistics.simulation_result import Simulation

__version__ = "0.1.0"

__all__ = [
    "AiginiError",
    "Answer",
    "Beliefs",
    "Calibration",
    "ChannelDecomposition",
    "Command",
    "Config",
    "Explorer",
    "Instrument",
    "Intervention",
    "Mechanisms",
    "Moment",
    "Parameters",
    "Policy",
    "Population",
    "Posterior",
    "Regimes",
    "Reproduction",
    "Robustness",
    "Scenario",
    "SensitivityAnalysis",
    "Sign",
    "Simulation",
    "Target",
    "TaskTechnology",
    "Transition",
    "at_estimates",
    "beliefs",
    "bifurcations",
    "calibrate",
    "channels",
    "checked_six_moments",
    "compare_runs",
    "design",
    "draw",
    "draw_population",
    "estimate_moments",
    "explain",
    "explore",
    "firm_convergence",
    "load",
    "oews",
    "parameter_table",
    "phases",
    "policy",
    "policy_timing",
    "posterior",
    "read_panel",
    "regimes",
    "register_lever",
    "register_mechanism",
    "register_moment",
    "report",
    "reproduce",
    "robustness",
    "sensitivity",
    "shard",
    "sign",
    "simulate",
    "simulate_panel",
    "six_moments",
    "transition",
    "unregister_moment",
    "yearly_channels",
]
