"""Priors of parameters: a family, its numbers, and the bounds the parameter has anyway.

| distribution | numbers | on |
|---|---|---|
| uniform | low, high | [low, high], inside the bounds |
| normal | mean, sd | the bounds of the parameter, truncated there |
| lognormal | median, log_sd | parameters bounded below by 0 only |
| beta | a, b | the bounds, both finite |
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, get_args

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from aigini.errors import unknown_name
from aigini.runtime import random_keys

if TYPE_CHECKING:
    from numpyro.distributions import Distribution

Family = Literal["uniform", "normal", "lognormal", "beta"]

NUMBERS: dict[str, tuple[str, str]] = {
    "uniform": ("low", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "log_sd"),
    "beta": ("a", "b"),
}
"""The two numbers of each family."""


class Prior(eqx.Module):
    """A prior of one parameter; its numbers are data, so that priors of one family share compiled programs.

    Attributes:
        distribution: Family.
        numbers: Its two numbers, in the order of `NUMBERS`.
        bounds: Bounds of the parameter.
    """

    distribution: Family = eqx.field(static=True)
    numbers: tuple[float, float]
    bounds: tuple[float, float] = eqx.field(static=True)

    @property
    def support(self) -> tuple[float, float]:
        """Bounds of what the prior allows."""
        return self.numbers if self.distribution == "uniform" else self.bounds

    @property
    def center(self) -> float:
        """A central value: the median, or the mean of a beta; of a normal its mean, moved inside the bounds."""
        one, two = self.numbers
        match self.distribution:
            case "uniform":
                return (one + two) / 2
            case "lognormal":
                return one
            case "beta":
                return self.bounds[0] + (self.bounds[1] - self.bounds[0]) * one / (one + two)
        return float(self.inside(one))

    def inside(self, value: float) -> float:
        """`value`, moved strictly inside the support where it is not."""
        low, high = self.support
        if math.isfinite(low) and math.isfinite(high):
            margin = 0.01 * (high - low)
            return float(np.clip(value, low + margin, high - margin))
        if math.isfinite(low):
            return max(value, low + 0.01 * max(abs(low), 0.1))
        return min(value, high - 0.01 * max(abs(high), 0.1)) if math.isfinite(high) else value

    def build(self) -> "Distribution":
        """The NumPyro distribution."""
        import numpyro.distributions as dist

        one, two = (jnp.asarray(number) for number in self.numbers)
        low, high = self.bounds
        match self.distribution:
            case "uniform":
                return dist.Uniform(one, two)
            case "lognormal":
                return dist.LogNormal(jnp.log(one), two)
            case "beta":
                scale = dist.transforms.AffineTransform(
                    jnp.asarray(low), jnp.asarray(high - low), dist.constraints.unit_interval
                )
                return dist.TransformedDistribution(dist.Beta(one, two), scale)
        return dist.TruncatedNormal(
            one,
            two,
            low=low if math.isfinite(low) else None,
            high=high if math.isfinite(high) else None,
        )

    def sample(self, seed: int, count: int) -> np.ndarray:
        """Draws, ``[count]``."""
        with random_keys.pinned():
            return np.asarray(self.build().sample(random_keys.key(seed), (count,)))

    def __str__(self) -> str:
        names = NUMBERS[self.distribution]
        return f"{self.distribution}({', '.join(f'{n} {x:g}' for n, x in zip(names, self.numbers, strict=True))})"


def prior_problems(where: str, given: Mapping[str, float | str], bounds: tuple[float, float]) -> list[str]:
    """Faults of a prior, a sentence each.

    Args:
        where: Its place in the configuration.
        given: Its keys, ``distribution`` among them.
        bounds: Bounds of the parameter.
    """
    family = str(given.get("distribution", ""))
    if family not in get_args(Family):
        return [f"{where}.distribution: {unknown_name(family or 'nothing', list(NUMBERS))}"]
    names = NUMBERS[family]
    expected = f"{where} is {family}, which has {names[0]} and {names[1]}"
    problems = [f"{expected}; add {where}.{name}." for name in names if name not in given]
    problems += [
        f"{expected}; drop {where}.{name}." for name in given if name not in (*names, "distribution", "source", "seen")
    ]
    if problems:
        return problems
    one, two = (float(given[name]) for name in names)
    low, high = bounds
    interval = f"({low:g}, {high:g})"
    if family == "uniform" and not low <= one < two <= high:
        problems.append(f"{where} = [{one:g}, {two:g}] is not a range inside {interval}; give the smaller end first.")
    if family in ("normal", "lognormal") and not two > 0:
        problems.append(f"{where}.{names[1]} = {two:g} must be positive.")
    if family == "normal" and not low < one < high:
        problems.append(f"{where}.mean = {one:g} must be inside {interval}; move it there.")
    if family == "lognormal" and (low != 0 or math.isfinite(high)):
        problems.append(
            f"{where} is lognormal, but the parameter is bounded by {interval}; use uniform, normal or beta."
        )
    if family == "lognormal" and not one > 0:
        problems.append(f"{where}.median = {one:g} must be positive.")
    if family == "beta" and not (math.isfinite(low) and math.isfinite(high)):
        problems.append(
            f"{where} is beta, but the parameter is bounded by {interval}; use uniform, normal or lognormal."
        )
    if family == "beta" and not (one > 0 and two > 0):
        problems.append(f"{where}.a = {one:g} and {where}.b = {two:g} must be positive.")
    return problems
