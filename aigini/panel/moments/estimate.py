"""Moments of a panel and their joint covariance, clustered by firm."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from aigini.errors import DataError, unknown_name
from aigini.panel.data import Panel
from aigini.panel.moments import windows
from aigini.panel.moments.levels import NOT_IN_A_PANEL, PANEL_MOMENTS, usable_cells
from aigini.panel.moments.result import PanelMoments
from aigini.panel.moments.sums import COLUMNS_OF, Cells, Sums, cells_of, collected
from aigini.statistics.catalogue import find

Comparison = Literal["none", "never"]
"""The change that is taken off that of those who use AI: none, or that of firms that never use it."""

_STEP = 1e-30  # of the complex-step derivative, which has no cancellation
_CHUNK = 64  # copies of the totals at a time
_FEWEST = 10  # firms below which a covariance clustered by firm says little
_LOST = 0.05  # weight of cells without a usable variance above which m1 is refused


def panel_moments(
    panel: Panel,
    names: Sequence[str] = ("m1", "m2", "m3", "m4", "m5"),
    *,
    years: int | None = None,
    comparison: Comparison = "none",
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
        bootstrap: Resamples of firms for a check of the standard errors; 0 is none.
        seed: Seed of the resamples.

    Raises:
        DataError: if a moment is none that a panel gives, a column is missing, or the panel is too small.
    """
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
    _refuse_small(totals, names, cells)
    values = _values(totals, names, cells)
    influence = _influence(arms, totals, names, cells)
    if not (np.isfinite(values).all() and np.isfinite(influence).all()):
        wrong = [name for k, name in enumerate(names) if not np.isfinite(np.append(influence[:, k], values[k])).all()]
        raise DataError(
            f"moments: {', '.join(wrong)} cannot be computed from this panel: a column is constant or has too few"
            " values before or with AI; leave it out."
        )
    count = len(clusters)
    centred = influence - influence.mean(axis=0)
    covariance = centred.T @ centred * count / (count - 1)
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


def _refuse_small(totals: list[Sums], names: Sequence[str], cells: Cells) -> None:
    if not any(PANEL_MOMENTS[name].needs == "output" for name in names):
        return
    for total in totals:
        lost = 1 - float(cells.weight @ usable_cells(total))
        if lost > _LOST:
            raise DataError(
                f"moments: {lost:.0%} of the weight of tasks is on pairs of occupation and task without two workers of"
                " one firm who are observed twice before and with AI; give a larger panel, or leave out m1 and m2."
            )


def _added(arm: Sums) -> Sums:
    return {key: values.sum(axis=0) for key, values in arm.items()}


def _values(totals: list[Sums], names: Sequence[str], cells: Cells) -> np.ndarray:
    """Moments, ``[..., moments]``, of totals with leading axes ``[...]``."""
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
    count = len(next(iter(arms[0].values())))
    parts = []
    for begin in range(0, count, _CHUNK):
        some = slice(begin, begin + _CHUNK)
        moved = [
            {key: total[key][None] + 1j * _STEP * values[some] for key, values in arm.items()}
            for arm, total in zip(arms, totals, strict=True)
        ]
        parts.append(np.imag(_values(moved, names, cells)) / _STEP)
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
    spread = np.concatenate(drawn).std(axis=0, ddof=1)
    return dict(zip(names, spread.tolist(), strict=True))
