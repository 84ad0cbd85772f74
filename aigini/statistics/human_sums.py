"""Sums of human and of social capital over the workers of an occupation, and the means and spreads that follow."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.statistics import histogram


class _OverNodes(eqx.Module):
    """Sums that may have a histogram of log h."""

    @property
    def values(self) -> Float[Array, "nodes"]:
        """Human capital at the nodes that `shares` are of."""
        return jnp.exp(jnp.asarray(histogram.COARSE_LOG_NODES))


class SocialSums(_OverNodes):
    """Social capital of an occupation, with human capital; each with a leading axis ``[occupations]`` once collected.

    As human capital with workers counted by their social capital, `HumanSquares` or `HumanHistogram` as the technology
    asks, it gives the mean of social capital times output.

    Attributes:
        n: Number of workers.
        total: Σ h_s.
        squares: Σ h_s².
        h: Σ h h_s.
        masses: Histogram of log h, workers counted by h_s; as in `HumanSums`.
    """

    n: Float[Array, "*occupations"]
    total: Float[Array, "*occupations"]
    squares: Float[Array, "*occupations"]
    h: Float[Array, "*occupations"]
    masses: Float[Array, "*occupations coarse_nodes"] | None = None

    @property
    def mean_capital(self) -> Float[Array, "*occupations"]:
        """mean_o(h_s)."""
        return self.total / self.n

    @property
    def variance(self) -> Float[Array, "*occupations"]:
        """Var_o(h_s), divisor n."""
        return self.squares / self.n - self.mean_capital**2

    @property
    def mean(self) -> Float[Array, "*occupations"]:
        """Mean of h, workers counted by h_s."""
        return self.h / self.total

    @property
    def sd(self) -> Float[Array, "*occupations"]:
        """None of it is needed: 0."""
        return jnp.zeros_like(self.h)

    @property
    def shares(self) -> Float[Array, "*occupations coarse_nodes"]:
        """Shares of social capital by node."""
        assert self.masses is not None
        return self.masses / jnp.sum(self.masses, axis=-1, keepdims=True)


class HumanSums(_OverNodes):
    """Human capital of an occupation; each with a leading axis ``[occupations]`` once collected.

    Attributes:
        n: Number of workers.
        h: Σ h.
        hh: Σ h².
        masses: Histogram of log h, ``[coarse_nodes]``; only for technologies that ask for it, because output is not
            linear. The smoothing of the fine histogram is removed to order h⁴.
        social: Social capital; None without a second skill.
    """

    n: Float[Array, "*occupations"]
    h: Float[Array, "*occupations"]
    hh: Float[Array, "*occupations"]
    masses: Float[Array, "*occupations coarse_nodes"] | None = None
    social: SocialSums | None = None

    @property
    def mean(self) -> Float[Array, "*occupations"]:
        """mean_o(h)."""
        return self.h / self.n

    @property
    def sd(self) -> Float[Array, "*occupations"]:
        """SD_o(h), divisor n."""
        return jnp.sqrt(self.hh / self.n - self.mean**2)

    @property
    def shares(self) -> Float[Array, "*occupations coarse_nodes"]:
        """Shares of workers by node, such that means of functions of h are sums.

        Raises:
            ValueError: if the technology did not ask for the histogram.
        """
        if self.masses is None:
            raise ValueError('human capital: there is no histogram; set human_sums = "histogram" in the technology.')
        return self.masses / jnp.sum(self.masses, axis=-1, keepdims=True)
