"""Sensitivity of a posterior to its priors and data: each density to the power α, by importance weights.

A component p of the posterior (a prior, a belief, the likelihood of a moment) is replaced by p^α: α < 1 weakens it and
α > 1 strengthens it. No new draws are needed; the weights are p^(α - 1), Pareto smoothed.

Source: Kallioinen, Paananen, Bürkner and Vehtari, Detecting and diagnosing prior and likelihood sensitivity with
power-scaling, Statistics and Computing 34, 57 (2024).
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from aigini.bayes.diagnostics import power_scaling_sensitivity
from aigini.bayes.importance import PARETO_K, Estimate, Weights, smoothed
from aigini.inference import checks
from aigini.tables import Column, Table, Tabular

ALPHAS = (0.8, 1.25)
"""Powers at which means are reported."""
THRESHOLD = 0.05
"""Sensitivity from which a posterior counts as depending on a component."""
STEP = 0.01
"""The sensitivity is a difference quotient between the powers 1 / (1 + STEP) and 1 + STEP."""


@dataclasses.dataclass(frozen=True)
class Effect:
    """Effect of a component of the posterior on a quantity.

    Attributes:
        component: Name of the prior or likelihood that is scaled.
        quantity: Name of the quantity whose distribution moves.
        mean: Posterior mean.
        scaled_means: Mean at each α.
        derivative: Derivative of the mean in log2 α at α = 1, ln 2 · cov(log p, quantity).
        sensitivity: Derivative of the distance of the quantity's distribution from the posterior in log2 α; the
            distance is the root of the cumulative Jensen-Shannon divergence relative to its bound.
    """

    component: str
    quantity: str
    mean: Estimate
    scaled_means: tuple[Estimate, ...]
    derivative: Estimate
    sensitivity: float

    @property
    def sensitive(self) -> bool:
        """True if the quantity depends on the component, by the threshold of the source."""
        return self.sensitivity >= THRESHOLD


@dataclasses.dataclass(frozen=True)
class PowerScaling(Tabular):
    """Effects of every component on every quantity.

    Attributes:
        alphas: Powers, increasing.
        components: Names of the priors and likelihoods that are scaled.
        quantities: Names of the quantities whose distributions move.
        effects: For each component, the effects in the order of the quantities.
        pareto_k: Shape of the tail of the weights, ``[components, alphas]``.
        ess: Effective sample size at each α, ``[components, alphas]``.
        marks: Sentences about results that are not reliable.
    """

    alphas: tuple[float, ...]
    components: tuple[str, ...]
    quantities: tuple[str, ...]
    effects: tuple[Effect, ...]
    pareto_k: np.ndarray
    ess: np.ndarray
    marks: tuple[str, ...]

    def effect(self, component: str, quantity: str) -> Effect:
        """The effect of `component` on `quantity`.

        Raises:
            ValueError: if there is no such pair.
        """
        for effect in self.effects:
            if (effect.component, effect.quantity) == (component, quantity):
                return effect
        raise ValueError(
            f"there is no effect of {component} on {quantity}; components are {', '.join(self.components)}, quantities"
            f" {', '.join(self.quantities)}."
        )

    def table(self) -> Table:
        """Effects by component and quantity."""
        effects = self.effects
        rows = [self.pareto_k[self.components.index(effect.component)] for effect in effects]
        derivatives = [effect.derivative for effect in effects]
        columns = [
            Column("component", [effect.component for effect in effects]),
            Column("quantity", [effect.quantity for effect in effects]),
            Column("mean", [effect.mean.value for effect in effects], ".5g"),
        ]
        for k, alpha in enumerate(self.alphas):
            columns.append(Column(f"mean at {alpha:g}", [effect.scaled_means[k].value for effect in effects], ".5g"))
        columns += [
            Column(
                "per doubling",
                [one.value for one in derivatives],
                errors=[one.error for one in derivatives],
                text=list(map(str, derivatives)),
            ),
            Column(
                "sensitivity",
                [effect.sensitivity for effect in effects],
                text=[f"{effect.sensitivity:.3f}{'*' if effect.sensitive else ' '}" for effect in effects],
            ),
        ]
        for k, alpha in enumerate(self.alphas):
            shapes = [float(row[k]) for row in rows]
            text = [f"{k:.2f}" if np.isfinite(k) else "flat" if k < 0 else "none" for k in shapes]
            columns.append(Column(f"k at {alpha:g}", shapes, text=text))
        return Table(tuple(columns))

    def __str__(self) -> str:
        legend = f"* {THRESHOLD} or more: the quantity depends on this component"
        return "\n".join([str(self.table()), legend, *self.marks])


def power_scaling(
    components: Mapping[str, np.ndarray],
    quantities: Mapping[str, np.ndarray],
    *,
    alphas: tuple[float, ...] = ALPHAS,
    relative_efficiency: float = 1.0,
) -> PowerScaling:
    """Scale each component and measure the change of each quantity.

    Args:
        components: Log density of each at each draw, up to a constant, ``[n]``.
        quantities: Value of each at each draw, ``[n]``; 0 and 1 for an event.
        alphas: Powers at which means are reported, positive and not 1.
        relative_efficiency: Effective sample size of the draws over n.

    Raises:
        ValueError: if there is no component or quantity, lengths differ, a number is not finite, there are fewer than
            25 draws, or a power is not allowed.
        MissingExtraError: if ArviZ is not installed.
    """
    if not components or not quantities:
        raise ValueError("there is nothing to scale or to look at; give at least one component and one quantity.")
    powers = tuple(sorted(float(alpha) for alpha in alphas))
    if not powers or not all(0 < alpha < np.inf and alpha != 1 for alpha in powers):
        raise ValueError(f"alphas = {alphas} must be positive powers other than 1, such as {ALPHAS}.")
    n = np.size(next(iter(components.values())))
    densities = {name: checks.vector(f"log density of {name}", values, n) for name, values in components.items()}
    values = {name: checks.vector(f"quantity {name}", x, n) for name, x in quantities.items()}
    even = Weights(np.full(n, 1 / n), -np.inf, n * relative_efficiency, relative_efficiency)

    effects: list[Effect] = []
    marks = [
        f"{name} is {x[0]:g} in every draw, so nothing seems to change it; a rare event needs more draws."
        for name, x in values.items()
        if np.ptp(x) == 0
    ]
    weights_of = {}
    for component, log_density in densities.items():
        scaled = [smoothed((alpha - 1) * log_density, relative_efficiency) for alpha in powers]
        weights_of[component] = scaled
        # Nearly equal weights: the difference quotient is reliable even where the powers above are not.
        lower, upper = (
            smoothed((alpha - 1) * log_density, relative_efficiency).values for alpha in (1 / (1 + STEP), 1 + STEP)
        )
        for name, x in values.items():
            effects.append(
                Effect(
                    component=component,
                    quantity=name,
                    mean=even.mean(x),
                    scaled_means=tuple(weights.mean(x) for weights in scaled),
                    derivative=_derivative(log_density, x, relative_efficiency),
                    sensitivity=power_scaling_sensitivity(x, lower, upper, STEP),
                )
            )
        marks += [
            f"{component} to the power {alpha:g} is not reliable: Pareto k = {weights.pareto_k:.2f}, expected at most"
            f" {PARETO_K}; sample again with this component scaled."
            for alpha, weights in zip(powers, scaled, strict=True)
            if not weights.reliable
        ]
    return PowerScaling(
        alphas=powers,
        components=tuple(densities),
        quantities=tuple(values),
        effects=tuple(effects),
        pareto_k=np.array([[weights.pareto_k for weights in row] for row in weights_of.values()]),
        ess=np.array([[weights.ess for weights in row] for row in weights_of.values()]),
        marks=tuple(marks),
    )


def _derivative(log_density: np.ndarray, x: np.ndarray, relative_efficiency: float) -> Estimate:
    """The derivative in log α of a mean under p^α is the covariance with log p; here in log2 α."""
    products = np.log(2) * (log_density - log_density.mean()) * (x - x.mean())
    n = len(x)
    return Estimate(float(products.sum() / (n - 1)), float(products.std(ddof=1) / np.sqrt(n * relative_efficiency)))
