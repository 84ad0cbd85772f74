"""Dynamics: assets, bargaining and adjustment year by year, and regimes of the long run (MODEL.md section 14)."""

from aigini.dynamics.fixed_points import FixedPoints, long_run_fixed_points

__all__ = ["FixedPoints", "long_run_fixed_points"]
