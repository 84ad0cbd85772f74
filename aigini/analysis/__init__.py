"""Numerical analyses of functions of the economy that know nothing of the economy itself."""
