"""`aigini posterior`: what is believed about parameters and inequality, sampled.

Sampling needs NumPyro and ArviZ, which are imported when it is called, and asked for in a sentence if missing.
"""

import importlib.util
from collections.abc import Iterator
from typing import Any

from aigini.bayes.result import Posterior
from aigini.commands.command import Command
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import SourceLike, as_source
from aigini.config.load import Topic
from aigini.errors import missing_extra
from aigini.runtime.backend import split_cpu
from aigini.runtime.precision import with_x64

NEEDS: tuple[Topic, ...] = ("estimation", "posterior")
_CPU_DEVICES = 8


@with_x64
def posterior(config: SourceLike = None, **overrides: Any) -> Posterior:
    """Sample the posterior of the parameters in ``posterior.free``, see `aigini.commands.sampling`.

    Chains are spread over the devices of JAX. On a CPU they are several times faster with a device for each, which must
    be asked for before JAX is used: ``jax.config.update("jax_num_cpu_devices", 4)``; the command line does.

    Args:
        config: Calibration to start from; or configuration, path of one, or None for the baseline, to estimate first.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        MissingExtraError: if NumPyro or ArviZ is not installed.
        AnalysisError: if there is nothing to sample: no density at the start, or no population that is large enough.
    """
    source = as_source(config, overrides, *NEEDS)
    require_posterior_extra()
    from aigini.commands.sampling import sample_posterior

    return sample_posterior(source)


def require_posterior_extra() -> None:
    """Raise unless what posteriors need is installed.

    Raises:
        MissingExtraError: saying how to install it.
    """
    if any(importlib.util.find_spec(name) is None for name in ("numpyro", "arviz", "xarray", "h5netcdf")):
        raise missing_extra("The posterior")


def _prepare() -> None:
    require_posterior_extra()
    # One device for each chain: a chain need not wait for the longer trajectories of the others.
    split_cpu(_CPU_DEVICES)


def figures(result: Posterior) -> Iterator[tuple[str, Any]]:
    """Figures of a posterior."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(
        result,
        every.joint_posterior,
        every.probability_of_rise,
        every.prior_and_posterior,
        every.predictive_moments,
        every.traces,
        every.ranks,
        every.power_scaling,
        every.value_of_information,
    )


POSTERIOR = Command(
    "posterior",
    PURPOSES["posterior"],
    posterior,
    Posterior,
    figures,
    needs=NEEDS,
    prepare=_prepare,
    analyses=True,
)
