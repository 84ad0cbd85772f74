"""`aigini simulate`: the economy before and after AI."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from aigini.commands.command import Command, ResultFile, Run
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import SourceLike, as_source, replications
from aigini.config import Config
from aigini.errors import AnalysisError
from aigini.estimation.convergence import FIT_TOLERANCE
from aigini.parameters import Parameters
from aigini.runtime.precision import with_x64
from aigini.statistics import simulation
from aigini.statistics.catalogue import MOMENT_NAMES
from aigini.statistics.simulation_result import Simulation


@with_x64
def simulate(config: SourceLike = None, **overrides: Any) -> Simulation:
    """Simulate the economy before and after AI.

    Args:
        config: Configuration, path of one, or None for the baseline; or a calibration, for the economy at its
            estimates.
        **overrides: Parameters by name (``xi=0.2``), or any dotted key (``**{"population.seed": 1}``).

    Raises:
        ConfigError: if the configuration is not valid.
        EquilibriumError: if the economy has no usable outcome at these parameters.
        AnalysisError: if the estimates to start from are none of this economy.
    """
    source = as_source(config, overrides)
    if source.estimates is None:
        return simulate_at(source.config, source.config.params.as_dict())
    result = simulate_at(source.config, source.estimates.params)
    for name, fitted in source.estimates.fitted.items():
        simulated, se = result.moments[name], source.config.targets[name].se
        if simulated is None or abs(simulated - fitted) > FIT_TOLERANCE * se:
            raise AnalysisError(
                f"{source.estimates.where}: these are no estimates of this economy: {name} is {simulated} here, and was"
                f" {fitted} there. Estimate again."
            )
    return result


@with_x64
def simulate_at(config: Config, params: Mapping[str, float]) -> Simulation:
    """Simulate `config` at other parameters, such as estimates."""
    return simulation.simulate(
        Parameters(**params),
        config.draw(),
        config.scenario,
        income=config.income,
        moments=tuple(dict.fromkeys((*MOMENT_NAMES, *config.targets))),
        replications=replications(config),
    )


def figures(result: Simulation) -> Iterator[tuple[str, Any]]:
    """Figures of a simulation."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(
        result,
        every.task_output_density,
        every.wage_density,
        every.lorenz_curves,
        every.gini_changes,
        every.where_income_goes,
        every.asset_concentration,
        every.decomposition,
    )


def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    clock = time.perf_counter()
    result = command.compute(run.source)
    run.write([(command.files[0], result)], {command.name: time.perf_counter() - clock})
    run.show(result, command.files)
    run.notify(f"written: {run.folder / 'simulate.json'}")
    return 0


SIMULATE = Command(
    "simulate",
    PURPOSES["simulate"],
    simulate,
    Simulation,
    resume=None,
    needs=(),
    files=(ResultFile("simulate", Simulation, figures, superseded_by="simulate_at_estimates"),),
    run=_run,
)
