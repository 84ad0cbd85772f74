"""The page: sections put into one HTML file, with its style in it and no address of another site to load from."""

import dataclasses
import importlib.resources
import re
from collections.abc import Mapping, Sequence

import jinja2
from markupsafe import Markup, escape

from aigini.report.equations import EQUATIONS
from aigini.report.sections import Part
from aigini.tables import Table

LIMITS = (
    "Nobody has measured a change of the Gini that AI causes. Where m6 is among the targets it is a scenario, and the"
    " sign at the estimates follows from it.",
    "This is one model economy with functional forms that are in part choices of this project; its results are those of"
    " mechanisms, not forecasts and not recommendations.",
    "Most standard errors of targets are judgements, and so are their correlations; statements hold given them.",
    "Prices of the final good are fixed, everybody works, and there is no unemployment, no entry of firms and no tax"
    " unless a lever of policy says so.",
    "Errors marked as simulation errors say how far a number moves with the draw of the simulated population. They come"
    " on top of standard errors, which come from the targets.",
)
"""Limits of every result, in sentences."""


@dataclasses.dataclass(frozen=True)
class Page:
    """Everything on the page.

    Attributes:
        question: Its title.
        answer: Paragraphs of the answer by their subject; empty where no run gives one.
        sampled: Sentences of posteriors about the signs, each with its belief about m6 and the run that it is from.
        targets: Targets with their sources, None where no calibration is among the runs.
        parts: Sections, one for each result.
        missing: Commands whose results are not among the runs, with what they would show.
        unreadable: Sentences about results that cannot be read.
        made: Version and time of the page.
    """

    question: str
    answer: Mapping[str, str]
    sampled: Sequence[tuple[str, str]]
    targets: Table | None
    parts: Sequence[Part]
    missing: Sequence[tuple[str, str]]
    unreadable: Sequence[str]
    made: str

    def html(self) -> str:
        """The page as one HTML file."""
        environment = jinja2.Environment(
            loader=jinja2.FunctionLoader(_template),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["code"] = _code
        equations = [(equation.words, Markup(equation.mathml)) for equation in EQUATIONS]
        return environment.get_template("page.html").render(page=self, equations=equations, limits=LIMITS)


def _code(text: str) -> Markup:
    """A sentence, with what stands between backticks set as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _template(name: str) -> str:
    return importlib.resources.files("aigini.report").joinpath(name).read_text(encoding="utf-8")
