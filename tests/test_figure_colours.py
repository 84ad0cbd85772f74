"""Colours that are compared within a figure stay apart for the colour-blind, and in grey something else does it.

Colour blindness is simulated with the matrices of Machado, Oliveira and Fernandes (IEEE TVCG 15, 2009) at full
severity; distances are those of CIE L*a*b* (1976).
"""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from aigini.figures import labels as marks
from aigini.figures import style

VISION = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
APART = 20.0


def lab(colour, vision="usual"):
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISION[vision]) @ linear, 0, 1)
    x, y, z = np.cbrt(np.maximum(XYZ @ seen / XYZ.sum(axis=1), 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one, two, vision):
    return float(np.linalg.norm(lab(one, vision) - lab(two, vision)))


def lightness(colour):
    return lab(colour)[0]


def test_the_simulation_knows_a_pair_that_is_not_safe():
    assert distance("#00AA00", "#B86A00", "usual") > 60
    assert distance("#00AA00", "#B86A00", "deuteranopia") < APART
    assert lightness("white") == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(
    "colours",
    [(style.RISE, style.FALL), (style.BEFORE, style.AFTER), style.SOURCE_COLOURS],
    ids=["signs", "states", "sources"],
)
def test_colours_of_one_figure_stay_apart(colours, vision):
    for one, two in itertools.combinations(colours, 2):
        assert distance(one, two, vision) > APART, (one, two)


def test_what_a_colour_says_is_said_in_grey_too():
    assert style.RISE_HATCH != style.FALL_HATCH
    assert style.LINE_BEFORE > 1.5 * style.LINE_AFTER
    sources = list(zip(style.SOURCE_COLOURS, style.SOURCE_HATCHES, strict=True))
    for (one, hatch), (two, other) in itertools.combinations(sources, 2):
        assert hatch != other or abs(lightness(one) - lightness(two)) > APART


def test_lines_without_an_order_differ_in_dashes_and_markers():
    assert len(set(map(str, marks.DASHES[: len(marks.CYCLE)]))) == len(marks.CYCLE)
    assert len(set(marks.MARKERS)) == len(marks.MARKERS)


@pytest.mark.parametrize("vision", VISION)
def test_the_sides_of_the_diverging_scale_stay_apart_and_darken_from_the_middle(vision):
    for share in (0.15, 0.3, 0.5):
        low, high = marks.DIVERGING(0.5 - share), marks.DIVERGING(0.5 + share)
        assert distance(low[:3], high[:3], vision) > APART
    for side in (np.linspace(0.5, 0, 20), np.linspace(0.5, 1, 20)):
        assert (np.diff([lightness(marks.DIVERGING(at)[:3]) for at in side]) < 0).all()
