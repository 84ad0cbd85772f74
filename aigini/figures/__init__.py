"""Figures of a simulation, of a calibration and of analyses; `aigini.commands` says which result has which."""

from aigini.figures import agg  # noqa: F401, before anything that needs matplotlib
from aigini.figures.answer import answer
from aigini.figures.beliefs import probability_by_belief
from aigini.figures.bifurcations import bifurcation_diagrams, bistability
from aigini.figures.chains import ranks, traces
from aigini.figures.channels import channel_orders, waterfall
from aigini.figures.design import bias_by_selection, design_diagnosands, power_by_size
from aigini.figures.distances import distances
from aigini.figures.distribution import lorenz_curves, task_output_density, wage_density
from aigini.figures.dynamics import bifurcation, dynamic_paths, phase_portrait
from aigini.figures.firms import firm_convergence
from aigini.figures.fit import moment_fit, objective_trace
from aigini.figures.inequality import asset_concentration, decomposition, gini_changes, where_income_goes
from aigini.figures.oews import event_study, exposure_coefficients, specification_curve
from aigini.figures.oews_surveys import coefficient_by_m1, simulated_coefficients, survey_power
from aigini.figures.phases import phase_diagram
from aigini.figures.policy import frontier_strengths, frontiers, levers
from aigini.figures.posterior import joint_posterior, probability_of_rise
from aigini.figures.posterior_update import predictive_moments, prior_and_posterior
from aigini.figures.prior_sensitivity import power_scaling, value_of_information
from aigini.figures.profiles import profiles
from aigini.figures.regimes import outcome_map, regime_map
from aigini.figures.robustness import robustness_curve
from aigini.figures.sensitivity import elasticity_map, pinning
from aigini.figures.sign import ridge, ridge_estimates
from aigini.figures.style import save
from aigini.figures.timing import policy_timing
from aigini.figures.variance_decomposition import value_of_precision, variance_of_gini
from aigini.figures.yearly_channels import yearly_channels

__all__ = [
    "answer",
    "asset_concentration",
    "bias_by_selection",
    "bifurcation",
    "bifurcation_diagrams",
    "bistability",
    "channel_orders",
    "coefficient_by_m1",
    "decomposition",
    "design_diagnosands",
    "distances",
    "dynamic_paths",
    "elasticity_map",
    "event_study",
    "exposure_coefficients",
    "firm_convergence",
    "frontier_strengths",
    "frontiers",
    "gini_changes",
    "joint_posterior",
    "levers",
    "lorenz_curves",
    "moment_fit",
    "objective_trace",
    "outcome_map",
    "phase_diagram",
    "phase_portrait",
    "pinning",
    "policy_timing",
    "power_by_size",
    "power_scaling",
    "predictive_moments",
    "prior_and_posterior",
    "probability_by_belief",
    "probability_of_rise",
    "profiles",
    "ranks",
    "regime_map",
    "ridge",
    "ridge_estimates",
    "robustness_curve",
    "save",
    "simulated_coefficients",
    "specification_curve",
    "survey_power",
    "task_output_density",
    "traces",
    "value_of_information",
    "value_of_precision",
    "variance_of_gini",
    "wage_density",
    "waterfall",
    "where_income_goes",
    "yearly_channels",
]
