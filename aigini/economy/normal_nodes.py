"""Nodes of a standard normal variable, and the normal scores of occupations (MODEL.md section 5)."""

import numpy as np
from scipy.special import ndtri

from aigini.economy.tasks import OCCUPATION_NODES

NORMAL_NODES, NORMAL_MASSES = np.polynomial.hermite_e.hermegauss(13)
"""13 Gauss-Hermite nodes, exact for polynomials of degree 25, and their masses, which sum to sqrt(2π)."""
NORMAL_WEIGHTS: np.ndarray = NORMAL_MASSES / np.sum(NORMAL_MASSES)
"""Weights of the nodes, which sum to 1."""

OCCUPATION_SCORES: np.ndarray = ndtri(OCCUPATION_NODES)
"""v_o = Φ⁻¹(z_o), ``[occupations]``."""
