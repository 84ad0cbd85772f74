"""Estimates of a variant, searched from those of the configuration that it is a variant of.

Three ways are tried, until one ends with the targets met: the search from the estimates of the configuration; one that
follows them while the variant's own numbers move from where it begins to their values; and the search from the
configured parameters.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from aigini.commands.at_estimates import economy_of, model_at
from aigini.commands.source import as_source
from aigini.config import Config
from aigini.config.load import again
from aigini.config.variants import Variant
from aigini.errors import AiginiError, AnalysisError
from aigini.estimation.convergence import WITHIN_ERROR
from aigini.estimation.estimated_model import EstimatedModel, Refit, search_estimates
from aigini.estimation.outcome_map import OutcomeMap
from aigini.estimation.weighting import before_estimates

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Shares of the way on which the estimates are followed."""


class VariantEstimates(NamedTuple):
    """The end of the estimation of a variant.

    Attributes:
        config: Its configuration.
        model: The economy at its estimates, or where a search came closest to the targets; None if there is none.
        failure: Why there are no estimates; empty where there are.
    """

    config: Config
    model: EstimatedModel | None
    failure: str


def configured(config: Config, variant: Variant, share: float = 1.0) -> Config:
    """The configuration of a variant, or of one on the way to it.

    Args:
        config: The configuration that it is a variant of.
        variant: The variant.
        share: Share of the way from where it begins that its numbers have moved, 0 to 1.

    Raises:
        ConfigError: if it is not valid.
    """
    if not variant.overrides:
        return config
    overrides = dict(variant.overrides) if share == 1 else between(config, variant, share)
    changed = again(config.source, f"variant {variant.name}", overrides)
    return as_source(changed, {}, "estimation").config


def between(config: Config, variant: Variant, share: float) -> dict[str, Any]:
    """The values that a variant replaces, its numbers moved only a share of the way from where it begins."""

    def moved(key: str, value: Any) -> Any:
        section, _, name = key.partition(".")
        if section == "targets":
            known = name in config.targets and isinstance(value, Mapping)
            return (
                {**value, "value": _on_the_way(config.targets[name].value, value["value"], share)} if known else value
            )
        begin = config.params.as_dict()[name] if section == "params" else variant.begins.get(key)
        return value if begin is None else _on_the_way(begin, value, share)

    return {key: moved(key, value) for key, value in variant.overrides.items()}


def _on_the_way(begin: float, end: float, share: float) -> float:
    return (1 - share) * begin + share * end


def estimate_variant(config: Config, variant: Variant, base: Mapping[str, float] | None) -> VariantEstimates:
    """Estimate a variant.

    Args:
        config: The configuration that it is a variant of.
        variant: The variant.
        base: Every parameter at the estimates of the configuration; None where there are none.

    Raises:
        ConfigError: if its configuration is not valid.
    """
    settings = configured(config, variant)
    outcome_map = economy_of(settings)
    closest: Refit | None = None
    reasons: list[str] = []
    for search in _searches(config, variant, settings, outcome_map, base):
        try:
            fit = search()
            if fit.at_estimates:
                return VariantEstimates(settings, model_at(settings, outcome_map, fit.values), "")
        except AiginiError as error:
            reasons.append(str(error))
            continue
        if closest is None or fit.criterion < closest.criterion:
            closest = fit
    if closest is None:
        return VariantEstimates(settings, None, reasons[0])
    return VariantEstimates(settings, closest, _why_not(closest))


def _why_not(model: Refit) -> str:
    """The reason why the end of a search gives no estimates."""
    k = int(np.abs(model.misfit).argmax())
    verdict = model.verdict
    bound = f"; at a bound: {', '.join(verdict.at_bound)}" if verdict.at_bound else ""
    data = "; data would not reject that" if abs(model.misfit[k]) < WITHIN_ERROR else ""
    return (
        f"the targets are not met where the search came closest ({verdict.status.name}{bound}):"
        f" {list(model.targets)[k]} is missed by {model.misfit[k]:+.2g} s.e.{data}"
    )


def _searches(
    config: Config, variant: Variant, settings: Config, outcome_map: OutcomeMap, base: Mapping[str, float] | None
) -> list[Callable[[], Refit]]:
    """The searches, in the order in which they are tried."""
    searches: list[Callable[[], Refit]] = []
    if base is not None:
        searches.append(lambda: _search(settings, outcome_map, base))
        if between(config, variant, 0.0) != dict(variant.overrides):
            searches.append(lambda: _followed(config, variant, base))
    return [*searches, lambda: _search(settings, outcome_map, settings.params.as_dict())]


def _search(settings: Config, outcome_map: OutcomeMap, near: Mapping[str, float]) -> Refit:
    """The search in one economy, from the free parameters of `near`."""
    start = {**settings.params.as_dict(), **{name: near[name] for name in settings.free}}
    return search_estimates(
        outcome_map,
        settings.space.impose(start),
        settings.space,
        settings.targets,
        settings.income,
        before_estimates(settings.weighting, settings.covariance),
    )


def _followed(config: Config, variant: Variant, base: Mapping[str, float]) -> Refit:
    """The last of the searches that follow the estimates to the variant."""
    near: Mapping[str, float] = base
    for share in SHARES[:-1]:
        settings = configured(config, variant, share)
        fit = _search(settings, economy_of(settings), near)
        if not fit.at_estimates:
            raise AnalysisError(f"the estimates of {variant.name} are lost {share:.0%} of the way.")
        near = fit.values
    settings = configured(config, variant)
    return _search(settings, economy_of(settings), near)
