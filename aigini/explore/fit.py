"""The surrogate: polynomials in the sliders, fitted to economies and their exact derivatives.

Numbers that depend on the same sliders are a group. A slider in which all exact derivatives of a number are zero is
none of its variables: before AI, three sliders are enough. The degree of each group is chosen by cross-validation among
the fitted economies; errors are measured on others, which no choice has seen (`aigini.explore.errors`).
"""

import base64
import dataclasses
import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import qmc

from aigini.explore.sliders import coordinate_ranges, coordinates, moves_of_coordinates
from aigini.numerics.chebyshev import design, fitted, total_degree

SLOPE_WEIGHT = 0.3
"""Weight of an equation for a derivative in the units of the box, next to 1 for a value."""
_FEW, MOST_OF_FEW = 3, 8
"""Numbers of so few variables may have this degree."""
_FOLDS = 5
_EQUATIONS = 1.5
"""Equations for each coefficient that a degree needs at least to be tried."""


@dataclasses.dataclass(frozen=True)
class Group:
    """Numbers that are polynomials in the same coordinates, of the same degree.

    It holds text and lists, the same in files and on the page; coefficients have the precision of float32.

    Attributes:
        names: The numbers.
        variables: Positions of their coordinates in `aigini.explore.sliders.COORDINATES`.
        terms: Degrees of the Chebyshev polynomials of each term, a digit for each variable.
        packed: Coefficients by term and then by number, little-endian float32 in base64.
    """

    names: Sequence[str]
    variables: Sequence[int]
    terms: Sequence[str]
    packed: str

    @property
    def degree(self) -> int:
        """Total degree."""
        return int(self.exponents.sum(axis=1).max(initial=0))

    @functools.cached_property
    def exponents(self) -> np.ndarray:
        """Degrees of each term by variable, ``[terms, variables]``."""
        digits = [[int(digit) for digit in term] for term in self.terms]
        return np.array(digits, np.intp).reshape(len(self.terms), len(self.variables))

    @functools.cached_property
    def coefficients(self) -> np.ndarray:
        """Coefficients of the terms, ``[terms, numbers]``."""
        return np.frombuffer(base64.b64decode(self.packed), "<f4").reshape(len(self.terms), -1).astype(np.float64)

    def __call__(self, points: np.ndarray, ranges: np.ndarray) -> np.ndarray:
        """The numbers at points of the sliders, ``[points, numbers]``.

        Args:
            points: ``[points, sliders]``.
            ranges: Ends of the sliders, ``[sliders, 2]``.
        """
        return design(scaled(points, ranges)[:, list(self.variables)], self.exponents) @ self.coefficients


def group(names: Sequence[str], variables: Sequence[int], exponents: np.ndarray, coefficients: np.ndarray) -> Group:
    """A group from its arrays, see `Group`."""
    terms = ["".join(map(str, row)) for row in exponents.tolist()]
    packed = base64.b64encode(coefficients.astype("<f4").tobytes()).decode("ascii")
    return Group(list(names), list(variables), terms, packed)


def scaled(points: np.ndarray, ranges: np.ndarray) -> np.ndarray:
    """Coordinates of points of the sliders, each from -1 to 1 over the ranges, ``[points, coordinates]``."""
    limits = coordinate_ranges(ranges)
    return (2 * coordinates(points) - limits[:, 0] - limits[:, 1]) / (limits[:, 1] - limits[:, 0])


def training_points(ranges: np.ndarray, count: int) -> np.ndarray:
    """Points to fit at, denser towards the ends of the sliders as Chebyshev's nodes are, ``[points, sliders]``.

    Args:
        ranges: Ends of the sliders, ``[sliders, 2]``.
        count: Number of points.
    """
    # Sobol' points are balanced in powers of two; of any other number the first ones are taken.
    uniform = qmc.Sobol(len(ranges), seed=0).random_base2(max(count - 1, 1).bit_length())[:count]  # pyright: ignore[reportCallIssue]
    return ranges[:, 0] + (ranges[:, 1] - ranges[:, 0]) * (1 - np.cos(np.pi * uniform)) / 2


def held_out_points(ranges: np.ndarray, count: int) -> np.ndarray:
    """Points to measure errors at, uniform in the box of the sliders, ``[points, sliders]``.

    Args:
        ranges: Ends of the sliders, ``[sliders, 2]``.
        count: Number of points.
    """
    uniform = np.random.default_rng(1).random((count, len(ranges)))
    return ranges[:, 0] + (ranges[:, 1] - ranges[:, 0]) * uniform


def groups(
    names: Sequence[str], points: np.ndarray, ranges: np.ndarray, values: np.ndarray, slopes: np.ndarray, most: int
) -> list[Group]:
    """Fit numbers, a group for each set of sliders that they depend on.

    Args:
        names: The numbers.
        points: ``[points, sliders]``.
        ranges: Ends of the sliders, ``[sliders, 2]``.
        values: ``[points, numbers]``.
        slopes: Exact derivatives in the sliders, ``[points, numbers, sliders]``.
        most: Highest degree that is tried.

    Raises:
        ValueError: if there are too few points for degree 1.
    """
    width = ranges[:, 1] - ranges[:, 0]
    limits = coordinate_ranges(ranges)
    # In units of half the ranges, so that all derivatives weigh alike.
    moves = moves_of_coordinates(points) * width / (limits[:, 1] - limits[:, 0])[:, None]
    own, steep = scaled(points, ranges), slopes * width / 2
    depends = np.any(slopes != 0, axis=0)
    made = []
    for pattern in dict.fromkeys(map(tuple, depends.tolist())):
        members = [k for k, own_pattern in enumerate(depends.tolist()) if tuple(own_pattern) == pattern]
        sliders = [i for i, is_used in enumerate(pattern) if is_used]
        variables = [int(i) for i in np.flatnonzero(np.any(moves[:, :, sliders] != 0, axis=(0, 2)))]
        data = _Data(
            own[:, variables], values[:, members], steep[:, members][:, :, sliders], moves[:, variables][:, :, sliders]
        )
        exponents = total_degree(len(variables), _degree(data, most if len(variables) > _FEW else MOST_OF_FEW))
        made.append(group([names[k] for k in members], variables, exponents, data.fitted(exponents)))
    return made


class _Data(NamedTuple):
    points: np.ndarray
    values: np.ndarray
    slopes: np.ndarray
    moves: np.ndarray

    def fitted(self, exponents: np.ndarray) -> np.ndarray:
        return fitted(exponents, self.points, self.values, self.slopes, self.moves, SLOPE_WEIGHT)


def _degree(data: _Data, most: int) -> int:
    """The degree with the smallest cross-validated error, each number in units of its own spread."""
    count, variables = data.points.shape
    if variables == 0:
        return 0
    fold = np.arange(count) % _FOLDS
    spread = np.maximum(data.values.std(axis=0), 1e-12)
    equations = (count - count // _FOLDS) * (1 + data.moves.shape[2])
    misses: dict[int, float] = {}
    for degree in range(1, most + 1):
        exponents = total_degree(variables, degree)
        if len(exponents) * _EQUATIONS > equations:
            break
        errors = []
        for k in range(_FOLDS):
            used, left = (_Data(*(part[which] for part in data)) for which in (fold != k, fold == k))
            errors.append((design(left.points, exponents) @ used.fitted(exponents) - left.values) / spread)
        misses[degree] = float(np.mean(np.concatenate(errors) ** 2))
    if not misses:
        raise ValueError(f"{count} points are too few to fit a polynomial of degree 1 in {variables} variables.")
    return min(misses, key=lambda degree: misses[degree])
