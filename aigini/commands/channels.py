"""`aigini channels`: which channels move inequality."""

from collections.abc import Iterator
from typing import Any

from aigini.analysis.channels import ChannelDecomposition, require_no_ai_before
from aigini.analysis.channels import channels as decompose_channels
from aigini.commands.at_estimates import at_estimates, other_draws
from aigini.commands.command import Command
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import SourceLike, as_source
from aigini.runtime.precision import with_x64


@with_x64
def channels(config: SourceLike = None, **overrides: Any) -> ChannelDecomposition:
    """Shapley decomposition over the channels, see `aigini.analysis.channels`.

    Raises:
        AiginiError: as `at_estimates` does, or if AI is present before.
    """
    source = as_source(config, overrides, "estimation")
    require_no_ai_before(source.config.scenario)
    model = at_estimates(source)
    return decompose_channels(model, others=other_draws(source.config, model))


def figures(result: ChannelDecomposition) -> Iterator[tuple[str, Any]]:
    """Figures of the result."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.waterfall, every.channel_orders)


CHANNELS = Command(
    "channels",
    PURPOSES["channels"],
    channels,
    ChannelDecomposition,
    figures,
    estimates=True,
    analyses=True,
)
