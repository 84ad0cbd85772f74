"""Checks of the matrices that the other modules take; each refusal is a sentence."""

from collections.abc import Sequence

import numpy as np

# Two entries mirrored across the diagonal may differ by this much of the root of the diagonal entries of their rows.
SYMMETRY = 1e-8
# The most negative eigenvalue of a semidefinite matrix with unit diagonal, relative to the largest.
SEMIDEFINITE = 1e-10
# Eigenvalues of such a matrix below this, relative to the largest and per row, are the rounding of zero. Their roots
# would be above 1e-8, and pass for information.
ZERO = 4 * np.finfo(float).eps


def matrix(name: str, values: np.ndarray, rows: int | None = None, columns: int | None = None) -> np.ndarray:
    """`values` as a float64 matrix.

    Args:
        name: Its name in messages.
        values: Matrix of finite numbers.
        rows: Number of rows it must have; any positive number if None.
        columns: Number of columns it must have; any positive number if None.

    Raises:
        ValueError: if it is not a matrix of that shape, or an entry is not finite.
    """
    entries = np.asarray(values, float)
    expected = f"[{'any' if rows is None else rows}, {'any' if columns is None else columns}]"
    if entries.ndim != 2 or entries.size == 0:
        raise ValueError(f"{name} has shape {entries.shape}; give a matrix of shape {expected}.")
    if entries.shape != (rows or entries.shape[0], columns or entries.shape[1]):
        raise ValueError(f"{name} has shape {entries.shape}, but the other arguments need {expected}; check the order.")
    if not np.isfinite(entries).all():
        row, column = np.argwhere(~np.isfinite(entries))[0]
        raise ValueError(f"{name}[{row}, {column}] = {entries[row, column]} is not a finite number.")
    return entries


def vector(name: str, values: np.ndarray, length: int | None = None, *, positive: bool = False) -> np.ndarray:
    """`values` as a float64 vector.

    Args:
        name: Its name in messages.
        values: Finite numbers.
        length: Length it must have; any positive number if None.
        positive: True if every entry must be above zero.

    Raises:
        ValueError: if it is not a vector of that length, or an entry is not finite or not positive as asked.
    """
    entries = np.asarray(values, float)
    if entries.ndim != 1 or entries.size == 0:
        raise ValueError(f"{name} has shape {entries.shape}; give a vector.")
    if entries.size != (length or entries.size):
        raise ValueError(f"{name} has {entries.size} entries, but the other arguments need {length}; check the order.")
    wrong = ~np.isfinite(entries) | (positive & (entries <= 0))
    if wrong.any():
        at = int(np.argmax(wrong))
        expected = "a positive finite number" if positive else "a finite number"
        raise ValueError(f"{name}[{at}] = {entries[at]} is not {expected}.")
    return entries


def labels(name: str, given: Sequence[str] | None, count: int, kind: str) -> tuple[str, ...]:
    """The names of `count` things, or "kind 1", "kind 2" ... if none are given.

    Raises:
        ValueError: if the number of names is not `count`.
    """
    if given is None:
        return tuple(f"{kind} {i + 1}" for i in range(count))
    if len(given) != count:
        raise ValueError(f"{name} has {len(given)} entries for {count} {kind}s; give one name for each.")
    return tuple(given)


def semidefinite(name: str, values: np.ndarray, size: int, *, positive: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A symmetric positive semidefinite matrix V and a root of it.

    The root is that of the matrix scaled to unit diagonal, so that a moment measured in small units keeps its digits.
    Of a singular matrix it is singular too, not merely small in some direction.

    Args:
        name: Its name in messages.
        values: Matrix ``[size, size]``.
        size: Number of rows and columns it must have.
        positive: True if every diagonal entry must be above zero.

    Returns:
        V, symmetric to the last bit, and R with R R' = V, both ``[size, size]``.

    Raises:
        ValueError: if it is not a symmetric positive semidefinite matrix of that size.
    """
    entries = matrix(name, values, size, size)
    diagonal = np.diagonal(entries)
    if (diagonal < 0).any() or (positive and (diagonal == 0).any()):
        at = int(np.argmin(diagonal))
        raise ValueError(
            f"{name}[{at}, {at}] = {diagonal[at]:g}; the diagonal must be {'positive' if positive else 'nonnegative'}."
        )
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    unit = entries / scale[:, None] / scale
    gap = np.abs(unit - unit.T)
    if gap.max() > SYMMETRY:
        row, column = np.unravel_index(np.argmax(gap), gap.shape)
        raise ValueError(
            f"{name} is not symmetric: entry [{row}, {column}] is {entries[row, column]:g} and [{column}, {row}] is"
            f" {entries[column, row]:g}; make it symmetric."
        )
    eigenvalues, eigenvectors = np.linalg.eigh((unit + unit.T) / 2)
    if eigenvalues[0] < -SEMIDEFINITE * max(eigenvalues[-1], 1.0):
        raise ValueError(
            f"{name} is not positive semidefinite (smallest eigenvalue {eigenvalues[0]:.3g} with the diagonal scaled to"
            " one); no covariance or weighting matrix has a negative eigenvalue."
        )
    positive_part = np.where(eigenvalues > size * ZERO * eigenvalues[-1], eigenvalues, 0.0)
    root = scale[:, None] * eigenvectors * np.sqrt(positive_part)
    return (entries + entries.T) / 2, root
