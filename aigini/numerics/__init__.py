"""Numerical methods that know nothing of the economy: roots, level sets, Shapley values."""
