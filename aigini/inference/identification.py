"""Directions of the parameters that the moments can tell apart, and those that they cannot."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from aigini.errors import IdentificationError
from aigini.inference import checks
from aigini.tables import Column, Table, Tabular

# Derivatives in float64 through an iterative solution are right to about 1e-12 of the largest, and the smallest
# singular value divides that error. Below this ratio fewer than two digits of Λ would be right.
RANK = 1e-10
# A direction with singular value σ has standard error 1/σ in relative terms when it is estimated from independent
# moments weighted by 1/s.e.². Below this it cannot be told from zero at even one standard error.
WEAK = 1.0
# The largest change of a parameter in a direction put into words, in percent; the share of it not worth a number; and
# the share that is the rounding of zero.
LARGEST = 10.0
NEGLIGIBLE = 0.01
ROUNDING = 1e-9


class Factors(NamedTuple):
    """Singular value decomposition of a Jacobian of full column rank, J diag(scale) = left[:, :p] diag(σ) right.

    Attributes:
        left: Orthogonal, ``[q, q]``; the columns from p on are orthogonal to every column of J.
        singular_values: σ, descending, ``[p]``.
        right: Orthogonal, a direction in each row, ``[p, p]``.
        scale: Size of each parameter, ``[p]``.
    """

    left: np.ndarray
    singular_values: np.ndarray
    right: np.ndarray
    scale: np.ndarray


@dataclasses.dataclass(frozen=True)
class Identification(Tabular):
    """Strength of identification by direction of the parameters, to first order.

    Attributes:
        scaled: Change of each moment, in s.e., per 100 percent change of each parameter, ``[q, p]``.
        singular_values: Singular values of `scaled`, descending, zero for the parameters in excess of moments, ``[p]``.
            A relative change of the parameters of length one along direction i moves the moments by this many s.e.
            (root of the sum of squares).
        directions: Orthonormal relative changes of the parameters, a direction in each row, ``[p, p]``.
        condition: Largest over smallest singular value; inf if the smallest is zero.
        rank: Number of singular values above 1e-10 of the largest.
        near_null: Directions that move the moments by less than one s.e. per 100 percent.
        names: Parameters, the order of columns.
        moments: Moments, the order of rows.
    """

    scaled: np.ndarray
    singular_values: np.ndarray
    directions: np.ndarray
    condition: float
    rank: int
    near_null: tuple[int, ...]
    names: tuple[str, ...]
    moments: tuple[str, ...]

    def describe(self, index: int) -> str:
        """Direction `index` in words, with the moment it moves most."""
        move = self.directions[index] * LARGEST / 100 / np.abs(self.directions[index]).max()
        change = np.abs(self.scaled @ move)
        most = int(np.argmax(change))
        words = describe_direction(self.directions[index], self.names)
        return f"{words}: changes no moment by more than {change[most]:.2g} s.e. ({self.moments[most]})"

    def table(self) -> Table:
        """Standard errors that a change of 100 % along each direction moves the moments by, and the directions."""
        words = [f"{self.describe(i)}{'  <- near null' if i in self.near_null else ''}" for i in range(len(self.names))]
        return Table((Column("s.e. per 100%", self.singular_values, ".3g"), Column("direction", words)))

    def __str__(self) -> str:
        lines = [
            f"{len(self.moments)} moments, {len(self.names)} parameters: rank {self.rank}, condition number"
            f" {self.condition:.3g}",
            str(self.table()),
        ]
        if self.near_null:
            lines.append(
                f"{len(self.near_null)} near-null: the targets cannot tell a change of 100% along these from no change."
                " Fix a parameter in each, or add a moment that it moves."
            )
        return "\n".join(lines)


def identification(
    jacobian: np.ndarray,
    se: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    moments: Sequence[str] | None = None,
    scale: np.ndarray | None = None,
) -> Identification:
    """Singular values and directions of the Jacobian in units that can be compared.

    A direction is near null where its singular value is below one, that is where a change of 100 percent moves the
    moments by less than one s.e. The ratio to the largest singular value plays no part in this: a parameter combination
    can be known well while another is known far better. The ratio decides only the numerical rank.

    Args:
        jacobian: J in natural parameters, ``[q, p]``; q may be less than p.
        se: Standard errors of the target moments, in units of the moments, ``[q]``.
        values: Natural values of the parameters, ``[p]``.
        names: Their names.
        moments: Names of the moments.
        scale: Size of a change of each parameter by 100 percent, ``[p]``; the absolute `values` by default.

    Raises:
        ValueError: if shapes differ, an entry is not finite, a standard error or a scale is not positive, or a value
            is zero and no scale is given.
    """
    jacobian = checks.matrix("jacobian", jacobian)
    q, p = jacobian.shape
    se = checks.vector("se", se, q, positive=True)
    values = checks.vector("values", values, p)
    parameters = checks.labels("names", names, p, "parameter")
    if scale is None and (values == 0).any():
        name = parameters[int(np.argmax(values == 0))]
        raise ValueError(f"{name} is 0, so a change of it in percent means nothing; give `scale` for the parameters.")
    size = np.abs(values) if scale is None else checks.vector("scale", scale, p, positive=True)

    scaled = jacobian * size / se[:, None]
    _, singular, directions = np.linalg.svd(scaled, full_matrices=True)
    singular_values = np.concatenate([singular, np.zeros(p - len(singular))])
    largest, smallest = singular_values[0], singular_values[-1]
    return Identification(
        scaled=scaled,
        singular_values=singular_values,
        directions=directions,
        condition=float(largest / smallest) if smallest > 0 else np.inf,
        rank=int(np.count_nonzero(singular_values > RANK * largest)),
        near_null=tuple(int(i) for i in np.flatnonzero(singular_values < WEAK)),
        names=parameters,
        moments=checks.labels("moments", moments, q, "moment"),
    )


def describe_direction(vector: np.ndarray, names: Sequence[str], largest: float = LARGEST, unit: str = "%") -> str:
    """A direction in words, such as "b up 10%, a down 4.8%".

    A direction has no length or sign, so it is scaled to make its largest entry `largest` upwards. Entries below a
    hundredth of that are summarised, and those that are the rounding of zero left out.

    Args:
        vector: Changes of the parameters relative to one another, not all zero, ``[p]``.
        names: Parameters.
        largest: Size of the largest change.
        unit: Unit of the changes.

    Raises:
        ValueError: if the vector is zero or not finite, or the number of names is not that of its entries.
    """
    vector = checks.vector("vector", vector)
    parameters = checks.labels("names", names, len(vector), "parameter")
    order = np.argsort(-np.abs(vector), kind="stable")
    if vector[order[0]] == 0:
        raise ValueError("vector is zero, which is not a direction.")
    change = largest * vector / vector[order[0]]
    named = [i for i in order if abs(change[i]) >= NEGLIGIBLE * largest]
    words = [f"{parameters[i]} {'up' if change[i] > 0 else 'down'} {abs(change[i]):.2g}{unit}" for i in named]
    if any(abs(change[i]) > ROUNDING * largest for i in order[len(named) :]):
        words.append(f"others by less than {NEGLIGIBLE * largest:.2g}{unit}")
    return ", ".join(words)


def require_rank(
    jacobian: np.ndarray,
    names: Sequence[str] | None = None,
    scale: np.ndarray | None = None,
    *,
    magnitude: np.ndarray | None = None,
    what: str = "Jacobian",
) -> Factors:
    """Factors of a Jacobian whose columns are linearly independent.

    The columns are divided by their magnitudes before singular values are compared, so the verdict does not depend on
    the units of the parameters; with `scale` they are multiplied by it instead. It does depend on the units of the
    rows: scale them first.

    Args:
        jacobian: ``[q, p]``.
        names: Parameters.
        scale: Size of a change of each parameter by 100 percent, ``[p]``.
        magnitude: Size of what was added up to make each column, ``[p]``, to which its rounding is proportional; its
            norm by default, but more where terms of opposite sign were added.
        what: Name of the matrix in the message.

    Raises:
        ValueError: if shapes differ, or an entry is not finite.
        IdentificationError: if the smallest singular value is below 1e-10 of the largest, or of the largest magnitude,
            naming the direction in percent of `scale`, or else in natural units.
    """
    jacobian = checks.matrix("jacobian", jacobian)
    q, p = jacobian.shape
    parameters = checks.labels("names", names, p, "parameter")
    full = np.linalg.norm(jacobian, axis=0) if magnitude is None else magnitude
    size = 1 / np.where(full > 0, full, 1.0) if scale is None else checks.vector("scale", scale, p, positive=True)
    left, singular, right = np.linalg.svd(jacobian * size, full_matrices=True)
    values = np.concatenate([singular, np.zeros(p - len(singular))])
    needed = RANK * max(values[0], (full * size).max())
    rank = int(np.count_nonzero(values > needed))
    if rank < p:
        percent = scale is not None
        words = describe_direction(
            right[-1] if percent else right[-1] * size,
            parameters,
            largest=LARGEST if percent else 1.0,
            unit="%" if percent else "",
        )
        raise IdentificationError(
            f"The {what} has rank {rank}, but there are {p} parameters for {q} moments (smallest singular value"
            f" {values[-1]:.2g}, largest {values[0]:.2g}; more than {needed:.1g} is needed): {words} changes no moment"
            " that counts. Fix one of these parameters, or add a moment that moves in this direction."
        )
    return Factors(left, values, right, size)
