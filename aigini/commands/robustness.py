"""`aigini robustness`: variants of the economy and of the targets, each estimated again, in one table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from aigini.analysis.robustness.economy import closest_findings, economy_findings, tolerable
from aigini.analysis.robustness.result import Robustness, VariantResult
from aigini.commands.at_estimates import at_estimates, external_ranges, model_at, other_draws
from aigini.commands.command import Command, ResultFile
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import Source, SourceLike, as_source
from aigini.commands.variant_estimates import VariantEstimates, estimate_variant
from aigini.config import Config
from aigini.config.variants import BASELINE, VARIANTS, Variant, chosen
from aigini.errors import AiginiError
from aigini.parameters import SPECS
from aigini.runtime.precision import with_x64
from aigini.runtime.progress import steps

AS_GIVEN = "as given"
"""The choice of a variant that replaces nothing of a kind."""


@with_x64
def robustness(config: SourceLike = None, *, variants: Sequence[str] | None = None, **overrides: Any) -> Robustness:
    """Estimate variants of an economy and analyse each as the other commands do, in one table.

    Args:
        config: Calibration to start from; or configuration, path of one, or None for the baseline, to estimate first.
            The variants are variants of it.
        variants: Names of variants of `aigini.config.variants.VARIANTS`; all of them by default.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if there is no variant of a name, or the configuration is not valid.
        AnalysisError: if the estimates to start from are none of this economy.
    """
    picked = chosen(variants)
    source = as_source(config, overrides, "estimation")
    base = _base(source)
    near = base.model.values if base.model is not None and not base.failure else None
    results = [_result(source.config, variant, base, near) for variant in steps("variants", picked)]
    return Robustness(results, source.config.population["n_workers"], source.config.replications)


def _base(source: Source) -> VariantEstimates:
    """The estimates of the configuration itself."""
    if source.estimates is not None:
        return VariantEstimates(source.config, at_estimates(source), "")
    return estimate_variant(source.config, VARIANTS[0], None)


def _result(
    config: Config, variant: Variant, base: VariantEstimates, near: Mapping[str, float] | None
) -> VariantResult:
    try:
        done = base if variant.name == BASELINE else estimate_variant(config, variant, near)
    except AiginiError as error:
        return _row(config, variant, None, str(error))
    if done.model is None:
        return _row(config, variant, done.config, done.failure)
    model, others = done.model, other_draws(done.config, done.model)
    eta1_range = done.config.ranges.get("eta1", SPECS["eta1"].box)
    starts = [*([] if near is None else [near]), done.config.params.as_dict()]
    if done.failure:
        # Economies that meet the other targets are not to be searched from a bound.
        start = model.values if near is None else {**model.values, **{name: near[name] for name in done.config.free}}
        ridge = model_at(done.config, model.outcome_map, model.space.impose(start))
        findings, missing = closest_findings(model, ridge, eta1_range, others, starts)
    else:
        findings, missing = economy_findings(model, external_ranges(done.config), eta1_range, others, starts)
    missed = others.missed if not done.failure or tolerable(model) else 0
    return _row(
        config,
        variant,
        done.config,
        done.failure,
        params=dict(model.values),
        findings=findings,
        missing=missing,
        missed_draws=missed,
    )


def _row(config: Config, variant: Variant, own: Config | None, failure: str, **known: Any) -> VariantResult:
    return VariantResult(
        name=variant.name,
        meaning=variant.meaning,
        overrides=dict(variant.overrides),
        choices={} if own is None else _choices(config, own),
        income=config.income if own is None else own.income,
        failure=failure,
        **{"params": {}, "findings": [], **known},
    )


def _choices(config: Config, own: Config) -> dict[str, str]:
    """The choices by kind: mechanisms with their numbers, and what differs of targets and parameters."""
    choices = {}
    for kind, name in own.source["model"].items():
        numbers = ", ".join(f"{key} {value:g}" for key, value in own.source.get("mechanisms", {}).get(kind, {}).items())
        choices[kind.replace("_", " ")] = f"{name.replace('_', ' ')}{f' ({numbers})' if numbers else ''}"
    income = f" of {own.income}s" if own.income != config.income else ""
    targets = [
        f"{name}{income if name == 'm6' else ''} = {target.value:g}"
        for name, target in own.targets.items()
        if name not in config.targets or config.targets[name].value != target.value or (income and name == "m6")
    ]
    before, after = config.params.as_dict(), own.params.as_dict()
    params = [f"{name} = {after[name]:g}" for name in after if after[name] != before[name]]
    return {**choices, "targets": ", ".join(targets) or AS_GIVEN, "parameters": ", ".join(params) or AS_GIVEN}


def figures(result: Robustness) -> Iterator[tuple[str, Any]]:
    """The specification curve."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.robustness_curve)


def _options(
    variants: Annotated[
        str | None,
        typer.Option(
            "--variants",
            metavar="A,B,...",
            help=f"All by default: {', '.join(one.name for one in VARIANTS)}.",
        ),
    ] = None,
) -> Mapping[str, Any]:
    names = None if variants is None else [name.strip() for name in variants.split(",")]
    chosen(names)
    return {"variants": names}


ROBUSTNESS = Command(
    "robustness",
    PURPOSES["robustness"],
    robustness,
    Robustness,
    options=_options,
    files=(ResultFile("robustness", Robustness, figures, csv=True),),
    analyses=True,
)
