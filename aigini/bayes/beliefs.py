"""The probability that AI widens inequality, under several beliefs: a table.

The draws of a cell take turns on several populations, so a cell has few draws on each, and the spread of its own
probabilities over the populations is mostly Monte Carlo error. What another population does to a probability is much
the same under every prior, in units of the standard normal density at its quantile: it moves the change of the Gini by
a number that is small beside the posterior's standard deviation. That shift is therefore averaged over the priors, for
each population and each belief about m6 (data on m6 make it smaller), and its spread over populations gives a cell's
error from the draw of the population. What Monte Carlo error is left in it makes that error too large, not too small.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from scipy.stats import norm

from aigini.bayes.importance import PARETO_K, Estimate
from aigini.bayes.probability import HALF
from aigini.bayes.size import SizeChoice
from aigini.resolution import STANDS_OUT, Simulated
from aigini.statistics.catalogue import CONCEPT_WORDS
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular

FEWEST = 100
"""Smallest effective sample size of weights that can be trusted."""


RARE = 0.05
"""Probability below which few weighted draws have the event, so that the error that is shown is too small."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One combination of beliefs.

    Attributes:
        prior: Label of the prior.
        m6: Label of the belief about m6.
        rises: Probability that the Gini rises, by ``total`` and ``wage``.
        pareto_k: Shape of the weights.
        ess: Draws that they are worth.
        by_population: The probabilities from the draws on each population alone, ``[populations]``; few draws each.
    """

    prior: str
    m6: str
    rises: Mapping[str, Estimate]
    pareto_k: float
    ess: float
    by_population: Mapping[str, np.ndarray]

    @property
    def reliable(self) -> bool:
        """True if the weights can be trusted."""
        return self.pareto_k <= PARETO_K and self.ess >= FEWEST

    def side(self, concept: str) -> int:
        """1 or -1 where a rise or a fall is more likely by more than two total s.e.; 0 where that is open."""
        rise = self.rises[concept]
        return Simulated(rise.value - HALF, rise.error).sign


@dataclasses.dataclass(frozen=True)
class Beliefs(Tabular):
    """The table.

    Attributes:
        parameter: Parameter whose priors are compared.
        priors: Priors in words, by label.
        cells: All combinations.
        populations: Number of populations that each probability is averaged over.
        size: Number of workers of each, and simulation noise; None where it was not chosen from noise.
    """

    units: ClassVar[Units] = file_units(rises="probability, 0 to 1")

    parameter: str
    priors: Mapping[str, str]
    cells: tuple[Cell, ...]
    populations: int
    size: SizeChoice | None = None

    def table(self) -> Table:
        """All combinations, one a row."""
        cells = self.cells
        columns = [Column("prior", [cell.prior for cell in cells]), Column("m6", [cell.m6 for cell in cells])]
        for concept in cells[0].rises:
            rises = [cell.rises[concept] for cell in cells]
            columns.append(Column(f"P({concept} rises)", [one.value for one in rises], ".3f"))
            columns.append(Column(f"P({concept} rises) total s.e.", [one.error for one in rises], ".3f"))
        columns.append(Column("Pareto k", [cell.pareto_k for cell in cells], ".2f"))
        columns.append(Column("ESS", [cell.ess for cell in cells], ".0f"))
        return Table(tuple(columns))

    def __str__(self) -> str:
        columns = list(dict.fromkeys(cell.m6 for cell in self.cells))
        concepts = list(self.cells[0].rises)
        lines = []
        for concept in concepts:
            unsure = sum(cell.side(concept) == 0 for cell in self.cells)
            lines.append(
                f"The sign of the change of the Gini of {CONCEPT_WORDS[concept]} is open in {unsure} of"
                f" {len(self.cells)} cells: P(rise) is within {STANDS_OUT:g} total s.e. of one half (marked ?)."
            )
        lines.append("")
        for concept in concepts:
            lines.append(
                f"P(Gini of {CONCEPT_WORDS[concept]} rises) by prior of {self.parameter} and belief about m6,"
                " ± total s.e."
            )
            shown = {(cell.prior, cell.m6): _shown(cell, concept) for cell in self.cells}
            by_m6 = (Column(m6, (), text=[shown[prior, m6] for prior in self.priors]) for m6 in columns)
            lines.append(str(Table((Column("prior", list(self.priors)), *by_m6))))
            lines += [self._errors(concept), ""]
        lines += [f"{label}: {words}" for label, words in self.priors.items()]
        if any(_rare(rise.value) for cell in self.cells for rise in cell.rises.values()):
            lines.append(
                f"† below {RARE} or above {1 - RARE}: rests on few draws; for its size run `aigini posterior`."
            )
        if not all(cell.reliable for cell in self.cells):
            lines.append(
                f"* Pareto k above {PARETO_K} or fewer than {FEWEST} draws' worth: not reliable; run `aigini posterior`"
                " with these beliefs."
            )
        lines.append(
            "Cells are approximations by importance sampling: where `aigini posterior` with the same beliefs gives"
            " another probability, its own is the one to use."
        )
        if self.size is not None:
            lines.append(f"simulated with {self.size}")
        return "\n".join(lines)

    def _errors(self, concept: str) -> str:
        """Sizes of the errors, and how far apart two cells must be to be told apart."""
        rises = [cell.rises[concept] for cell in self.cells]
        apart = STANDS_OUT * float(np.sqrt(2)) * float(np.median([one.error for one in rises]))
        text = f"s.e. of Monte Carlo at most {max(one.mcse for one in rises):.3f}"
        known = [one.population_error for one in rises if one.population_error is not None]
        text += (
            f", of the draw of the population at most {max(known):.3f} ({self.populations} populations)"
            if known
            else "; conditional on the population that was drawn"
        )
        return f"{text}; two cells less than about {apart:.2f} apart are not to be ranked"


def with_population_errors(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells with the standard errors of their probabilities from the draw of the population.

    Args:
        cells: With the probabilities on each population; errors are not known with fewer than two of these.
    """
    rises_of = [dict(cell.rises) for cell in cells]
    for concept in cells[0].rises if cells else ():
        value = np.array([cell.rises[concept].value for cell in cells])
        by_population = np.array([cell.by_population[concept] for cell in cells])
        count = by_population.shape[1]
        if count < 2:
            continue
        density = norm.pdf(norm.ppf(np.clip(value, RARE / 10, 1 - RARE / 10)))
        usable = np.array([cell.reliable for cell in cells]) & (np.minimum(value, 1 - value) >= RARE)
        shift = (by_population - value[:, None]) / density[:, None]
        for m6 in dict.fromkeys(cell.m6 for cell in cells):
            column = np.array([cell.m6 == m6 for cell in cells])
            # Where no cell can be used, every one of them is, whatever it is worth.
            used = column & usable if (column & usable).any() else column
            spread = float(shift[used].mean(axis=0).std(ddof=1) / np.sqrt(count))
            for k in np.flatnonzero(column):
                error = float(density[k]) * spread
                rises_of[k][concept] = dataclasses.replace(rises_of[k][concept], population_error=error)
    return tuple(dataclasses.replace(cell, rises=rises) for cell, rises in zip(cells, rises_of, strict=True))


def _shown(cell: Cell, concept: str) -> str:
    rise = cell.rises[concept]
    mark = "*" if not cell.reliable else "†" if _rare(rise.value) else "?" if cell.side(concept) == 0 else " "
    return f"{rise.value:.3f} ± {rise.error:.3f}{mark}"


def _rare(probability: float) -> bool:
    return min(probability, 1 - probability) < RARE
