"""Distance to the boundary: lines scanned once for both Ginis, moves that end on the boundary, searches that fail."""

import numpy as np
import pytest

import aigini
from aigini.analysis.regimes import distance as module
from aigini.analysis.regimes.distance import distances
from aigini.analysis.regimes.result import Move
from aigini.config import load
from aigini.errors import AnalysisError
from aigini.estimation.outcome_map import GINIS, TILE, OutcomeMap

UNITS = {"xi": (0.05, 0.15), "eta1": (0.2, 0.8), "sigma": (0.5, 3.0), "ownership_sd": (1.6, 2.1)}


@pytest.fixture(scope="module")
def case():
    return aigini.at_estimates(load(None, {"population.n_workers": 4096, "population.n_firms": 60}))


@pytest.fixture(scope="module")
def both(case):
    """Distances of both Ginis, and the sizes of the tiles evaluated for them."""
    tiles = []
    usual = OutcomeMap.values

    def counted(self, points, batch=1):
        tiles.append(len(points))
        return usual(self, points, batch)

    OutcomeMap.values = counted
    try:
        return distances(case, UNITS), tiles
    finally:
        OutcomeMap.values = usual


def test_a_line_is_one_tile_for_both_ginis(both):
    _, tiles = both
    assert len(tiles) == len(UNITS)
    assert max(tiles) <= TILE


def test_single_moves_end_on_the_boundary_and_flip_the_sign_there(case, both):
    results, _ = both
    found = 0
    for row, result in enumerate(results):
        for name, move in result.alone.items():
            width = UNITS[name][1] - UNITS[name][0]
            if move.distance is None:
                assert move.note.startswith("does not flip the sign from")
                continue
            found += 1
            assert abs(move.to[name] - case.values[name]) == pytest.approx(move.distance * width, rel=1e-12)
            way = move.to[name] - case.values[name]
            points = [
                case.space.impose({**case.values, name: case.values[name] + share * way}) for share in (0.98, 1, 1.02)
            ]
            before, there, after = case.outcome_map.values(points)[:, GINIS[row]]
            assert abs(there) < 1e-8
            assert before * after < 0
            assert before * result.gini_change > 0
    assert found >= 3


def test_income_that_a_parameter_does_not_move_costs_no_search(case, both):
    results, _ = both
    # Ownership has no part in wages.
    assert results[1].alone["ownership_sd"].distance is None


def test_all_together_is_no_further_than_any_alone(both):
    for result in both[0]:
        assert result.together.distance is not None
        singles = [move.distance for move in result.alone.values() if move.distance is not None]
        assert result.together.distance <= min(singles) + 1e-9
        assert abs(result.together.residual) < 1e-8


def test_a_search_that_ends_too_far_out_starts_again_from_the_nearest_single_move(case, both, monkeypatch):
    total = both[0][0]
    line = module.Line(case, 0, tuple(UNITS), np.array([high - low for low, high in UNITS.values()]))
    usual, starts = module._search, []

    def astray(line, start):
        starts.append(start)
        return usual(line, start) if start.any() else Move(9.0, {}, 0.0)

    monkeypatch.setattr(module, "_search", astray)
    again = module._together(line, total.alone)
    assert len(starts) == 2
    assert np.linalg.norm(starts[1]) == pytest.approx(min(m.distance for m in total.alone.values() if m.distance))
    assert again.distance == pytest.approx(total.together.distance, rel=1e-3)


def test_an_empty_range_is_refused(case):
    with pytest.raises(AnalysisError, match=r"ranges\.xi"):
        distances(case, {"xi": (0.2, 0.2)})
