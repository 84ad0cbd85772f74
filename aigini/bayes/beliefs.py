"""The probability that AI widens inequality, under several beliefs: a table."""

import dataclasses
from collections.abc import Mapping

from aigini.bayes.importance import PARETO_K, Estimate

FEWEST = 100
"""Draws that the weights must be worth."""


RARE = 0.05
"""Probability below which few weighted draws see the event: the error that is shown is too small."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One combination of beliefs.

    Attributes:
        prior: Label of the prior.
        m6: Label of the belief about m6.
        rises: Probability that the Gini rises, by ``total`` and ``wage``.
        pareto_k: Shape of the weights.
        ess: Draws that they are worth.
    """

    prior: str
    m6: str
    rises: Mapping[str, Estimate]
    pareto_k: float
    ess: float

    @property
    def reliable(self) -> bool:
        """Whether the weights can be trusted."""
        return self.pareto_k <= PARETO_K and self.ess >= FEWEST


@dataclasses.dataclass(frozen=True)
class Beliefs:
    """The table.

    Attributes:
        parameter: Whose priors are compared.
        priors: In words, by label.
        cells: All combinations.
    """

    parameter: str
    priors: Mapping[str, str]
    cells: tuple[Cell, ...]

    def __str__(self) -> str:
        columns = list(dict.fromkeys(cell.m6 for cell in self.cells))
        width = max(len(label) for label in [*self.priors, self.parameter])
        lines = []
        for concept in self.cells[0].rises:
            lines.append(f"P(Gini of {concept} income rises) by prior of {self.parameter} and belief about m6")
            lines.append(f"{'':{width}s}" + "".join(f"{column:>22s}" for column in columns))
            for label in self.priors:
                row = {cell.m6: cell for cell in self.cells if cell.prior == label}
                shown = [
                    f"{row[m6].rises[concept].value:.3f} ± {row[m6].rises[concept].mcse:.3f}"
                    + ("*" if not row[m6].reliable else "†" if _rare(row[m6].rises[concept].value) else " ")
                    for m6 in columns
                ]
                lines.append(f"{label:{width}s}" + "".join(f"{text:>22s}" for text in shown))
            lines.append("")
        lines += [f"{label}: {words}" for label, words in self.priors.items()]
        if any(_rare(found.value) for cell in self.cells for found in cell.rises.values()):
            lines.append(
                f"† below {RARE} or above {1 - RARE}: rests on few draws; for its size run `aigini posterior`."
            )
        if not all(cell.reliable for cell in self.cells):
            lines.append(
                f"* Pareto k above {PARETO_K} or fewer than {FEWEST} draws' worth: not reliable; run `aigini posterior`"
                " with these beliefs."
            )
        return "\n".join(lines)


def _rare(probability: float) -> bool:
    return min(probability, 1 - probability) < RARE
