"""Estimation by the method of simulated moments."""
