"""Progress of long work is told from its beginning, also where a part of it takes long to compile."""

import numpy as np

from aigini.analysis import policy
from aigini.analysis.levers import LEVERS
from aigini.estimation.estimated_model import EstimatedModel
from aigini.runtime.progress import steps, watched


def test_a_part_is_told_before_its_first_item_and_after_each():
    told = []
    with watched(lambda *news: told.append(news)):
        for item in steps("part", "ab"):
            told.append(item)
        assert list(steps("nothing", [])) == []
    assert told == [("part", 0, 2), "a", ("part", 1, 2), "b", ("part", 2, 2)]


def test_what_follows_the_levers_is_told_while_it_is_computed(monkeypatch):
    count, told = len(LEVERS), []

    def slopes(model):
        told.append("computed")
        return np.zeros((count, 3))

    monkeypatch.setattr(policy, "combination", lambda *_: {})
    monkeypatch.setattr(policy, "tile", lambda model, points: np.zeros((len(points), 3)))
    monkeypatch.setattr(policy, "lever_slopes", slopes)
    monkeypatch.setattr(policy, "_neutral", lambda *_: None)
    with watched(lambda *news: told.append(news)):
        policy._alone(object.__new__(EstimatedModel), np.linspace(0, 1, 3))
    at = told.index("computed")
    assert told[at - 1 : at + 2] == [("slopes of levers", 0, 1), "computed", ("slopes of levers", 1, 1)]
    assert told[at - 2][0] == "levers"
    assert told[at + 2 :] == [("neutral strengths", done, count) for done in range(count + 1)]
