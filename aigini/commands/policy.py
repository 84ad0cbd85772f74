"""`aigini policy`: what levers do to inequality and output."""

from collections.abc import Iterator
from typing import Any

from aigini.analysis.policy import policy as evaluate_levers
from aigini.analysis.policy_result import Policy
from aigini.commands.at_estimates import at_estimates, other_draws
from aigini.commands.command import Command
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import SourceLike, as_source
from aigini.runtime.precision import with_x64


@with_x64
def policy(config: SourceLike = None, **overrides: Any) -> Policy:
    """Effects of levers on inequality and output, see `aigini.analysis.policy`.

    Raises:
        AiginiError: as `at_estimates` does.
    """
    source = as_source(config, overrides, "estimation")
    model = at_estimates(source)
    return evaluate_levers(model, others=other_draws(source.config, model))


def figures(result: Policy) -> Iterator[tuple[str, Any]]:
    """Figures of the result."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.levers, every.frontiers, every.frontier_strengths)


POLICY = Command(
    "policy",
    PURPOSES["policy"],
    policy,
    Policy,
    figures,
    estimates=True,
    analyses=True,
)
