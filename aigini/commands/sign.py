"""`aigini sign`: whether the moments of the mechanisms identify the sign of the change of the Gini."""

from collections.abc import Iterator, Sequence
from typing import Any

from aigini.analysis.identification.sign import DEFAULT_ETA1, DEFAULT_XI, Sign
from aigini.analysis.identification.sign import sign as trace_ridge
from aigini.commands.at_estimates import at_estimates, other_draws
from aigini.commands.command import Command
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import SourceLike, as_source
from aigini.estimation.estimated_model import require_sign_problem
from aigini.runtime.precision import with_x64


@with_x64
def sign(
    config: SourceLike = None,
    *,
    etas: Sequence[float] = DEFAULT_ETA1,
    xis: Sequence[float] = DEFAULT_XI,
    **overrides: Any,
) -> Sign:
    """Identification of the sign by the moments of the mechanisms, see `aigini.analysis.identification.sign`.

    Raises:
        AiginiError: as `at_estimates` does, or if m6 is not a target or eta1 not free.
    """
    source = as_source(config, overrides, "estimation")
    require_sign_problem(source.config.targets, source.config.free)
    model = at_estimates(source)
    starts = (source.config.params.as_dict(),)
    return trace_ridge(model, etas, xis, other_draws(source.config, model), starts)


def figures(result: Sign) -> Iterator[tuple[str, Any]]:
    """Figures of the result."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.ridge, every.ridge_estimates)


SIGN = Command(
    "sign",
    PURPOSES["sign"],
    sign,
    Sign,
    figures,
    estimates=True,
    analyses=True,
)
