"""Faults of chains, from the statistics of `aigini.bayes.diagnostics`."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from aigini.bayes.diagnostics import ParameterSummary

R_HAT = 1.01
"""Largest R-hat of chains that agree."""
ESS = 400
"""Smallest effective sample size from which quantiles and their Monte Carlo errors can be read."""
BFMI = 0.3
"""Smallest share of the variance of the energy that a step may renew."""
SATURATED = 0.05
"""Largest share of draws whose trajectory was cut off at the maximum tree depth."""


@dataclasses.dataclass(frozen=True)
class Health:
    """Faults of a set of chains, if there are any.

    Attributes:
        marks: A sentence for each fault: what was got, what was expected, what to do.
        worst_r_hat: Largest R-hat; None if no parameter has one.
        smallest_ess: Smallest bulk or tail effective sample size; None if no parameter has one.
        divergences: Divergent draws.
        draws: Draws of all chains.
        smallest_bfmi: Smallest E-BFMI; None if no chain has one.
        saturated: Share of draws whose trajectory reached the maximum tree depth; None if not known.
    """

    marks: tuple[str, ...]
    worst_r_hat: float | None
    smallest_ess: float | None
    divergences: int
    draws: int
    smallest_bfmi: float | None
    saturated: float | None

    @property
    def good(self) -> bool:
        """True if nothing is wrong."""
        return not self.marks

    def __str__(self) -> str:
        known = [
            text
            for value, text in (
                (self.worst_r_hat, f"R-hat at most {self.worst_r_hat or 0:.3f}"),
                (self.smallest_ess, f"ESS at least {self.smallest_ess or 0:.0f}"),
                (self.divergences, f"{self.divergences} divergences in {self.draws} draws"),
                (self.smallest_bfmi, f"E-BFMI at least {self.smallest_bfmi or 0:.2f}"),
                (self.saturated, f"maximum tree depth at {self.saturated or 0:.1%} of draws"),
            )
            if value is not None
        ]
        verdict = "chains are in order" if self.good else "the chains cannot be trusted"
        return "\n".join([f"{verdict}: {', '.join(known)}", *(f"  * {mark}" for mark in self.marks)])


def judge(
    summaries: Mapping[str, ParameterSummary],
    *,
    diverging: np.ndarray,
    bfmi: Sequence[float | None],
    stuck: Mapping[int, str] | None = None,
    saturated: float | None = None,
) -> Health:
    """Find the faults of chains.

    Args:
        summaries: Result of `summarise`, for the sampled parameters.
        diverging: True for draws that ended a divergent trajectory, ``[chains, draws]``.
        bfmi: Result of `bfmi`, ``[chains]``.
        stuck: Result of `stuck_chains`.
        saturated: Share of draws whose trajectory reached the maximum tree depth.

    Raises:
        ValueError: if there is no parameter, or shapes differ.
    """
    bad = np.asarray(diverging)
    if not summaries or bad.ndim != 2 or bad.size == 0 or len(bad) != len(bfmi):
        raise ValueError(
            f"{len(summaries)} parameters, diverging {bad.shape} and bfmi ({len(bfmi)},) do not fit together; give at"
            " least one parameter, [chains, draws] and [chains]."
        )
    marks: list[str] = []
    for name, summary in summaries.items():
        marks += _marks(name, summary)
    divergences = int(np.sum(bad != 0))
    if divergences:
        marks.append(
            f"{divergences} of {bad.size} draws ({divergences / bad.size:.1%}) ended a divergent trajectory, expected"
            " none: part of the posterior is not reached; raise target_accept, or narrow the priors."
        )
    for chain, value in enumerate(bfmi, 1):
        if value is None or not value >= BFMI:
            got = "not defined, its energy is not finite" if value is None else f"{value:.2f}"
            marks.append(
                f"E-BFMI of chain {chain} is {got}, expected at least {BFMI}: the tails are explored slowly; run a"
                " longer warm-up, or narrow the priors."
            )
    for chain, how in (stuck or {}).items():
        marks.append(
            f"chain {chain} is stuck: {how}, expected all chains to move alike; start again with another seed, a longer"
            " warm-up or a higher target_accept."
        )
    if saturated is not None and not saturated <= SATURATED:
        marks.append(
            f"{saturated:.1%} of the trajectories reached the maximum tree depth, expected at most {SATURATED:.0%}:"
            " they are cut short; raise max_tree_depth, or run a longer warm-up."
        )
    sizes = [n for s in summaries.values() for n in (s.ess_bulk, s.ess_tail) if n is not None]
    return Health(
        marks=tuple(marks),
        worst_r_hat=max((s.r_hat for s in summaries.values() if s.r_hat is not None), default=None),
        smallest_ess=min(sizes, default=None),
        divergences=divergences,
        draws=int(bad.size),
        smallest_bfmi=min((value for value in bfmi if value is not None), default=None),
        saturated=saturated,
    )


def _marks(name: str, summary: ParameterSummary) -> list[str]:
    marks = []
    if summary.problem is not None:
        marks.append(
            f"{name}: {summary.problem}, expected several chains of finite, different draws; look at the prior and the"
            " starting points, and sample again."
        )
    if summary.r_hat is not None and summary.r_hat > R_HAT:
        marks.append(
            f"R-hat of {name} is {summary.r_hat:.3f}, expected at most {R_HAT}: the chains have not reached the same"
            " distribution; run a longer warm-up and more draws."
        )
    for kind, value in (("bulk", summary.ess_bulk), ("tail", summary.ess_tail)):
        if value is not None and value < ESS:
            marks.append(
                f"{kind} ESS of {name} is {value:.0f}, expected at least {ESS}: Monte Carlo errors are large and not"
                " well known; run more draws."
            )
    return marks
