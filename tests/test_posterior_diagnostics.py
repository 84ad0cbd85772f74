"""Summaries of chains, and what is marked as wrong with them."""

import dataclasses
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from aigini.bayes import diagnostics
from aigini.bayes.diagnostics import bfmi, stuck_chains, summarise, tree_depth
from aigini.bayes.health import judge
from aigini.errors import AiginiError, MissingExtraError


def normal_chains(seed=0, chains=4, draws=1000):
    return np.random.default_rng(seed).normal(size=(chains, draws))


def autoregression(coefficient, seed=0, chains=4, draws=20_000):
    """Stationary AR(1) chains with unit variance."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(chains, draws)) * np.sqrt(1 - coefficient**2)
    found = np.empty((chains, draws))
    found[:, 0] = generator.normal(size=chains)
    for t in range(1, draws):
        found[:, t] = coefficient * found[:, t - 1] + noise[:, t]
    return found


def halves(values):
    half = values.shape[1] // 2
    return np.concatenate([values[:, :half], values[:, -half:]])


def plain_r_hat(parts):
    n = parts.shape[1]
    within, between = parts.var(axis=1, ddof=1).mean(), n * parts.mean(axis=1).var(ddof=1)
    return np.sqrt((between / within + n - 1) / n)


def rank_r_hat(values):
    """The larger of the split R-hats of normal scores of the draws and of their distances from the median."""

    def scores(x):
        return norm.ppf((rankdata(x).reshape(x.shape) - 0.375) / (x.size + 0.25))

    parts = halves(values)
    return max(plain_r_hat(scores(parts)), plain_r_hat(scores(np.abs(parts - np.median(parts)))))


def fine(draws=None, **changes):
    """The verdict on good chains, with some evidence changed."""
    arguments = {
        "summaries": summarise({"xi": normal_chains()} if draws is None else draws),
        "diverging": np.zeros((4, 1000), bool),
        "bfmi": (0.9, 1.0, 1.1, 0.8),
        "stuck": {},
        "saturated": 0.0,
    }
    arguments |= changes
    return judge(arguments.pop("summaries"), **arguments)


class TestSummaries:
    def test_moments_and_quantiles(self):
        draws = normal_chains() * 3 + 7
        found = summarise({"xi": draws})["xi"]
        assert found.mean == pytest.approx(draws.mean(), rel=1e-14)
        assert found.sd == pytest.approx(draws.std(ddof=1), rel=1e-14)
        assert [found.q5, found.median, found.q95] == pytest.approx(np.quantile(draws, [0.05, 0.5, 0.95]), rel=1e-14)
        assert found.problem is None

    @pytest.mark.parametrize("shift", [0.0, 0.2, 1.0])
    @pytest.mark.parametrize("spread", [1.0, 2.0])
    def test_r_hat_by_its_definition(self, shift, spread):
        draws = normal_chains()
        draws[0] = draws[0] * spread + shift
        # The two draws in the middle are equally far from the median, but for rounding, which decides about a rank.
        assert summarise({"xi": draws})["xi"].r_hat == pytest.approx(rank_r_hat(draws), rel=1e-5)

    def test_r_hat_sees_a_chain_with_another_spread_that_the_plain_one_does_not(self):
        draws = normal_chains()
        draws[0] *= 4
        assert plain_r_hat(halves(draws)) < 1.01
        assert summarise({"xi": draws})["xi"].r_hat > 1.01

    @pytest.mark.parametrize("coefficient", [-0.3, 0.0, 0.5, 0.9])
    def test_effective_sample_size_of_an_autoregression(self, coefficient):
        draws = autoregression(coefficient)
        found = summarise({"xi": draws})["xi"]
        expected = draws.size * (1 - coefficient) / (1 + coefficient)
        assert found.ess_bulk == pytest.approx(expected, rel=0.15)
        assert found.mcse_mean == pytest.approx(1 / np.sqrt(expected), rel=0.08)

    def test_tails_that_mix_slowly_have_a_smaller_effective_sample_size(self):
        # The sign is new at each draw, the distance from zero is not.
        draws = np.abs(autoregression(0.97, 1)) * np.sign(autoregression(0.0, 2))
        found = summarise({"xi": draws})["xi"]
        assert found.ess_tail < 0.25 * found.ess_bulk

    @pytest.mark.parametrize(("factor", "shift"), [(1e-18, 0.0), (1e12, 0.0), (-1e-6, 1e-3)])
    def test_statistics_do_not_depend_on_units(self, factor, shift):
        draws = autoregression(0.5, draws=1000)
        one, two = summarise({"a": draws, "b": draws * factor + shift}).values()
        assert two.r_hat == pytest.approx(one.r_hat, rel=1e-9)
        assert two.ess_bulk == pytest.approx(one.ess_bulk, rel=1e-6)
        assert two.mcse_mean == pytest.approx(one.mcse_mean * abs(factor), rel=1e-6)

    @pytest.mark.parametrize("value", [0.0, 0.1, -1e30])
    def test_constant_draws_are_marked(self, value):
        found = summarise({"xi": np.full((4, 100), value)})["xi"]
        assert found.problem == "all draws are the same"
        assert (found.mean, found.sd) == (pytest.approx(value), 0.0)
        assert (found.r_hat, found.ess_bulk, found.ess_tail, found.mcse_mean) == (None,) * 4

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_draws_that_are_not_finite_are_marked(self, value):
        draws = normal_chains()
        draws[2, 7:9] = value
        found = summarise({"xi": draws})["xi"]
        assert found.problem == "2 of 4000 draws are not finite"
        assert all(number is None for number in dataclasses.astuple(found)[:-1])
        assert "not finite" in str(found)

    def test_chains_that_each_stay_where_they_are_have_an_infinite_r_hat(self):
        draws = np.repeat(np.arange(4.0)[:, None], 100, axis=1)
        assert summarise({"xi": draws})["xi"].r_hat == np.inf
        assert any("R-hat of xi is inf" in mark for mark in fine({"xi": draws}).marks)

    def test_one_chain_is_marked(self):
        found = summarise({"xi": normal_chains(chains=1)})["xi"]
        assert found.r_hat is None
        assert found.problem == "one chain has nothing to be compared with"
        assert found.ess_bulk == pytest.approx(1000, rel=0.3)

    def test_events_have_an_error_too(self):
        draws = (normal_chains() > 0.5).astype(float)
        assert summarise({"rise": draws})["rise"].mcse_mean == pytest.approx(draws.std() / np.sqrt(4000), rel=0.1)

    @pytest.mark.parametrize("shape", [(10,), (4, 3), (0, 10), (2, 5, 2)])
    def test_other_shapes_are_refused(self, shape):
        with pytest.raises(ValueError, match=r"xi has shape .* give \[chains, draws\]"):
            summarise({"xi": np.zeros(shape)})

    def test_print(self):
        lines = str(summarise({"xi": normal_chains(), "cumulative_advantage": np.ones((4, 10))})).splitlines()
        assert lines[0].split() == ["mean", "sd", "5%", "50%", "95%", "MCSE", "R-hat", "bulk", "tail"]
        assert len(lines[1]) == len(lines[0])
        assert lines[3] == "cumulative_advantage: all draws are the same"


class TestEnergy:
    def test_by_hand(self):
        assert bfmi(np.array([[1.0, 2.0, 4.0, 1.0]])) == (pytest.approx((1 + 4 + 9) / 3 / 2.0, rel=1e-13),)

    @pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.95])
    def test_of_an_autoregression(self, coefficient):
        # The mean squared change is 2 (1 - coefficient) variances.
        found = bfmi(autoregression(coefficient, draws=50_000) + 1e3)
        assert len(found) == 4
        assert np.mean(found) == pytest.approx(2 * (1 - coefficient), rel=0.03)

    def test_energy_that_is_constant_or_not_finite(self):
        energy = normal_chains()
        energy[1], energy[3, 5] = -3.3, np.inf
        found = bfmi(energy)
        assert found[1] == 0.0
        assert found[3] is None
        marks = fine(bfmi=found).marks
        assert [("chain 2 is 0.00" in mark, "chain 4 is not defined" in mark) for mark in marks] == [
            (True, False),
            (False, True),
        ]


class TestStuckChains:
    def test_chains_alike_are_not_stuck(self):
        assert stuck_chains({"xi": normal_chains()}, np.full((4, 1000), 0.8)) == {}

    def test_constant_chain(self):
        draws = {"xi": normal_chains(), "eta1": normal_chains(1)}
        draws["xi"][2] = 0.3
        assert stuck_chains(draws) == {}
        draws["eta1"][2] = 0.1
        assert stuck_chains(draws) == {3: "it never moved"}

    def test_chain_that_moves_seldom(self):
        draws = normal_chains()
        draws[0] = np.repeat(draws[0, ::10], 10)
        assert stuck_chains({"xi": draws}) == {1: "it moved at 10% of its steps, the median chain at 100%"}

    @pytest.mark.parametrize("rate", [0.1, np.nan])
    def test_chain_that_accepts_seldom(self, rate):
        rates = np.full((4, 1000), 0.8)
        rates[3] = rate
        (chain,), (reason,) = zip(*stuck_chains({"xi": normal_chains()}, rates).items(), strict=True)
        assert chain == 4
        assert reason.endswith("that of the median chain 0.80")

    def test_shapes_must_agree(self):
        with pytest.raises(ValueError, match="must agree"):
            stuck_chains({"xi": normal_chains()}, np.ones((4, 999)))
        with pytest.raises(ValueError, match="must agree"):
            stuck_chains({})


class TestVerdict:
    def test_good_chains(self):
        found = fine()
        assert found.good
        assert found.marks == ()
        assert found.divergences == 0
        assert found.draws == 4000
        assert found.smallest_bfmi == 0.8
        assert str(found).startswith("chains are in order: R-hat at most 1.0")

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"diverging": np.eye(4, 1000)}, r"4 of 4000 draws \(0.1%\) ended a divergent .* expected none.*raise"),
            ({"bfmi": (0.9, 0.29, 1.0, 1.0)}, r"E-BFMI of chain 2 is 0.29, expected at least 0.3.*warm-up"),
            ({"bfmi": (0.9, 1.0, 1.0, np.nan)}, r"E-BFMI of chain 4 is nan, expected at least 0.3"),
            ({"stuck": {3: "it never moved"}}, r"chain 3 is stuck: it never moved, expected .*; start again"),
            ({"saturated": 0.06}, r"6.0% of the trajectories reached .* expected at most 5%.*max_tree_depth"),
        ],
    )
    def test_each_fault_is_one_mark(self, change, expected):
        found = fine(**change)
        assert not found.good
        assert len(found.marks) == 1
        assert re.search(expected, found.marks[0])
        assert found.marks[0] in str(found)

    @pytest.mark.parametrize("change", [{"bfmi": (0.3, 1.0, 1.0, 1.0)}, {"saturated": 0.05}, {"saturated": None}])
    def test_limits_themselves_are_good(self, change):
        assert fine(**change).good

    def test_chains_that_differ(self):
        draws = normal_chains()
        draws[0] += 0.5
        (mark,) = (mark for mark in fine({"xi": draws}).marks if "R-hat" in mark)
        assert mark.startswith("R-hat of xi is 1.0")
        assert "expected at most 1.01" in mark
        assert mark.endswith("run a longer warm-up and more draws.")

    def test_few_effective_draws(self):
        marks = fine({"xi": autoregression(0.9, draws=1000)}).marks
        for kind in ("bulk", "tail"):
            assert any(mark.startswith(f"{kind} ESS of xi is ") and "expected at least 400" in mark for mark in marks)

    @pytest.mark.parametrize("value", [0.2, np.nan])
    def test_draws_without_statistics_are_never_good(self, value):
        found = fine({"xi": normal_chains(), "eta1": np.full((4, 1000), value)})
        assert len(found.marks) == 1
        assert found.marks[0].startswith("eta1: ")
        assert found.worst_r_hat == pytest.approx(1.0, abs=0.01)

    def test_arguments_must_fit_together(self):
        for change in ({"summaries": {}}, {"bfmi": (1.0,)}, {"diverging": np.zeros(4)}):
            with pytest.raises(ValueError, match="do not fit together"):
                fine(**change)


def test_tree_depth_of_steps():
    assert tree_depth(np.array([[1, 2, 3, 4, 7], [8, 15, 16, 255, 1023]])).tolist() == [
        [1, 2, 2, 3, 3],
        [4, 4, 5, 8, 10],
    ]


def test_missing_packages_are_named(monkeypatch):
    def absent(name):
        raise diagnostics.importlib.metadata.PackageNotFoundError(name)

    diagnostics._arviz.cache_clear()
    monkeypatch.setattr(diagnostics.importlib.metadata, "version", absent)
    with pytest.raises(
        MissingExtraError, match=r"needs NumPyro and ArviZ, which are not installed; install them with"
    ) as e:
        summarise({"xi": normal_chains()})
    assert str(e.value).endswith("pip install 'aigini[posterior]'")
    assert isinstance(e.value, AiginiError)


def test_importing_arviz_is_silent(tmp_path):
    """Versions before 1 warn on the first import of a day, which they note in the cache folder of the user."""
    script = (
        "import numpy as np; from aigini.bayes.diagnostics import summarise;"
        " print(summarise({'xi': np.random.default_rng(0).normal(size=(4, 50))})['xi'].r_hat)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert 0.9 < float(done.stdout) < 1.2
