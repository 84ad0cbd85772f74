"""`aigini design`: what panels of workers, tasks and periods can tell, and how large they must be."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aigini.commands.at_estimates import economy_of
from aigini.commands.command import Command, ResultFile
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import Source, SourceLike, as_source
from aigini.panel.design.result import DesignStudy
from aigini.panel.design.study import study
from aigini.parameters import Parameters
from aigini.runtime.precision import with_x64
from aigini.runtime.progress import steps

_WORKERS = 1 << 16
"""Workers behind the changes of the Gini, at most."""
_DRAWS = 4


@with_x64
def design(config: SourceLike = None, **overrides: Any) -> DesignStudy:
    """Declare panels of several sizes, draw them from the economy by the hundred, and diagnose what they can tell.

    Args:
        config: Configuration, path of one, or None for the baseline; or a calibration, for the economy at its
            estimates. The panels are those of its section [design].
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        AnalysisError: if a panel is too small for its cohorts.
        EquilibriumError: if an economy has no equilibrium.
    """
    source = as_source(config, overrides)
    values = source.config.params.as_dict() if source.estimates is None else source.estimates.params
    return study(
        Parameters(**values),
        source.config.scenario,
        source.config.design,
        lambda points: _gini_changes(source, points),
    )


def _gini_changes(source: Source, points: Sequence[Mapping[str, float]]) -> list[tuple[float, float]]:
    """Changes of the Gini of the configured income, with their simulation standard errors."""
    config = source.config
    workers = min(config.population["n_workers"], _WORKERS)
    first = economy_of(config)
    (row,) = first.rows([f"gini_{config.income}"], config.income)
    draws = []
    for number in steps("regimes", range(_DRAWS)):
        population = config.draw(config.population["seed"] + number, precision="float64", n_workers=workers)
        draws.append(first.on(population).values(points)[:, row])
    changes = np.array(draws)
    errors = changes.std(axis=0, ddof=1) / np.sqrt(_DRAWS)
    return [(float(change), float(error)) for change, error in zip(changes.mean(axis=0), errors, strict=True)]


def figures(result: DesignStudy) -> Iterator[tuple[str, Any]]:
    """Power by the size of the panel, and bias of estimators by selection."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.power_by_size, every.bias_by_selection, every.design_diagnosands)


DESIGN = Command(
    "design",
    PURPOSES["design"],
    design,
    DesignStudy,
    needs=(),
    files=(ResultFile("design", DesignStudy, figures, csv=True),),
    analyses=True,
)
