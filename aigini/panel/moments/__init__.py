"""Moments of the economy estimated from a panel, with their joint covariance (MODEL.md, section on panels)."""
