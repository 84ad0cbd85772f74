"""Moments of a panel and their joint covariance, clustered by firm."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from aigini.errors import DataError, unknown_name
from aigini.panel.data import Panel
from aigini.panel.moments import windows
from aigini.panel.moments.levels import FEWEST_DEGREES, NOT_IN_A_PANEL, PANEL_MOMENTS, usable_cells
from aigini.panel.moments.result import PanelMoments
from aigini.panel.moments.sums import COLUMNS_OF, Cells, Sums, cells_of, collected
from aigini.statistics.catalogue import find

Comparison = Literal["none", "never"]
"""The change that is taken off that of those who use AI: none, or that of firms that never use it."""

Errors = Literal["jackknife", "influence"]
"""Covariance from the moments without each firm in turn, or from influence functions."""

_STEP = 1e-30  # of the complex-step derivative, which has no cancellation
_CHUNK = 64  # copies of the totals at a time
_FEWEST = 10  # firms below which a covariance clustered by firm says little
_LOST = 0.1  # weight of cells without a usable variance above which m1 is refused


def panel_moments(
    panel: Panel,
    names: Sequence[str] = ("m1", "m2", "m3", "m4", "m5"),
    *,
    years: int | None = None,
    comparison: Comparison = "none",
    errors: Errors = "jackknife",
    bootstrap: int = 0,
    seed: int = 0,
) -> PanelMoments:
    """Estimate moments of the economy from a panel.

    Args:
        panel: The panel.
        names: Moments of the registry, keys of `aigini.panel.moments.levels.PANEL_MOMENTS`.
        years: Years before and with AI; by default the most for which every cohort is observed.
        comparison: ``"none"`` takes all change of those who use AI for its effect; ``"never"`` takes off the change of
            firms that never use it, in the same periods.
        errors: ``"jackknife"`` leaves out each firm in turn, which small panels need; ``"influence"`` has the same
            limit in large ones.
        bootstrap: Resamples of firms for a check of the standard errors; 0 is none.
        seed: Seed of the resamples.

    Raises:
        DataError: if a moment is none that a panel gives, a column is missing, the panel is too small, or there is one
            resample.
    """
    if bootstrap < 0 or bootstrap == 1:
        raise DataError(f"moments: bootstrap = {bootstrap} has no standard deviation; give 0 for none, or 2 or more.")
    _refuse(panel, names)
    needs = frozenset(PANEL_MOMENTS[name].needs for name in names)
    panel.require(*(column for group in sorted(needs) for column in COLUMNS_OF[group]))
    horizon = windows.horizon(panel, years)
    users, cells = windows.treated(panel, horizon), cells_of(panel)
    groups = [[users], windows.never_treated(panel, horizon, users)] if comparison == "never" else [[users]]
    arms = [collected(panel, cells, group, horizon, needs) for group in groups]
    clusters = np.unique(panel["firm"][np.concatenate([one.rows for group in groups for one in group])])
    arms = [{key: values[clusters] for key, values in arm.items()} for arm in arms]
    if len(clusters) < _FEWEST:
        raise DataError(
            f"moments: {len(clusters)} firms are left, too few for a covariance that is clustered by firm; expected at"
            f" least {_FEWEST}."
        )
    totals = [_added(arm) for arm in arms]
    if any(PANEL_MOMENTS[name].level is PANEL_MOMENTS["m1"].level for name in names):
        cells = dataclasses.replace(cells, usable=_usable(totals, cells))
    values = _values(totals, names, cells)[0]
    made = _without_each if errors == "jackknife" else _influence
    influence = made(arms, totals, names, cells)
    if not (np.isfinite(values).all() and np.isfinite(influence).all()):
        wrong = [name for k, name in enumerate(names) if not np.isfinite(np.append(influence[:, k], values[k])).all()]
        raise DataError(
            f"moments: {', '.join(wrong)} cannot be computed from this panel: a column is constant or has too few"
            " values before or with AI; leave it out."
        )
    count = len(clusters)
    centred = influence - influence.mean(axis=0)
    scale = (count - 1) / count if errors == "jackknife" else count / (count - 1)
    covariance = scale * centred.T @ centred
    return PanelMoments(
        moments=dict(zip(names, values.tolist(), strict=True)),
        covariance=covariance,
        years=horizon,
        comparison=comparison,
        firms=count,
        workers=len(np.unique(panel["worker"][users.rows])),
        rows=len(users.rows),
        bootstrap_se=_bootstrapped(arms, names, cells, bootstrap, seed),
        bootstrap=bootstrap,
        limits=panel.limits,
    )


def _refuse(panel: Panel, names: Sequence[str]) -> None:
    lines = []
    for name in names:
        if name in NOT_IN_A_PANEL:
            lines.append(f"moments: {name} cannot be estimated from a panel: {NOT_IN_A_PANEL[name]}.")
        elif name not in PANEL_MOMENTS:
            lines.append(
                f"moments: {unknown_name(name, list(PANEL_MOMENTS))} A moment of your own has no estimator from panels."
            )
    if len(set(names)) < len(names):
        lines.append("moments: a moment is named twice; name each once.")
    if not names:
        lines.append("moments: no moment is asked for; name at least one.")
    if not len(panel):
        lines.append("moments: the panel has no rows.")
    if lines:
        raise DataError("\n".join(lines))


def _usable(totals: list[Sums], cells: Cells) -> np.ndarray:
    """Cells whose dispersion is estimated well enough for m1, ``[cells]``."""
    usable = np.all([usable_cells(total)[0] for total in totals], axis=0)
    lost = 1 - float(usable @ cells.weight)
    if lost > _LOST:
        raise DataError(
            f"moments: {lost:.0%} of the weight of tasks is on pairs of occupation and task with fewer than"
            f" {FEWEST_DEGREES} degrees of freedom (workers with AI who are observed in odd and even periods before"
            " and with it, less their firms); give a panel with more workers in each firm, or leave out m1."
        )
    return usable


def _added(arm: Sums) -> Sums:
    """Totals over firms, with a leading axis of one copy."""
    return {key: values.sum(axis=0, keepdims=True) for key, values in arm.items()}


def _values(totals: list[Sums], names: Sequence[str], cells: Cells) -> np.ndarray:
    """Moments, ``[..., moments]``, of totals with leading axes ``[...]``; not finite where there is none."""
    with np.errstate(all="ignore"):
        return _changes(totals, names, cells)


def _changes(totals: list[Sums], names: Sequence[str], cells: Cells) -> np.ndarray:
    columns = []
    for name in names:
        level = PANEL_MOMENTS[name].level
        pairs = [(level(total, cells, 0), level(total, cells, 1)) for total in totals]
        if find(name).relative:
            growth = [after / before for before, after in pairs]
            columns.append(growth[0] / (growth[1] if len(growth) > 1 else 1.0) - 1)
        else:
            changes = [after - before for before, after in pairs]
            columns.append(changes[0] - (changes[1] if len(changes) > 1 else 0.0))
    return np.stack(columns, axis=-1)


def _influence(arms: list[Sums], totals: list[Sums], names: Sequence[str], cells: Cells) -> np.ndarray:
    """Derivative of the moments in the weight of each firm, ``[firms, moments]``."""

    def moved(total: np.ndarray, own: np.ndarray) -> np.ndarray:
        return total + 1j * _STEP * own

    return np.imag(_each_firm(arms, totals, names, cells, moved)) / _STEP


def _without_each(arms: list[Sums], totals: list[Sums], names: Sequence[str], cells: Cells) -> np.ndarray:
    """Moments of the panel without each firm, ``[firms, moments]``."""
    return _each_firm(arms, totals, names, cells, lambda total, own: total - own)


def _each_firm(
    arms: list[Sums],
    totals: list[Sums],
    names: Sequence[str],
    cells: Cells,
    moved: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Moments of totals that are moved by the sums of each firm, ``[firms, moments]``."""
    count = len(next(iter(arms[0].values())))
    parts = []
    for begin in range(0, count, _CHUNK):
        some = slice(begin, begin + _CHUNK)
        copies = [
            {key: moved(total[key], values[some]) for key, values in arm.items()}
            for arm, total in zip(arms, totals, strict=True)
        ]
        parts.append(_values(copies, names, cells))
    return np.concatenate(parts)


def _bootstrapped(
    arms: list[Sums], names: Sequence[str], cells: Cells, resamples: int, seed: int
) -> dict[str, float] | None:
    """Standard deviations of the moments over resamples of firms; None without."""
    if resamples == 0:
        return None
    count = len(next(iter(arms[0].values())))
    random = np.random.default_rng(seed)
    drawn = []
    for begin in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - begin)
        weights = random.multinomial(count, np.full(count, 1 / count), size=size).astype(float)
        copies = [{key: np.tensordot(weights, values, axes=1) for key, values in arm.items()} for arm in arms]
        drawn.append(_values(copies, names, cells))
    if lost := int((~np.isfinite(np.concatenate(drawn)).all(axis=1)).sum()):
        raise DataError(
            f"moments: {lost} resamples of firms do not have all moments; give a larger panel, or no bootstrap."
        )
    spread = np.concatenate(drawn).std(axis=0, ddof=1)
    return dict(zip(names, spread.tolist(), strict=True))
