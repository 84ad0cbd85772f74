"""The rent that AI creates at rest, from the equilibrium of markets alone: no worker is simulated."""

import dataclasses

import jax
import numpy as np

from aigini.dynamics.economy import economy_at_rest
from aigini.dynamics.equations import NAMES
from aigini.dynamics.settings import Dynamics
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.parameters import Parameters, Scalar
from aigini.statistics.simulation import RESIDUAL_TOLERANCE


@jax.jit
def _rent_at_rest(params: Parameters, dynamics: Dynamics, scenario: Scenario) -> tuple[Scalar, Scalar]:
    market = economy_at_rest(params, dynamics, scenario, params.asset_sd**2, 1).after.market
    return market.prices.mean_ai_rent, market.residual


def long_run_growth(params: Parameters, dynamics: Dynamics, scenario: Scenario) -> float:
    """χ q_A at the final A and adoption, schooling adjusted in full, ξ before erosion; per year.

    Args:
        params: Parameters of the economy.
        dynamics: Parameters of the dynamics.
        scenario: A before AI and in the end, and the mechanisms.

    Raises:
        AnalysisError: if markets do not clear there.
    """
    kept_bargaining = dataclasses.replace(dynamics, bargaining_erosion=0.0)
    rent, residual = jax.device_get(_rent_at_rest(params, kept_bargaining, scenario))
    if not (residual <= RESIDUAL_TOLERANCE and np.isfinite(rent)):
        raise AnalysisError(
            f"the economy at rest has no equilibrium: it is violated by {residual:.1e}; stay nearer the baseline."
        )
    return float(params.cumulative_advantage) * float(rent)


def map_values(params: Parameters, dynamics: Dynamics, scenario: Scenario) -> dict[str, float]:
    """Every parameter of the map of the long run, `aigini.dynamics.equations.NAMES`, with growth of the equilibrium.

    Raises:
        AnalysisError: if assets have no dispersion, or markets do not clear.
    """
    if float(params.asset_sd) == 0:
        raise AnalysisError("params.asset_sd = 0: without dispersion of assets nothing can concentrate; raise it.")
    growth = long_run_growth(params, dynamics, scenario)
    own = (dynamics, params)
    return {
        name: growth if name == "growth" else float(getattr(own[0] if hasattr(own[0], name) else own[1], name))
        for name in NAMES
    }
