"""`aigini policy`: what levers do to inequality and output."""

from collections.abc import Iterator
from typing import Any

from aigini.analysis.policy import Policy
from aigini.analysis.policy import policy as evaluate_levers
from aigini.commands.at_estimates import at_estimates, other_draws
from aigini.commands.command import Command
from aigini.commands.source import SourceLike, as_source
from aigini.estimation.pieces import Pieces
from aigini.runtime.precision import with_x64


@with_x64
def policy(config: SourceLike = None, *, pieces: Pieces | None = None, **overrides: Any) -> Policy:
    """What levers do to inequality and output, see `aigini.analysis.policy`.

    Raises:
        AiginiError: as `at_estimates` does.
    """
    source, pieces = as_source(config, overrides, "estimation"), pieces or Pieces()
    model = at_estimates(source, pieces=pieces)
    return evaluate_levers(model, pieces=pieces, others=other_draws(source.config, model, pieces))


def figures(result: Policy) -> Iterator[tuple[str, Any]]:
    """Figures of the result."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.levers, every.frontiers, every.frontier_strengths)


POLICY = Command(
    "policy",
    "What levers do to inequality and output; write policy.json.",
    policy,
    Policy,
    figures,
)
