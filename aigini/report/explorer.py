"""The explorer's page: one HTML file with the surrogate, the JavaScript that evaluates it, and its errors in it."""

import dataclasses
import importlib.resources
import json
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
from markupsafe import Markup

from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.economy.channels import CHANNEL_NAMES
from aigini.explore.economies import RENT
from aigini.explore.result import CHANGES, WANTED, Explorer
from aigini.explore.sliders import SHIFT, SLIDERS
from aigini.parameters import SPECS
from aigini.report.page import LIMITS
from aigini.report.sections import Origin
from aigini.resolution import STANDS_OUT
from aigini.tables import Table

TITLE = "What moves inequality when AI arrives"


@dataclasses.dataclass(frozen=True)
class _Range:
    """A slider as the page has it."""

    name: str
    label: str
    symbol: str
    meaning: str
    lower: float
    upper: float
    estimate: float


def _assumed(name: str, label: str, lower: float, upper: float, value: float) -> _Range:
    spec = DYNAMICS_SPECS.get(name) or SPECS[name]
    meaning = spec.meaning[0].upper() + spec.meaning[1:] + "."
    return _Range(name, label, spec.symbol, meaning, min(lower, value), max(upper, value), value)


def assumptions(result: Explorer) -> tuple[_Range, ...]:
    """Sliders of the long run, at what the configuration assumes."""
    values = result.dynamics
    return (
        _assumed("cumulative_advantage", "Reinvestment of rents", 0.0, 2.5, result.params["cumulative_advantage"]),
        _assumed("bargaining_erosion", "Erosion of bargaining", 0.0, 1.0, values["bargaining_erosion"]),
        _assumed("erosion_midpoint", "Concentration at half erosion", 0.5, 1.0, values["erosion_midpoint"]),
        _assumed("erosion_width", "Width of the erosion", 0.01, 0.2, values["erosion_width"]),
        _assumed("erosion_gap_weight", "Weight of people who lag", 0.0, 2.0, values["erosion_gap_weight"]),
        _assumed("retool_speed", "Speed of retooling", 0.01, 1.0, values["retool_speed"]),
        _assumed("deployment_speed", "Speed of deployment", 0.02, 1.0, values["deployment_speed"]),
    )


@dataclasses.dataclass(frozen=True)
class _Page:
    title: str
    result: Explorer
    sliders: Sequence[_Range]
    assumptions: Sequence[_Range]
    horizon: str
    trust: Sequence[str]
    table: Table
    limits: Sequence[str]
    origin: Sequence[tuple[str, str]]
    made: str
    data: Markup
    mathematics: Markup
    view: Markup


def explorer_page(result: Explorer, origin: Origin, made: str) -> str:
    """The page as one HTML file, which loads nothing.

    Args:
        result: The surrogate and its errors.
        origin: Where it comes from.
        made: Version and time of the page.
    """
    sliders = [
        _Range(one.name, one.label, one.symbol, one.meaning, float(lower), float(upper), float(at))
        for one, (lower, upper), at in zip(SLIDERS, result.ranges, result.estimate, strict=True)
    ]
    assumed = assumptions(result)
    page = _Page(
        title=TITLE,
        result=result,
        sliders=sliders,
        assumptions=assumed,
        horizon=str(result.firm_years),
        trust=trust(result),
        table=result.table(),
        limits=LIMITS,
        origin=[
            ("file", origin.file),
            ("command", origin.command or "not recorded"),
            ("commit", origin.commit or "not known"),
            ("configuration", origin.digest or "not recorded"),
            ("seed", origin.seed or "not recorded"),
            ("versions", origin.versions or "not recorded"),
            ("device", origin.device or "not recorded"),
            ("finished", origin.finished or "not recorded"),
        ],
        made=made,
        data=Markup(_for_script(page_data(result))),
        mathematics=Markup(script("explorer.js")),
        view=Markup(script("explorer_view.js")),
    )
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(script),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("explorer.html").render(page=page)


def page_data(result: Explorer) -> dict[str, Any]:
    """The numbers that the page's JavaScript works with."""
    errors = {error.name: error for error in result.errors}
    return {
        "sliders": [
            {"name": one.name, "lower": float(lower), "upper": float(upper), "estimate": float(at)}
            for one, (lower, upper), at in zip(SLIDERS, result.ranges, result.estimate, strict=True)
        ],
        "assumptions": [{"name": one.name, "estimate": one.estimate} for one in assumptions(result)],
        "shift": SHIFT,
        "groups": [dataclasses.asdict(group) for group in result.surrogate],
        "channels": {name: name.replace("_", " ") for name in CHANNEL_NAMES},
        "rent": RENT,
        "lorenz": result.lorenz_shares.tolist(),
        "logIncomes": result.log_incomes.tolist(),
        # Beyond this a sign is not left open by the surrogate or by the draw of the population.
        "unresolved": {name: errors[name].high + STANDS_OUT * result.simulation_se.get(name, 0.0) for name in CHANGES},
        "errors": {name: errors[name].high for name in CHANGES},
        "simulation": {name: result.simulation_se.get(name) for name in CHANGES},
        "law": {name: result.params[name] for name in ("asset_reversion", "psi")},
        "deploymentMidpoint": result.dynamics["deployment_midpoint"],
        "years": result.years,
        "twoRegimes": {
            "xi": 0.6,
            "proprietary_share": 0.6,
            "cumulative_advantage": 1.36,
            "erosion_gap_weight": 0.8,
        },
    }


def trust(result: Explorer) -> list[str]:
    """Sentences about the errors of the page's numbers."""
    said = [result.statement[0].upper() + result.statement[1:]]
    if result.simulation_se:
        total, wage = (f"{result.simulation_se[name]:.1e}" for name in CHANGES)
        said.append(
            f"All economies have one draw of {result.n_workers:,} workers. At the estimates, the changes of the Ginis"
            f" of total income and of wages have simulation standard errors of {total} and {wage}, over {result.draws}"
            " other draws; another draw moves the whole surface by about so much, which is no error of the surrogate."
        )
    else:
        said.append(
            f"All economies have one draw of {result.n_workers:,} workers. The simulation error of that draw was not"
            " measured, since calibration.replications is below 2."
        )
    shares = [f"{result.at_estimates[name]:+.5f}" for name in CHANGES]
    said.append(
        f"At the estimates the economy itself, on that draw, changes the two Ginis by {shares[0]} and {shares[1]}; the"
        f" surrogate by {result.at()[CHANGES[0]]:+.5f} and {result.at()[CHANGES[1]]:+.5f}."
    )
    said.append(
        "Standard errors of the estimates, which come from the targets, are not on this page: aigini report has them."
        f" An error below {WANTED:g} of a Gini is what is wanted of headline numbers."
    )
    return said


def _for_script(data: Mapping[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def script(name: str) -> str:
    """A file of the page, as it is in the package."""
    return importlib.resources.files("aigini.report").joinpath(name).read_text(encoding="utf-8")
