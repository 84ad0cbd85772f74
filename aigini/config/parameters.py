"""The tables [params] and [ranges]: values of the parameters, and their mistakes."""

import numpy as np
from scipy.special import erfinv

from aigini.config.schema import FileSchema
from aigini.errors import unknown_name
from aigini.parameters import SPECS, problems


def values(file: FileSchema, mistakes: list[str]) -> dict[str, float]:
    """Every parameter by name; mistakes are added to `mistakes`, a sentence each."""
    given = dict(file.params)
    gini = given.pop("asset_gini", None)
    for name in given:
        if name not in SPECS:
            mistakes.append(f"params.{name}: {unknown_name(name, [*SPECS, 'asset_gini'])}")
    params = {name: float(given.get(name, spec.default)) for name, spec in SPECS.items()}
    if gini is not None:
        if "asset_sd" in given:
            mistakes.append("params has both asset_gini and asset_sd, which say the same thing; keep one of them.")
        elif not 0 <= gini < 1 or params["psi"] <= 0:
            mistakes.append(
                f"params.asset_gini = {gini:g} must be in [0, 1), with params.psi above 0; the baseline is 0.52."
            )
        else:
            # Gini of lognormal κ with log standard deviation ψ σ_K is erf(ψ σ_K / 2).
            with np.errstate(over="ignore"):  # an infinite one is refused below
                params["asset_sd"] = float(2 * erfinv(gini) / params["psi"])
    mistakes += problems(params, level=max(file.scenario.A0, file.scenario.A1), years=file.scenario.years)
    return params


def range_problems(file: FileSchema) -> list[str]:
    """Sentences about mistakes of [ranges]."""
    mistakes = []
    for name, span in file.ranges.items():
        if name not in SPECS:
            mistakes.append(f"ranges.{name}: {unknown_name(name, list(SPECS))}")
        elif not (span.low < span.high and SPECS[name].admits(span.low) and SPECS[name].admits(span.high)):
            mistakes.append(
                f"ranges.{name} = [{span.low:g}, {span.high:g}] is not a range: expected two values in"
                f" {SPECS[name].interval()}, the smaller first; correct it."
            )
    return mistakes
