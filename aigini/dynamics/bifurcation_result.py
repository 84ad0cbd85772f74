"""Branches, folds, cusps and hysteresis of the long run as typed results."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from aigini.dynamics.specs import spec_of
from aigini.tables import Column, Table, Tabular

GROWTH = "χ q_A, per year"


def parameter_words(name: str) -> str:
    """A parameter of the map with its symbol."""
    return GROWTH if name == "growth" else f"{spec_of(name).symbol} ({name})"


@dataclasses.dataclass(frozen=True)
class Fold:
    """A parameter value at which a stable and an unstable fixed point meet.

    Attributes:
        value: The value.
        variance: V there.
        opens: 1 if the two points exist at larger values, -1 if at smaller ones.
        ends: The regime that ends there: ``"labour-strong"`` where the stable point is the lower of the two.
        slopes: Derivative of the value in every other parameter of the map, exact.
    """

    value: float
    variance: float
    opens: int
    ends: str
    slopes: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class SolutionBranch:
    """A branch of fixed points, in order along it; each array ``[points]``.

    Attributes:
        value: The parameter.
        variance: V.
        multiplier: F'(V); stable below 1.
        ends: Why it ends there, at its first and last point: ``"edge"`` of what was asked for, or ``"closed"``.
    """

    value: np.ndarray
    variance: np.ndarray
    multiplier: np.ndarray
    ends: tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Jump:
    """A jump of the settled state at a fold.

    Attributes:
        value: Parameter at the fold.
        way: 1 where the parameter rises, -1 where it falls.
        start: V at the fold.
        goal: V in which the economy settles; None where assets explode.
        ends: The regime that ends.
    """

    value: float
    way: int
    start: float
    goal: float | None
    ends: str


@dataclasses.dataclass(frozen=True)
class Loop:
    """States that the economy settles in when a parameter moves slowly through an interval and back.

    Attributes:
        value: The parameter, ascending, ``[values]``.
        first: 1 if the parameter first rises, -1 if it first falls: from the end at which the economy settles at the
            lower V.
        there: V on the way there; not a number where assets explode, ``[values]``.
        back: V on the way back, ``[values]``.
        jumps: Jumps at folds on both ways.
    """

    value: np.ndarray
    first: int
    there: np.ndarray
    back: np.ndarray
    jumps: Sequence[Jump]

    @property
    def differs(self) -> bool:
        """True if the states on the way back are not those on the way there."""
        both = np.isfinite(self.there) & np.isfinite(self.back)
        gap = np.abs(np.log(self.there[both] / self.back[both]))
        return bool((np.isfinite(self.there) != np.isfinite(self.back)).any() or (gap > 1e-6).any())


@dataclasses.dataclass(frozen=True)
class Bifurcations(Tabular):
    """Fixed points of the long run over one parameter.

    Attributes:
        name: The parameter; ``"growth"`` is χ q_A.
        between: Its interval.
        values: Every parameter of the map.
        upper: Largest variance of log assets that was looked at.
        branches: The branches.
        folds: The folds, by value.
        loop: The way up and back.
        checked: Parameter values at which the branches were compared with all certified fixed points.
        complete: True if they agree at all of these.
    """

    units: ClassVar[dict[str, str]] = {
        "variance": "of log assets, squared log points",
        "multiplier": "yearly multiple of a small distance to the point",
        "slopes": "parameter of the branch per unit of the other parameter",
    }

    name: str
    between: tuple[float, float]
    values: Mapping[str, float]
    upper: float
    branches: Sequence[SolutionBranch]
    folds: Sequence[Fold]
    loop: Loop
    checked: int
    complete: bool

    def table(self) -> Table:
        """Every point of every branch."""
        pairs = [(k, branch, j) for k, branch in enumerate(self.branches) for j in range(len(branch.value))]
        return Table(
            (
                Column("branch", [k + 1 for k, _, _ in pairs]),
                Column(self.name, [float(branch.value[j]) for _, branch, j in pairs], ".8g"),
                Column("V", [float(branch.variance[j]) for _, branch, j in pairs], ".8g"),
                Column("multiplier", [float(branch.multiplier[j]) for _, branch, j in pairs], ".8f"),
            )
        )

    def fold_table(self) -> Table:
        """The folds with where the economy jumps to, as text."""
        jumps = {(jump.value, jump.way): jump.goal for jump in self.loop.jumps}

        def goal(fold: Fold) -> str:
            key = fold.value, -fold.opens
            if key not in jumps:
                return "not on the loop"
            v = jumps[key]
            return "assets explode" if v is None else f"to V = {v:.6g}"

        return Table(
            (
                Column(f"fold over {self.name}", [fold.value for fold in self.folds], ".9g"),
                Column("V", [fold.variance for fold in self.folds], ".6g"),
                Column("regime that ends", [fold.ends for fold in self.folds]),
                Column("as it", ["rises" if fold.opens < 0 else "falls" for fold in self.folds]),
                Column("jump", [goal(fold) for fold in self.folds]),
            )
        )

    def __str__(self) -> str:
        low, high = self.between
        lines = [f"fixed points over {parameter_words(self.name)} from {low:g} to {high:g}:"]
        lines.append(str(self.fold_table()) if self.folds else "no fold: the number of states does not change by folds")
        if self.folds:
            lines.append(self._loop_words())
        if not self.complete:
            lines.append("NOT COMPLETE: certified fixed points are missing from the branches; narrow the interval")
        return "\n".join(lines)

    def _loop_words(self) -> str:
        one, other = ("rises", "falls") if self.loop.first > 0 else ("falls", "rises")
        if not self.loop.differs:
            return f"when {self.name} {one} slowly and {other} again, the economy is in the same states both times"
        return f"when {self.name} {one} slowly and {other} again, the economy comes back another way (hysteresis)"


@dataclasses.dataclass(frozen=True)
class FoldCurve:
    """A curve of folds over two parameters, in order along it; each array ``[points]``.

    Attributes:
        x: The first parameter.
        y: The second.
        variance: V at the fold.
        labour_strong: True where the labour-strong point is the one that ends.
        ends: Why it ends, as of `SolutionBranch`.
    """

    x: np.ndarray
    y: np.ndarray
    variance: np.ndarray
    labour_strong: np.ndarray
    ends: tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Cusp:
    """A point at which two curves of folds meet and both end: beyond it there is one regime.

    Attributes:
        at: The two parameters.
        variance: V there.
    """

    at: tuple[float, float]
    variance: float


@dataclasses.dataclass(frozen=True)
class FoldCurves(Tabular):
    """Folds over two parameters: the borders of the region with two regimes.

    Attributes:
        names: The parameters.
        between: Their intervals.
        values: Every parameter of the map.
        upper: Largest variance of log assets that was looked at.
        curves: Curves of folds.
        cusps: Cusps.
        grid: Values of each parameter on a grid.
        stable: Certified stable points on the grid, ``[x, y]``; -1 exactly at a fold.
        explosive: True where assets explode from some V on, ``[x, y]``.
    """

    units: ClassVar[dict[str, str]] = {"variance": "of log assets, squared log points"}

    names: tuple[str, str]
    between: tuple[tuple[float, float], ...]
    values: Mapping[str, float]
    upper: float
    curves: Sequence[FoldCurve]
    cusps: Sequence[Cusp]
    grid: tuple[np.ndarray, ...]
    stable: np.ndarray
    explosive: np.ndarray

    def table(self) -> Table:
        """Every point of every curve."""
        pairs = [(k, curve, j) for k, curve in enumerate(self.curves) for j in range(len(curve.x))]
        return Table(
            (
                Column("curve", [k + 1 for k, _, _ in pairs]),
                Column(self.names[0], [float(curve.x[j]) for _, curve, j in pairs], ".8g"),
                Column(self.names[1], [float(curve.y[j]) for _, curve, j in pairs], ".8g"),
                Column("V", [float(curve.variance[j]) for _, curve, j in pairs], ".8g"),
                Column("ends", ["labour-strong" if c.labour_strong[j] else "asset-dominated" for _, c, j in pairs]),
            )
        )

    def __str__(self) -> str:
        share = 100 * float(np.mean(self.stable > 1))
        x, y = self.names
        lines = [f"{x} and {y}: two regimes on {share:.0f} % of the box"]
        lines += [
            f"cusp at {x} = {one.at[0]:.8g}, {y} = {one.at[1]:.8g} (V = {one.variance:.6g})" for one in self.cusps
        ] or ["no cusp in the box"]
        return "; ".join(lines)
