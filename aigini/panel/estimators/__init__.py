"""Estimators on panels of workers, tasks and periods: staggered differences in differences and the four hypotheses."""

from aigini.panel.estimators.between_firms import between_firm_dispersion
from aigini.panel.estimators.cohorts import Cohorts, cohorts_of_treatment
from aigini.panel.estimators.credentials import credential_requirements
from aigini.panel.estimators.honest import SensitivityBounds, sensitivity_bounds
from aigini.panel.estimators.hypotheses import hypothesis_tests
from aigini.panel.estimators.hypothesis import HypothesisTest
from aigini.panel.estimators.schooling import schooling_returns
from aigini.panel.estimators.staggered import StaggeredEffects, staggered_effects
from aigini.panel.estimators.two_way import TwoWayWeights, two_way_weights
from aigini.panel.estimators.variance_components import VarianceComponents, between_within, worker_firm_components
from aigini.panel.estimators.within_task import within_task_dispersion

__all__ = [
    "Cohorts",
    "HypothesisTest",
    "SensitivityBounds",
    "StaggeredEffects",
    "TwoWayWeights",
    "VarianceComponents",
    "between_firm_dispersion",
    "between_within",
    "cohorts_of_treatment",
    "credential_requirements",
    "hypothesis_tests",
    "schooling_returns",
    "sensitivity_bounds",
    "staggered_effects",
    "two_way_weights",
    "within_task_dispersion",
    "worker_firm_components",
]
