"""Dynamics: assets, bargaining and adjustment year by year, and regimes of the long run (MODEL.md section 14)."""

from aigini.dynamics.bifurcations import bifurcations
from aigini.dynamics.fixed_points import FixedPoints, long_run_fixed_points
from aigini.dynamics.fold_curves import fold_curves

__all__ = ["FixedPoints", "bifurcations", "fold_curves", "long_run_fixed_points"]
