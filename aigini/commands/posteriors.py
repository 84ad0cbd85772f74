"""Posteriors as verbs of the Python interface: a configuration in, a typed result out. No files, no screen.

Sampling needs NumPyro and ArviZ, which are imported when a verb is called, and asked for in a sentence if missing.
"""

import importlib.util
from typing import Any

from aigini.bayes.beliefs import Beliefs
from aigini.bayes.result import Posterior
from aigini.commands.verbs import ConfigLike, as_config
from aigini.config import Config
from aigini.errors import AnalysisError, missing_extra
from aigini.estimation.pieces import Pieces
from aigini.runtime.precision import with_x64


@with_x64
def posterior(config: ConfigLike = None, *, pieces: Pieces | None = None, **overrides: Any) -> Posterior:
    """Sample the posterior of the parameters in ``posterior.free``, see `aigini.commands.sampling`.

    Chains are spread over the devices of JAX. On a CPU they are several times faster with a device for each, which must
    be asked for before JAX is used: ``jax.config.update("jax_num_cpu_devices", 4)``; the command line does.

    Args:
        config: Configuration, path of one, or None for the baseline.
        pieces: Finished pieces of an earlier run.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        MissingExtraError: if NumPyro or ArviZ is not installed.
        AnalysisError: if there is nothing to sample: no density at the start, or no population that is large enough.
    """
    settings = as_config(config, overrides, "posterior")
    require_posterior_extra()
    from aigini.commands.sampling import sample_posterior

    return sample_posterior(settings, pieces or Pieces())


@with_x64
def beliefs(config: ConfigLike = None, *, pieces: Pieces | None = None, **overrides: Any) -> Beliefs:
    """Probability that the Gini rises under other priors and other beliefs about m6.

    Args:
        config: Configuration, path of one, or None for the baseline.
        pieces: Finished pieces of an earlier run.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        MissingExtraError: if NumPyro or ArviZ is not installed.
        AnalysisError: if there are no alternatives to compare, or a posterior has no density at its start.
    """
    settings = as_config(config, overrides, "beliefs")
    _require_alternatives(settings)
    require_posterior_extra()
    from aigini.commands.prior_comparison import table_of_beliefs

    return table_of_beliefs(settings, pieces or Pieces())


def _require_alternatives(config: Config) -> None:
    """Raise unless there is something to compare."""
    missing = ["[alternatives.NAME.LABEL] priors"] if not config.posterior.alternatives else []
    missing += ["m6 among calibration.moments"] if "m6" not in config.targets else []
    if missing:
        raise AnalysisError(f"a table of beliefs needs {' and '.join(missing)}; add what is missing.")


def require_posterior_extra() -> None:
    """Raise unless what posteriors need is installed.

    Raises:
        MissingExtraError: saying how to install it.
    """
    if any(importlib.util.find_spec(name) is None for name in ("numpyro", "arviz", "xarray", "h5netcdf")):
        raise missing_extra("The posterior")
