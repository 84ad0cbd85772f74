"""Figures of `aigini oews` from the committed results: what they highlight, explain and leave in sight."""

import dataclasses
from pathlib import Path

import pytest

from aigini import figures
from aigini.commands.registry import load_result
from aigini.figures.oews import _reach_crv1
from aigini.figures.style import RISE
from aigini.oews.specifications import HEADLINE

FOLDER = Path(__file__).parent.parent / "experiments" / "oews"
MEASURE = "eloundou_beta_gpt4"


@pytest.fixture(scope="module")
def wages():
    return load_result(FOLDER, "oews")


@pytest.fixture(scope="module")
def surveys():
    return load_result(FOLDER, "oews_surveys")


def legend_texts(figure):
    legends = [*figure.legends, *(axis.get_legend() for axis in figure.axes if axis.get_legend())]
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def labels(figure):
    return " ".join(axis.get_xlabel() + " " + axis.get_ylabel() for axis in figure.axes)


def test_the_event_study_highlights_the_measure_of_the_text_with_its_intervals(wages):
    figure = figures.event_study(wages)
    axis = figure.axes[0]
    (bars,) = axis.containers
    assert bars.get_label() == MEASURE.replace("_", " ")
    assert bars.lines[0].get_color() == RISE
    rows = [r for r in wages.regressions if r.estimator == "event_study" and r.outcome == HEADLINE]
    row = next(r for r in rows if r.exposure == MEASURE and r.term == "2018")
    (low, high) = bars.lines[2][0].get_segments()[0][:, 1]
    assert (high - low) / 2 == pytest.approx(_reach_crv1(row))
    assert "CRV1, too short with 22 clusters" in labels(figure)
    assert len(legend_texts(figure)) == 13
    # No two of the other lines look alike.
    looks = [(line.get_color(), line.get_marker(), line.get_linestyle()) for line in axis.lines[2:]]
    assert len(looks) == len(set(looks))


def test_the_specification_curve_explains_colours_errors_and_top_codes(wages):
    figure = figures.specification_curve(wages)
    assert legend_texts(figure) == ["95 % below 0", "95 % includes 0", "95 % above 0"]
    text = labels(figure)
    assert "95 % by CRV3" in text
    assert "52 are the lowest or highest coefficient of any wages between the top code and a ceiling" in text
    levels = [tick.get_text() for tick in figure.axes[1].get_yticklabels()]
    assert "data: top-coded: lowest coefficient" in levels
    assert not any(level.endswith((": lower", ": upper")) for level in levels)
    figure.draw_without_rendering()
    title = figure._suptitle.get_window_extent()
    assert title.x1 <= figure.bbox.x1


def test_every_marker_of_a_single_measure_is_inside(wages):
    one = dataclasses.replace(wages, regressions=tuple(r for r in wages.regressions if r.exposure == MEASURE))
    axis = figures.exposure_coefficients(one).axes[0]
    low, high = sorted(axis.get_ylim())
    points = [float(y) for line in axis.lines if line.get_marker() in ("o", "s") for y in line.get_ydata()]
    assert len(points) == 2
    assert all(low + 0.2 < y < high - 0.2 for y in points)


def test_colours_of_simulated_economies_are_explained(surveys):
    said = legend_texts(figures.simulated_coefficients(surveys))
    assert {"the Gini falls in the economy", "the Gini rises", "no AI", "published coefficient rejects it"} <= set(said)


def test_power_has_bars_and_its_threshold_is_in_sight(surveys):
    figure = figures.survey_power(surveys)
    left = figure.axes[0]
    assert left.get_legend() is None
    assert len(left.containers) == 6
    assert all(bars.has_yerr for bars in left.containers)
    assert any(text.get_text() == "enough: 0.8" for text in left.texts)
