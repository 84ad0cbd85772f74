"""`aigini beliefs`: the probability that inequality rises under other priors and other beliefs about m6."""

from collections.abc import Iterator
from typing import Any

from aigini.bayes.beliefs import Beliefs
from aigini.commands.command import Command
from aigini.commands.posterior import require_posterior_extra
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import SourceLike, as_source
from aigini.config import Config
from aigini.config.load import Topic
from aigini.errors import AnalysisError
from aigini.runtime.precision import with_x64

NEEDS: tuple[Topic, ...] = ("estimation", "posterior", "alternatives")


@with_x64
def beliefs(config: SourceLike = None, **overrides: Any) -> Beliefs:
    """Probability that the Gini rises under other priors and other beliefs about m6.

    Args:
        config: Calibration to start from; or configuration, path of one, or None for the baseline, to estimate first.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        MissingExtraError: if NumPyro or ArviZ is not installed.
        AnalysisError: if there are no alternatives to compare, or a posterior has no density at its start.
    """
    source = as_source(config, overrides, *NEEDS)
    _require_alternatives(source.config)
    require_posterior_extra()
    from aigini.commands.prior_comparison import table_of_beliefs

    return table_of_beliefs(source)


def _require_alternatives(config: Config) -> None:
    """Raise unless there is something to compare."""
    missing = ["[alternatives.NAME.LABEL] priors"] if not config.posterior.alternatives else []
    missing += ["m6 among calibration.moments"] if "m6" not in config.targets else []
    if missing:
        raise AnalysisError(f"a table of beliefs needs {' and '.join(missing)}; add what is missing.")


def figures(result: Beliefs) -> Iterator[tuple[str, Any]]:
    """The figure of the table."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.probability_by_belief)


BELIEFS = Command(
    "beliefs",
    PURPOSES["beliefs"],
    beliefs,
    Beliefs,
    figures,
    needs=NEEDS,
    prepare=require_posterior_extra,
    analyses=True,
)
