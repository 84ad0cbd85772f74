"""Data enough for a regression: occupations, major groups, and variation of exposure beside the controls."""

import numpy as np

from aigini.oews.frames import Frame
from aigini.oews.specifications import Specification

FEWEST = 20
"""Occupations that a regression needs."""
FEWEST_GROUPS = 3
"""Major groups that it needs."""

_LEAST, _SHARE = 1e-7, 1e-12  # pyfixest takes a regressor with a sum of squares below 1e-9 for collinear


def too_little(spec: Specification, formula: str, frame: Frame) -> str | None:
    """A sentence on what the data of a regression lack: what was got, expected, and what to do; None if nothing.

    Args:
        spec: The specification.
        formula: Its formula, see `aigini.oews.regressions.regression_data`.
        frame: Its data, likewise.
    """
    once = frame.drop_duplicates("soc") if "soc" in frame else frame
    n, groups, where = len(once), once["major"].nunique(), f"{spec.outcome} in {spec.span}"
    if n < FEWEST or groups < FEWEST_GROUPS:
        return (
            f"{n} occupations in {groups} major groups have {spec.exposure} and {where}, expected at least {FEWEST} in"
            f" {FEWEST_GROUPS}; give a measure of exposure, or tables, with more occupations"
        )
    if np.ptp(frame["y"]) == 0:
        return f"{where} is the same for all occupations, expected one that differs; check the tables"
    controls = [name for name in ("l50", "y0") if name in formula.split()]
    return _few_observations(spec, once, controls) or _little_variation(spec, once, controls)


def _few_observations(spec: Specification, once: Frame, controls: list[str]) -> str | None:
    n, groups, periods = len(once), once["major"].nunique(), len(spec.years)
    if "soc" in once:
        observations, apart = n * periods, groups if spec.controls == "major group by year" else 1
        coefficients = n + apart * (periods - 1) + periods
    else:
        # The jackknife leaves out a group at a time.
        observations = n - int(once["major"].value_counts().max())
        coefficients = 2 + len(controls) + (groups - 1 if spec.controls == "base and major group" else 0)
    if observations > coefficients:
        return None
    return (
        f"{observations} observations are left for {coefficients} coefficients, expected more than that; choose fewer"
        " controls, or give tables with more occupations"
    )


def _little_variation(spec: Specification, once: Frame, controls: list[str]) -> str | None:
    majors = once["major"].to_numpy()
    if "major group" in spec.controls:
        columns = [majors == group for group in np.unique(majors)]
    else:
        columns = [np.ones(len(once))]
    columns += [once[name].to_numpy(float) for name in controls]
    root = np.sqrt(once["w"].to_numpy(float))
    x, others = root * once["x"].to_numpy(float), np.stack(columns, axis=1).astype(float) * root[:, None]
    basis = np.linalg.svd(others / np.linalg.norm(others, axis=0), full_matrices=False)[0]
    rest = x - basis @ (basis.T @ x)
    # What a regression of the rest on the controls leaves without each group in turn.
    left = []
    for group in np.unique(majors):
        own, by = majors == group, majors != group
        slope = basis[own].T @ rest[own]
        inner = np.linalg.pinv(basis[by].T @ basis[by], rcond=1e-9, hermitian=True)
        left.append(float(rest[by] @ rest[by] - slope @ inner @ slope))
    if min(left) > max(_LEAST, _SHARE * float(x @ x)):
        return None
    return (
        f"beside the controls, {spec.exposure} differs between occupations of fewer than two major groups, expected at"
        " least two, for standard errors leave out one at a time; give a measure that differs in more occupations"
    )
