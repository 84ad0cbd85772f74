"""Occupation wages of the Bureau of Labor Statistics (OEWS): readers, regressions on exposure to AI, and simulations.

`read` gives published tables as one tidy table. What needs pandas or pyfixest is imported when it is called.
"""

from aigini.oews.national import read

__all__ = ["read"]
