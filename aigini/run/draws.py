"""The draws of a posterior on disk, as NetCDF that ArviZ opens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aigini.bayes import dataset
from aigini.bayes.result import Draws, Posterior
from aigini.moments.responses import RESPONSE_NAMES

NAME = "posterior.nc"

_WIDENS = {"gini_total": "widens_total", "gini_wage": "widens_wage"}


def save_draws(folder: Path, result: Posterior, run: Mapping[str, Any]) -> Path:
    """Write the draws; outcomes and the indicator of the regime are in the group of the parameters."""
    draws = result.draws
    groups = {
        "posterior": {
            **draws.parameters,
            **draws.responses,
            **{name: (draws.responses[of] > 0).astype(np.int8) for of, name in _WIDENS.items()},
        },
        "sample_stats": draws.statistics,
        "prior": {name: values[None, :] for name, values in draws.prior.items()},
        "prior_predictive": {name: values[None, :] for name, values in draws.prior_responses.items()},
        "posterior_predictive": draws.predictive,
        "observed_data": {name: np.array(target.value) for name, target in result.targets.items()},
    }
    about = {"priors": dict(result.priors), "m6": result.belief, "run": run}
    return dataset.write(folder / NAME, dataset.build(groups, attrs=about))


def load_draws(folder: Path, parameters: tuple[str, ...]) -> Draws:
    """Read what `save_draws` wrote.

    Raises:
        OutputError: if the file is missing or damaged.
        MissingExtraError: if xarray or h5netcdf is not installed.
    """
    tree = dataset.read(folder / NAME)

    def group(name: str) -> dict[str, np.ndarray]:
        return {str(key): np.asarray(array) for key, array in tree[name].data_vars.items()}

    kept = group("posterior")
    return Draws(
        parameters={name: kept[name] for name in parameters},
        responses={name: kept[name] for name in RESPONSE_NAMES},
        predictive=group("posterior_predictive"),
        statistics=group("sample_stats"),
        prior={name: values[0] for name, values in group("prior").items()},
        prior_responses={name: values[0] for name, values in group("prior_predictive").items()},
    )
