"""The draws of a posterior on disk, as NetCDF that ArviZ opens."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aigini.bayes.result import Draws, Posterior
from aigini.errors import OutputError
from aigini.statistics.outcomes import OUTCOME_NAMES
from aigini.storage.folder import identity, require_same_run
from aigini.storage.netcdf import build_tree, read_tree, tree_writer

_WIDENS = {"gini_total": "widens_total", "gini_wage": "widens_wage"}


def draws_writer(result: Posterior, run: Mapping[str, Any]) -> Callable[[Path], object]:
    """A function that writes the draws into a file, all of the sampled population.

    The groups ``posterior`` and ``prior`` hold parameters, outcomes of the economy and the indicators of a rise;
    ``posterior_predictive`` and ``prior_predictive`` the targets that would be measured, errors of measurement
    included; ``observed_data`` the targets, but not an m6 that nobody is taken to have measured. There is no pointwise
    log likelihood, hence no leave-one-out cross-validation: the targets are not exchangeable observations.
    """
    draws = result.draws
    observed = {name: target for name, target in result.targets.items() if name != "m6" or result.belief == "normal"}
    groups = {
        "posterior": {**draws.parameters, **draws.outcomes, **_widens(draws.outcomes)},
        "sample_stats": draws.statistics,
        "prior": _one_chain({**draws.prior, **draws.prior_outcomes, **_widens(draws.prior_outcomes)}),
        "prior_predictive": _one_chain(draws.prior_predictive),
        "posterior_predictive": draws.predictive,
        "observed_data": {name: np.array(target.value) for name, target in observed.items()},
    }
    about = {"priors": dict(result.priors), "m6": result.belief, "run": run, **identity(run)}
    return tree_writer(build_tree(groups, attrs=about))


def _widens(outcomes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: (outcomes[of] > 0).astype(np.int8) for of, name in _WIDENS.items()}


def _one_chain(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: values[None, :] for name, values in arrays.items()}


def load_draws(path: Path, parameters: tuple[str, ...], run: Mapping[str, Any]) -> Draws:
    """Read what `draws_writer` wrote.

    Args:
        path: The file; the result is beside it.
        parameters: The parameters that were sampled.
        run: Record of the run that the draws must belong to, from ``posterior.json``.

    Raises:
        OutputError: if the file is missing or damaged, or belongs to another run.
        MissingExtraError: if xarray or h5netcdf is not installed.
    """
    tree = read_tree(path)
    marks = {str(key): value for key, value in tree.attrs.items()}
    require_same_run(path, marks, path.with_suffix(".json"), run)

    def group(name: str) -> dict[str, np.ndarray]:
        return {str(key): np.asarray(array) for key, array in tree[name].data_vars.items()}

    try:
        posterior, prior = group("posterior"), group("prior")
        return Draws(
            parameters={name: posterior[name] for name in parameters},
            outcomes={name: posterior[name] for name in OUTCOME_NAMES},
            predictive=group("posterior_predictive"),
            statistics=group("sample_stats"),
            prior={name: prior[name][0] for name in parameters},
            prior_outcomes={name: prior[name][0] for name in OUTCOME_NAMES},
            prior_predictive={name: values[0] for name, values in group("prior_predictive").items()},
        )
    except (LookupError, TypeError, ValueError) as error:
        raise OutputError(
            f"{path}: lacks a part that a posterior has ({error}); run the command that writes it again."
        ) from None
