"""The parameters of the economy: names, meanings, bounds, and bijections to unconstrained space.

Names and baseline values are those of ``aigini/MODEL.md`` section 7. `SPECS` is the single table from which
validation, estimation bounds and reports are made.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.errors import ParameterError

if TYPE_CHECKING:
    # Static checkers cannot follow scalars through operators that take floats, NumPy and JAX alike; shapes and dtypes
    # are checked at run time, in the tests.
    Scalar = Any
else:
    Scalar = Float[Array, ""] | Float[np.ndarray, ""] | float


@dataclasses.dataclass(frozen=True)
class ParameterSpec:
    """Meaning, baseline value and bounds of one parameter.

    Attributes:
        symbol: Symbol in ``aigini/MODEL.md``.
        meaning: One line in words, with the unit.
        default: Baseline value.
        lower: Lower bound (may be ``-inf``).
        upper: Upper bound (may be ``inf``).
        closed: Which of the two bounds are themselves allowed values.
        box: Range in natural units that starting values are drawn from.
        apart: Smallest size of the value: an interval about 0 is left out; 0 if none is.
    """

    symbol: str
    meaning: str
    default: float
    lower: float
    upper: float
    closed: Literal["both", "left", "right", "neither"]
    box: tuple[float, float]
    apart: float = 0.0

    def admits(self, value: float) -> bool:
        """True if `value` is finite, inside the bounds and not in the interval that is left out."""
        return bool(self.inside(value))

    def inside(self, value: Scalar) -> Any:
        """The same of a traced value, as a truth value of the same kind."""
        above = value >= self.lower if self.closed in ("both", "left") else value > self.lower
        below = value <= self.upper if self.closed in ("both", "right") else value < self.upper
        inside = above & below & (abs(value) < math.inf)
        return inside & (abs(value) >= self.apart) if self.apart else inside

    def interval(self) -> str:
        """The bounds in interval notation, e.g. ``[0, 1)``, and what is left out between them."""
        left = "[" if self.closed in ("both", "left") else "("
        right = "]" if self.closed in ("both", "right") else ")"
        but = f" without ({-self.apart:g}, {self.apart:g})" if self.apart else ""
        return f"{left}{self.lower:g}, {self.upper:g}{right}{but}"


def _spec(
    symbol: str,
    meaning: str,
    default: float,
    bounds: tuple[float, float],
    closed: Literal["both", "left", "right", "neither"],
    box: tuple[float, float] | None = None,
) -> ParameterSpec:
    around = sorted((0.5 * default, 1.5 * default))
    return ParameterSpec(symbol, meaning, default, *bounds, closed, box or (around[0], around[1]))


_INF = math.inf

SPECS: dict[str, ParameterSpec] = {
    "sigma": _spec("σ", "elasticity of substitution between tasks", 1.5, (0.0, _INF), "neither", (0.8, 4.0)),
    "skill_gradient": _spec("g", "slope of log skill intensity over tasks", 0.5, (-_INF, _INF), "neither"),
    "exposed_share": _spec("s1", "share of tasks AI can augment at A = 1", 0.30, (0.0, 1.0), "left"),
    "exposure_smoothing": _spec("τ", "width of the edge of the augmentable set", 0.08, (0.0, _INF), "neither"),
    "task_width": _spec("", "width of an occupation's bundle of tasks", 0.15, (0.0, _INF), "neither"),
    "adoption": _spec("", "share of augmentable tasks that deploys AI", 0.5, (0.0, 1.0), "both"),
    "alpha": _spec("α", "AI output floor per unit of effective AI", 0.80, (0.0, _INF), "left", (0.4, 1.6)),
    "beta": _spec("β", "proportional AI effect on human output", -0.094, (-1.0, _INF), "neither", (-0.3, 0.2)),
    "eta0": _spec("η0", "commodity AI, effective units per unit of A", 0.6, (0.0, _INF), "left", (0.2, 0.8)),
    "eta1": _spec("η1", "proprietary AI, effective units per unit of A", 0.4, (0.0, _INF), "left", (0.2, 0.8)),
    "psi": _spec("ψ", "capital intensity of proprietary deployment", 1.0, (0.0, _INF), "left"),
    "ability_sd": _spec("σ_θ", "standard deviation of log ability", 0.55, (0.0, _INF), "neither"),
    "schooling_return": _spec("γ", "human capital per year of schooling", 0.08, (0.0, _INF), "neither"),
    "schooling_cost": _spec("c", "cost of schooling, per year squared", 0.013, (0.0, _INF), "neither"),
    "cost_ability_gradient": _spec("ζ", "fall of log cost with the ability score", 0.1, (-_INF, _INF), "neither"),
    "cost_sd": _spec("τ_e", "standard deviation of log schooling cost", 0.5, (0.0, _INF), "left"),
    "occupation_sorting": _spec("ρ_z", "ability-occupation correlation", 0.5, (-1.0, 1.0), "neither"),
    "firm_sorting": _spec("ρ_f", "ability-firm correlation", 0.2, (-1.0, 1.0), "neither"),
    "retooling": _spec("r", "share of the schooling response carried out", 0.1, (0.0, 1.0), "both"),
    "signal_noise_sd": _spec("σ_s", "noise of the work sample, log points", 0.8, (0.0, _INF), "neither"),
    "credential_noise_sd": _spec("σ_c", "noise of the credential, log points", 0.3, (0.0, _INF), "neither"),
    "signal_exposure": _spec(
        "δ", "AI floor in the work sample over that in production", 6.6, (0.0, _INF), "left", (3.0, 12.0)
    ),
    "requirement_smoothing": _spec(
        "τ_I", "spread of employers' credential thresholds, log points", 0.5, (0.0, _INF), "neither"
    ),
    "asset_sd": _spec("σ_K", "standard deviation of log firm assets", 1.0, (0.0, _INF), "left"),
    "asset_reversion": _spec("μ", "mean reversion of log assets, per year", 0.1, (0.0, 1.0), "right"),
    "cumulative_advantage": _spec(
        "χ", "reinvestment of proprietary rents, per year and unit of rent", 0.35, (0.0, _INF), "left", (0.07, 0.7)
    ),
    "asset_return": _spec("q0", "quasi-rent per worker before AI, output units", 0.9, (0.0, _INF), "left"),
    "xi": _spec("ξ", "workers' share of quasi-rents", 0.12, (0.0, 1.0), "both", (0.05, 0.35)),
    "ownership_sd": _spec("σ_S", "standard deviation of log ownership", 1.8, (0.0, _INF), "left"),
    "ownership_ability_corr": _spec("ρ_S", "ownership-ability correlation", 0.3, (-1.0, 1.0), "neither"),
    "diversification": _spec("d", "share of ownership in the market portfolio", 0.2, (0.0, 1.0), "both"),
}
"""Every parameter by name, in the order used by all matrices over parameters."""

PARAMETER_NAMES: tuple[str, ...] = tuple(SPECS)


def _as_array(value: object) -> object:
    # float64 NumPy scalars survive outside 64-bit mode, where jnp.asarray would already have rounded them.
    return (
        np.asarray(value, np.float64)
        if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, jax.Array)
        else value
    )


def _field(name: str) -> Any:
    return eqx.field(converter=_as_array, default=SPECS[name].default)


class Parameters(eqx.Module):
    """One point of the parameter space; a pytree of scalars, so it can be differentiated and vmapped over.

    Building it checks nothing, because fields may be tracers; `problems` checks concrete values.
    """

    sigma: Scalar = _field("sigma")
    skill_gradient: Scalar = _field("skill_gradient")
    exposed_share: Scalar = _field("exposed_share")
    exposure_smoothing: Scalar = _field("exposure_smoothing")
    task_width: Scalar = _field("task_width")
    adoption: Scalar = _field("adoption")
    alpha: Scalar = _field("alpha")
    beta: Scalar = _field("beta")
    eta0: Scalar = _field("eta0")
    eta1: Scalar = _field("eta1")
    psi: Scalar = _field("psi")
    ability_sd: Scalar = _field("ability_sd")
    schooling_return: Scalar = _field("schooling_return")
    schooling_cost: Scalar = _field("schooling_cost")
    cost_ability_gradient: Scalar = _field("cost_ability_gradient")
    cost_sd: Scalar = _field("cost_sd")
    occupation_sorting: Scalar = _field("occupation_sorting")
    firm_sorting: Scalar = _field("firm_sorting")
    retooling: Scalar = _field("retooling")
    signal_noise_sd: Scalar = _field("signal_noise_sd")
    credential_noise_sd: Scalar = _field("credential_noise_sd")
    signal_exposure: Scalar = _field("signal_exposure")
    requirement_smoothing: Scalar = _field("requirement_smoothing")
    asset_sd: Scalar = _field("asset_sd")
    asset_reversion: Scalar = _field("asset_reversion")
    cumulative_advantage: Scalar = _field("cumulative_advantage")
    asset_return: Scalar = _field("asset_return")
    xi: Scalar = _field("xi")
    ownership_sd: Scalar = _field("ownership_sd")
    ownership_ability_corr: Scalar = _field("ownership_ability_corr")
    diversification: Scalar = _field("diversification")

    def __repr__(self) -> str:
        values = ((name, getattr(self, name)) for name in SPECS)
        shown = (f"{name}={value}" if np.ndim(value) == 0 else f"{name}={value!r}" for name, value in values)
        return f"Parameters({', '.join(shown)})"

    def replace(self, **changes: object) -> "Parameters":
        """A copy with some fields changed.

        Raises:
            ParameterError: if a name is not a parameter.
        """
        unknown = sorted(set(changes) - set(SPECS))
        if unknown:
            raise ParameterError(f"params: no parameter is called {', '.join(unknown)}; known: {', '.join(SPECS)}.")
        return dataclasses.replace(self, **changes)

    def as_dict(self) -> dict[str, float]:
        """Concrete values by name."""
        return {name: float(getattr(self, name)) for name in SPECS}


def problems(values: Mapping[str, float], *, level: float = 1.0, years: int = 10) -> list[str]:
    """Every reason why `values` is not a point of the parameter space, as full sentences.

    Args:
        values: All parameters by name.
        level: Highest AI level A of the scenario; some joint conditions depend on it.
        years: Years of firm growth T.
    """
    lines = []
    for name, spec in SPECS.items():
        if not spec.admits(values[name]):
            lines.append(
                f"params.{name} = {values[name]:g} is not allowed: expected a finite number in {spec.interval()}"
                f" ({spec.meaning}); baseline is {spec.default:g}."
            )
    if lines:
        return lines
    sorting = values["occupation_sorting"] ** 2 + values["firm_sorting"] ** 2
    if sorting >= 1:
        lines.append(
            f"params.occupation_sorting and params.firm_sorting are impossible together: the sum of their squares"
            f" is {sorting:.3g}, and must be below 1 so that some ability is left unsorted; lower either."
        )
    if 1 + values["beta"] * level <= 0:
        lines.append(
            f"params.beta = {values['beta']:g} leaves no human output at A = {level:g}: 1 + beta A must be positive;"
            f" raise beta above {-1 / level:.3g} or lower the AI levels scenario.A0 and scenario.A1."
        )
    else:
        lines += _growth_problems(values, level, years)
    if 6 * values["ownership_sd"] > 30:
        lines.append(
            f"params.ownership_sd = {values['ownership_sd']:g} overflows capital income; use at most 5"
            f" (the Gini of ownership is already 0.9996 there)."
        )
    return lines


def _growth_problems(values: Mapping[str, float], level: float, years: int) -> list[str]:
    """A sentence if firms' log assets could leave the income grid, by a bound on the rents that drive them."""
    rate = values["cumulative_advantage"] * (1 - values["xi"])
    rent = _largest_rent(values, level)
    growth = 1 - values["asset_reversion"] + rate * rent
    # Six standard deviations of log capital intensity after T years must stay inside the income grid (e^40).
    with np.errstate(over="ignore"):
        spread = 6 * values["psi"] * values["asset_sd"] * float(np.maximum(np.float64(growth) ** years, 1.0))
    if spread < 30:
        return []
    return [
        f"firm growth overflows: with params.cumulative_advantage = {values['cumulative_advantage']:g} and"
        f" params.asset_sd = {values['asset_sd']:g} log assets are multiplied by up to {growth:.3g} a year for {years}"
        f" years, because AI's rents are up to {rent:.3g} a worker with params.eta1 = {values['eta1']:g}, alpha ="
        f" {values['alpha']:g}, beta = {values['beta']:g} and sigma = {values['sigma']:g}; lower cumulative_advantage,"
        " alpha, eta1, asset_sd or psi, raise sigma or asset_reversion, shorten scenario.years, or lower the AI levels"
        " scenario.A0 and scenario.A1."
    ]


def _largest_rent(values: Mapping[str, float], level: float) -> float:
    """A bound on q_A = η1 A mean_o(R_A,o) without solving the equilibrium (MODEL.md section 7).

    The aggregate of tasks is concave, so AI's product at market prices is at most its product at the prices that human
    work alone would have. These are at most (1 + min(β, 0) A adoption)^(-1/σ), schooling given.
    """
    exposed = -math.expm1(level * math.log1p(-values["exposed_share"]))
    # The mean of the augmentable set m(z; A) over tasks, in closed form; beyond these widths it is at its limits.
    width = min(max(values["exposure_smoothing"], 1e-6), 1e6)
    reach = width * float(np.logaddexp(0, exposed / width) - np.logaddexp(0, (exposed - 1) / width))
    human = np.float64(1 + min(values["beta"], 0.0) * level * values["adoption"])
    with np.errstate(over="ignore"):
        price = min(float(human ** (-1 / values["sigma"])), 1e300)
    return values["eta1"] * level * values["alpha"] * values["adoption"] * reach * price


def to_unconstrained(value: Float[Array, "..."], lower: float, upper: float) -> Float[Array, "..."]:
    """Map the open interval (lower, upper) onto the real line: logit, log or identity, by which bounds are finite."""
    if math.isfinite(lower) and math.isfinite(upper):
        return jnp.log(value - lower) - jnp.log(upper - value)
    if math.isfinite(lower):
        return jnp.log(value - lower)
    if math.isfinite(upper):
        return -jnp.log(upper - value)
    return jnp.asarray(value)


def from_unconstrained(free: Float[Array, "..."], lower: float, upper: float) -> Float[Array, "..."]:
    """Inverse of `to_unconstrained`."""
    if math.isfinite(lower) and math.isfinite(upper):
        return lower + (upper - lower) * jax.nn.sigmoid(free)
    if math.isfinite(lower):
        return lower + jnp.exp(free)
    if math.isfinite(upper):
        return upper - jnp.exp(-free)
    return jnp.asarray(free)
