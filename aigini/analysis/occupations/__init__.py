"""Occupations of the simulated economy as a survey of wages would show them, and what regressions on them can tell."""
