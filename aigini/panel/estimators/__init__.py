"""Estimators on panels of workers, tasks and periods: staggered differences in differences and the four hypotheses."""

from aigini.panel.estimators.cohorts import Cohorts, cohorts_of_treatment
from aigini.panel.estimators.honest import SensitivityBounds, sensitivity_bounds
from aigini.panel.estimators.staggered import StaggeredEffects, staggered_effects
from aigini.panel.estimators.two_way import TwoWayWeights, two_way_weights

__all__ = [
    "Cohorts",
    "SensitivityBounds",
    "StaggeredEffects",
    "TwoWayWeights",
    "cohorts_of_treatment",
    "sensitivity_bounds",
    "staggered_effects",
    "two_way_weights",
]
