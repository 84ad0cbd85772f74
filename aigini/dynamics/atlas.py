"""Bifurcations of the long run over every parameter of its map, and over pairs of them."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

from aigini.dynamics.bifurcation_result import Bifurcations, FoldCurves, parameter_words
from aigini.dynamics.bifurcations import bifurcations
from aigini.dynamics.equations import NAMES
from aigini.dynamics.fold_curves import DEFAULT_PAIRS, fold_curves
from aigini.runtime.progress import steps
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class LongRunBifurcations(Tabular):
    """Bifurcations of the long run of one economy.

    Attributes:
        values: Every parameter of the map; ``growth`` is χ q_A per year.
        over: Bifurcations over each parameter.
        curves: Curves of folds over pairs of parameters.
    """

    units: ClassVar[dict[str, str]] = {**Bifurcations.units}

    values: Mapping[str, float]
    over: Sequence[Bifurcations]
    curves: Sequence[FoldCurves]

    def table(self) -> Table:
        """The folds over each parameter."""

        def at_folds(one: Bifurcations, regime: str) -> str:
            folds = [fold for fold in one.folds if fold.ends == regime]
            return ", ".join(f"{('above', 'below')[fold.opens > 0]} {fold.value:.9g}" for fold in folds) or "-"

        return Table(
            (
                Column("over", [one.name for one in self.over]),
                Column("here", [self.values[one.name] for one in self.over], ".6g"),
                Column("from", [one.between[0] for one in self.over], ".4g"),
                Column("to", [one.between[1] for one in self.over], ".4g"),
                Column("labour-strong ends", [at_folds(one, "labour-strong") for one in self.over]),
                Column("asset-dominated ends", [at_folds(one, "asset-dominated") for one in self.over]),
                Column("hysteresis", ["yes" if one.loop.differs else "no" for one in self.over]),
            )
        )

    def __str__(self) -> str:
        lines = ["folds of the long run, the other parameters held:", str(self.table())]
        for one in self.over:
            lines += [
                f"NOT COMPLETE over {parameter_words(one.name)}: certified fixed points are missing from the branches"
            ] * (not one.complete)
        return "\n".join([*lines, *map(str, self.curves)])


def long_run_bifurcations(
    values: Mapping[str, float], pairs: Sequence[tuple[str, str]] = DEFAULT_PAIRS
) -> LongRunBifurcations:
    """Bifurcations over every parameter of the map, and curves of folds over pairs.

    Args:
        values: Every parameter of `aigini.dynamics.equations.NAMES`.
        pairs: Pairs of parameters.

    Raises:
        ParameterError: if there is no map at the values.
        AnalysisError: if a pair is not two parameters of the map.
    """
    return LongRunBifurcations(
        values=dict(values),
        over=[bifurcations(values, name) for name in steps("bifurcations", NAMES)],
        curves=[fold_curves(values, pair) for pair in steps("curves of folds", list(pairs))],
    )
