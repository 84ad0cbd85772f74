"""Figures of a posterior are drawn whole, show the numbers they were given, and say when not to trust them."""

import dataclasses
import itertools

import numpy as np
import pytest
from matplotlib.axes import Axes
from scipy.special import expit
from scipy.stats import rankdata
from test_analysis_figures import box_of, marked, texts

import aigini
from aigini import figures
from aigini.bayes.diagnostics import ParameterSummary
from aigini.bayes.health import Health
from aigini.bayes.importance import Estimate
from aigini.bayes.information import FEW, TOGETHER, Gain, Information
from aigini.bayes.over_populations import OverPopulations
from aigini.bayes.populations import Averages
from aigini.bayes.power_scaling import THRESHOLD, Effect, PowerScaling
from aigini.bayes.probability import ConditionalProbability, Probability
from aigini.bayes.result import Draws, LaplaceSummary, Posterior
from aigini.bayes.sign_boundary import log_odds_of_rise
from aigini.bayes.size import SizeChoice
from aigini.commands.posterior_problem import belief_used
from aigini.config import load
from aigini.estimation.target import Target
from aigini.figures.posterior import _beside_zero
from aigini.parameters import SPECS

MOMENTS = ("m1", "m2", "m3", "m4", "m5", "m6")
WITHOUT_M6 = {"calibration.moments": ["m1", "m2", "m3", "m4", "m5"], "calibration.free": ["alpha"]}
FREE = ("alpha", "cumulative_advantage", "eta1", "xi")
CHAINS, DRAWS = 4, 200
NAMES = [
    "joint_posterior",
    "probability_of_rise",
    "prior_and_posterior",
    "predictive_moments",
    "traces",
    "ranks",
    "power_scaling",
    "value_of_information",
]


def posterior(
    *,
    free=FREE,
    targets=MOMENTS,
    income="total",
    belief="normal",
    good=True,
    shift=0.0,
    divergences=0,
    shape=(CHAINS, DRAWS),
    failed=0.0,
) -> Posterior:
    """Random draws in which the Gini of total income rises with η1 around 0.4, the other one seldom."""
    rng = np.random.default_rng(7)
    ends = {name: (0.05, 0.15) if name == "xi" else (0.0, 1.0) for name in free}
    prior = {name: rng.uniform(*span, 2000) for name, span in ends.items()}
    drawn = {name: rng.uniform(*span, shape) for name, span in ends.items()}
    if "alpha" in free:
        drawn["alpha"] = 0.5 + 0.1 * rng.normal(size=shape)
    eta = drawn.get("eta1", rng.uniform(0, 1, shape))
    outcomes = {name: 0.1 * k + 0.02 * rng.normal(size=shape) for k, name in enumerate(MOMENTS[:-1])}
    outcomes["gini_total"] = 0.02 * (eta - 0.4) + 0.002 * rng.normal(size=shape) + shift
    outcomes["gini_wage"] = -0.006 + 0.003 * rng.normal(size=shape) + shift
    known = {name: Target(0.1 * k, 0.03, "made up", "J") for k, name in enumerate(targets)}
    known |= {"m6": Target(0.004, 0.007, "scenario", "J")} if "m6" in targets else {}
    of = {name: outcomes[f"gini_{income}" if name == "m6" else name] for name in targets}
    predictive = {name: of[name] + known[name].se * rng.normal(size=shape) for name in targets}
    diverging = np.zeros(shape, bool)
    diverging.ravel()[rng.choice(diverging.size, divergences, replace=False)] = True
    rises = {concept: outcomes[f"gini_{concept}"] > 0 for concept in ("total", "wage")}
    given = {name: drawn[name] for name in ("eta1", "xi") if name in free} | {"m6": outcomes[f"gini_{income}"]}
    return Posterior(
        params={name: spec.default for name, spec in SPECS.items()},
        priors={name: "uniform(low 0, high 1)" for name in free},
        targets=known,
        belief=belief,
        m6_range=(-0.017, 0.008),
        income=income,
        size=SizeChoice(
            4096, None, {4096: dict.fromkeys(targets, 0.1)}, {4096: {"gini_total": 0.2}}, {"gini_total": 0.005}
        ),
        summary={name: summary(values) for name, values in {**drawn, **outcomes}.items()},
        averages={name: averages(values) for name, values in {**drawn, **outcomes}.items()},
        populations=OverPopulations(
            seeds=(1, 2, 3),
            draws=100,
            pareto_k=np.full(3, 0.1),
            rises={
                concept: np.clip(event.mean() + np.linspace(-0.03, 0.03, 4), 0, 1) for concept, event in rises.items()
            },
            marks=(),
        ),
        health=Health(() if good else ("R-hat of xi is 1.2",), 1.2, 100.0, divergences, eta.size, 0.8, 0.0),
        rises={concept: chance(event) for concept, event in rises.items()},
        conditional={
            concept: tuple(in_bins(event, name, values) for name, values in given.items())
            for concept, event in rises.items()
        },
        prior_rises={
            "total": Probability(0.55, 0.01, 0.01, 0.02, False),
            "wage": Probability(0.25, 0.0, 0.01, 0.01, False),
        },
        prior_failed=failed,
        laplace=LaplaceSummary({}, {}, {concept: chance(event) for concept, event in rises.items()}, 0.5, True),
        scaling=scaling(free, targets, constant=shift != 0),
        information={concept: information(event, targets, belief) for concept, event in rises.items()},
        gradients=1000,
        draws=Draws(
            parameters=drawn,
            outcomes=outcomes,
            predictive=predictive,
            statistics={"diverging": diverging},
            prior=prior,
            prior_outcomes={name: np.resize(3 * values, 2000) for name, values in outcomes.items()},
            prior_predictive={name: np.resize(3 * values, 2000) for name, values in predictive.items()},
        ),
    )


def summary(values: np.ndarray) -> ParameterSummary:
    one = len(values) == 1
    return ParameterSummary(
        float(values.mean()), float(values.std()), 0.0, 0.0, 0.0, 0.01, None if one else 1.003, 700.0, 512.0
    )


def averages(values: np.ndarray) -> Averages:
    one = Estimate(float(values.mean()), 0.01, 0.02)
    return Averages(one, one, one, one, one)


def chance(event: np.ndarray) -> Probability:
    share = float(event.mean())
    certain = share in (0, 1)
    mine, spread = (3 / event.size, 0.0) if certain else (0.02, 0.015)
    return Probability(share, mine, spread, float(np.hypot(mine, spread)), certain)


def in_bins(event: np.ndarray, name: str, values: np.ndarray) -> ConditionalProbability:
    parts = np.array_split(np.argsort(values, axis=None), 10)
    share = np.array([event.ravel()[part].mean() for part in parts])
    low, high = (np.array([values.ravel()[part[k]] for part in parts]) for k in (0, -1))
    own = np.where((share == 0) | (share == 1), 0.09, 0.05)
    return ConditionalProbability(name, low, high, share, own, np.full(10, 0.03), np.hypot(own, 0.03))


def scaling(free, targets, *, constant: bool) -> PowerScaling:
    components = (*(f"prior of {name}" for name in free[:2]), *(f"likelihood of {name}" for name in targets))
    quantities = ("xi", "gini_total", "P(gini_total rises)", "gini_wage", "P(gini_wage rises)")
    rng = np.random.default_rng(2)
    effects = []
    for component, quantity in itertools.product(components, quantities):
        size = float(10 ** rng.uniform(-4, 0))
        never = constant and quantity.startswith("P")
        slope = 0.0 if never else size * float(rng.choice([-1.0, 1.0]))
        effects.append(
            Effect(
                component,
                quantity,
                Estimate(0.5, 0.01),
                (Estimate(0.5, 0.01), Estimate(0.5, 0.01)),
                Estimate(slope, 0.1 * size if component.startswith("prior") else size),
                0.0 if never else size,
            )
        )
    table = np.full((len(components), 2), 0.2)
    return PowerScaling((0.8, 1.25), components, quantities, tuple(effects), table, 400 + table, ())


def information(event: np.ndarray, targets, belief: str) -> Information:
    names = [name for name in targets if name != "m6" or belief == "normal"]
    share = float(event.mean())
    certain = share in (0.0, 1.0)
    entropy = 0.0 if certain else float(-(share * np.log2(share) + (1 - share) * np.log2(1 - share)))
    gains = [
        Gain(name, 0.0 if certain else entropy * (k - 1) / 12, 0.0 if certain else 0.01, 0.001, 50.0, 0.02 * k, 0.02)
        for k, name in enumerate((*names, TOGETHER))
    ]
    return Information(share, entropy, tuple(gains), ())


VARIANTS = {
    "usual": {},
    "bad": {"good": False, "divergences": 17},
    "wages, uniform m6": {"income": "wage", "belief": "uniform", "failed": 0.034},
    "improper m6": {"belief": "improper"},
    "ever rising": {"shift": 0.1},
    "without xi": {"free": ("alpha", "eta1")},
    "without eta1": {"free": ("alpha", "xi")},
    "one chain": {"shape": (1, 40), "good": False},
    "many chains, no m6": {"shape": (8, 50), "targets": MOMENTS[:-1]},
    "one parameter": {"free": ("sigma",)},
}


@pytest.fixture(scope="module")
def usual() -> Posterior:
    return posterior()


def legend(figure) -> str:
    return "\n".join(text.get_text() for text in figure.legends[0].get_texts())


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", NAMES)
def test_no_text_leaves_a_figure_or_covers_another(name, variant):
    figure = getattr(figures, name)(posterior(**VARIANTS[variant]))
    figure.canvas.draw()
    width, height = figure.bbox.size
    boxes = [(text.get_text(), box_of(text)) for text in texts(figure)]
    assert len(boxes) >= 3
    for words, box in boxes:
        assert box.x0 >= 0, words
        assert box.y0 >= 0, words
        assert box.x1 <= width, words
        assert box.y1 <= height, words
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        apart = min(a.x1, b.x1) - max(a.x0, b.x0) <= 1 or min(a.y1, b.y1) - max(a.y0, b.y0) <= 1
        assert apart, (one, two)
    # Panels keep a size at which they can be read.
    for axis in figure.axes:
        assert axis.get_position().width * width > 100
        assert axis.get_position().height * height > 60


@pytest.mark.slow
def test_files_are_named_after_the_figures(usual, tmp_path):
    paths = aigini.draw(usual, tmp_path / "new")
    assert [path.stem for path in paths] == NAMES
    assert sorted((tmp_path / "new").iterdir()) == sorted(paths)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_says_when_the_chains_cannot_be_trusted(usual, name):
    draw = getattr(figures, name)
    bad = dataclasses.replace(usual, health=dataclasses.replace(usual.health, marks=("R-hat is 1.2",)))
    title = draw(usual).get_suptitle()
    assert draw(bad).get_suptitle() == f"{title}\nNOT CONVERGED: see report"


def points(axis: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Draws where the Gini rises, and where it falls."""
    return marked(axis, "^"), marked(axis, "v")


def test_joint_posterior_shows_every_draw_by_its_sign(usual):
    left, right = figures.joint_posterior(usual).axes
    drawn, gini = usual.draws.parameters, usual.draws.outcomes["gini_total"]
    for axis, x, y in ((left, drawn["xi"], 100 * gini), (right, drawn["eta1"], drawn["xi"])):
        for found, which in zip(points(axis), (gini > 0, gini <= 0), strict=True):
            np.testing.assert_array_equal(found, np.stack([x[which], y[which]], axis=1))


def test_many_draws_are_thinned_and_that_is_said():
    figure = figures.joint_posterior(posterior(shape=(4, 1000)))
    assert sum(map(len, points(figure.axes[0]))) == 1334
    assert "(1,334 of 4,000 draws shown)" in legend(figure)


def test_joint_posterior_marks_boundary_target_and_prior(usual):
    figure = figures.joint_posterior(usual)
    left, right = figure.axes
    lines = [(line.get_xdata(), line.get_ydata()) for line in left.get_lines() if len(line.get_xdata()) == 2]
    assert ([0, 1], [0, 0]) in [(list(x), list(y)) for x, y in lines]
    prior = usual.draws.prior["xi"]
    for axis, pick in ((left, 0), (right, 1)):
        dotted = [line.get_data()[pick][0] for line in axis.get_lines() if line.get_linestyle() == ":"]
        np.testing.assert_array_equal(dotted, [prior.min(), prior.max()])
    (band,) = left.patches
    np.testing.assert_allclose((band.get_y(), band.get_y() + band.get_height()), (-0.3, 1.1))
    assert band.get_hatch() is None
    (band, half, outer) = right.collections
    at = np.concatenate(half.get_paths()[0].to_polygons(closed_only=False))
    np.testing.assert_allclose(at[:, 0], 0.4, atol=0.05)
    assert list(band.levels) == [-2, 2]
    assert list(half.levels) == [0]
    np.testing.assert_allclose(expit(outer.levels), [0.1, 0.9])
    assert "P(rise |" in legend(figure)


@pytest.mark.parametrize(
    ("belief", "ends", "words"),
    [("uniform", (-1.7, 0.8), "scenarios of the latent m6, not data"), ("improper", (-0.3, 1.1), "not used")],
)
def test_a_latent_m6_is_not_drawn_as_data(belief, ends, words):
    result = posterior(belief=belief)
    figure = figures.joint_posterior(result)
    (band,) = figure.axes[0].patches
    np.testing.assert_allclose((band.get_y(), band.get_y() + band.get_height()), ends)
    assert band.get_hatch()
    assert words in legend(figure)
    moments = figures.predictive_moments(result)
    assert moments.axes[0].get_yticklabels()[-1].get_text().replace("\n", " ").endswith("(latent: not data)")
    hatched = [patch for patch in moments.axes[0].patches if patch.get_hatch()]
    assert len(hatched) == 1
    assert [text.get_text() for text in moments.axes[1].texts].count("not data") == 1
    assert "latent" in legend(figures.value_of_information(result))


def test_the_left_panel_is_about_the_concept_of_m6():
    result = posterior(income="wage")
    left, right = figures.joint_posterior(result).axes
    wage, total = (result.draws.outcomes[f"gini_{concept}"] > 0 for concept in ("wage", "total"))
    assert len(points(left)[0]) == wage.sum()
    assert len(points(right)[0]) == total.sum()
    assert "Gini of wages" in left.get_title(loc="left")
    assert "Gini of total income" in right.get_title(loc="left")


def test_without_draws_of_both_signs_there_is_no_boundary():
    figure = figures.joint_posterior(posterior(shift=0.1))
    assert not figure.axes[1].collections
    assert "no boundary" in legend(figure)


def test_parameters_without_a_prior_are_named():
    left, right = figures.joint_posterior(posterior(free=("alpha", "xi"))).axes
    assert len(left.get_lines()) > 2
    assert "has no prior" in right.texts[0].get_text()
    one = figures.joint_posterior(posterior(free=("alpha", "eta1"))).axes
    assert [[text.get_text() for text in axis.texts] for axis in one] == [["ξ has no prior"], ["ξ has no prior"]]


def truth(a, b):
    return expit(-2 + 3 * a + 4 * a * a - 20 * (b - 0.1) + 15 * a * (b - 0.1))


def fitted(seed: int, count: int, **given):
    rng = np.random.default_rng(seed)
    one, two = rng.uniform(0, 1, count), rng.uniform(0.05, 0.15, count)
    rises = rng.uniform(size=count) < truth(one, two)
    at = np.meshgrid(np.linspace(0.05, 0.95, 7), np.linspace(0.055, 0.145, 5))
    return at, *log_odds_of_rise((one, two), rises, tuple(at), **given)


def test_logistic_regression_finds_the_chances_that_signs_were_drawn_with():
    (x, y), odds, error = fitted(1, 20_000)
    assert odds.shape == error.shape == x.shape
    np.testing.assert_allclose(expit(odds), truth(x, y), atol=0.04)


def test_errors_of_log_odds_are_their_spread_over_samples():
    found = [fitted(seed, 1500) for seed in range(100)]
    spread = np.std([odds for _, odds, _ in found], axis=0, ddof=1)
    np.testing.assert_allclose(np.mean([error for *_, error in found], axis=0), spread, rtol=0.3)
    fewer = fitted(0, 1500, efficiency=0.25)[2]
    np.testing.assert_allclose(fewer, 2 * found[0][2], rtol=0.02)


def test_the_band_of_the_boundary_is_the_one_around_it():
    ratio = np.array([-9.0, -3.0, -1.5, -0.2, 0.9, 3.0, 8.0, 1.8, 1.9, 4.0])[None, :].repeat(3, axis=0)
    found = _beside_zero(ratio)
    np.testing.assert_array_equal(found[:, :7], ratio[:, :7])
    assert (found[:, 7:9] == 10).all()
    assert (found[:, 9] == 4).all()


def test_separated_signs_give_finite_log_odds():
    one, two = (part.ravel() for part in np.meshgrid(np.linspace(0, 1, 20), np.linspace(0.05, 0.15, 20)))
    odds, error = log_odds_of_rise((one, two), one > 0.52, (np.array([0.1, 0.9]), np.full(2, 0.1)))
    np.testing.assert_allclose(expit(odds), [0, 1], atol=0.01)
    assert np.isfinite(error).all()


def test_probabilities_by_bin_carry_their_errors(usual):
    figure = figures.probability_of_rise(usual)
    for axis, name in zip(figure.axes, ("eta1", "xi", "m6"), strict=True):
        unit = 100 if name == "m6" else 1
        for concept, marker in (("total", "o"), ("wage", "s")):
            (bins,) = (one for one in usual.conditional[concept] if one.given == name)
            found = marked(axis, marker)
            found = found[np.argsort(found[:, 0])]
            np.testing.assert_array_equal(found[:, 1], bins.value)
            assert ((found[:, 0] >= unit * bins.low) & (found[:, 0] <= unit * bins.high)).all()
            vertical = [segment for lines in axis.collections for segment in lines.get_segments() if len(segment)]
            vertical = [segment for segment in vertical if segment[0, 0] in found[:, 0]]
            spans = np.array([segment[:, 1] for segment in vertical if segment[0, 0] == segment[1, 0]])
            exact = name == "m6" and concept == "total"
            error = np.zeros(10) if exact else np.hypot(bins.monte_carlo_error, bins.population_error)
            wanted = np.clip(np.stack([bins.value - error, bins.value + error], axis=1), 0, 1)
            np.testing.assert_allclose(spans, wanted)
    hollow = [line for line in figure.axes[0].get_lines() if line.get_markerfacecolor() == "white"]
    assert all(set(line.get_ydata()) <= {0, 1} for line in hollow)
    assert "P = " in legend(figure)
    assert "total s.e. of Monte Carlo and of the draw of 4 populations" in legend(figure)
    assert "P = above 0.9962" in legend(figures.probability_of_rise(posterior(shift=0.1)))


def test_prior_and_posterior_are_shares_with_the_ratio_of_their_spreads(usual):
    axes = figures.prior_and_posterior(usual).axes
    for axis, name in zip(axes, FREE, strict=False):
        prior, drawn = usual.draws.prior[name], usual.draws.parameters[name]
        ratio = drawn.std(ddof=1) / prior.std(ddof=1)
        assert axis.get_title(loc="left").endswith(f"sd {ratio:.2f} of the prior's")
        for patch, values in zip(axis.patches, (prior, drawn.ravel()), strict=True):
            density, edges, _ = patch.get_data()
            inside = np.mean((values >= edges[0]) & (values <= edges[-1]))
            assert density @ np.diff(edges) == pytest.approx(inside)
            assert inside >= 0.98
    for axis, concept in zip(axes[len(FREE) :], ("total", "wage"), strict=False):
        share, before = usual.rises[concept].value, {"total": "0.550 ± 0.020", "wage": "0.250 ± 0.010"}[concept]
        assert f"P(rise) {before}, then {share:.3f} ± 0.025" in axis.get_title(loc="left")
        edges = axis.patches[0].get_data().edges
        assert edges[0] <= 100 * usual.draws.outcomes[f"gini_{concept}"].min()
        assert edges[-1] >= 100 * usual.draws.outcomes[f"gini_{concept}"].max()


def test_economies_without_outcome_under_the_prior_are_mentioned():
    assert "3.4 % of prior draws" in legend(figures.prior_and_posterior(posterior(failed=0.034)))
    assert "outcome" not in legend(figures.prior_and_posterior(posterior()))


def test_predictive_moments_are_in_standard_errors_of_the_target(usual):
    axis, table = figures.predictive_moments(usual).axes
    medians = [line.get_data() for line in axis.get_lines()[:-1]]
    for place, (name, target) in enumerate(usual.targets.items()):
        simulated = usual.draws.outcomes["gini_total" if name == "m6" else name]
        for (x, y), values in zip(medians[2 * place :], (simulated, usual.draws.predictive[name]), strict=False):
            np.testing.assert_allclose(x, (np.median(values) - target.value) / target.se)
            assert y[0] == place
    cells = [text.get_text() for text in table.texts]
    below = np.mean(usual.draws.predictive["m1"] < usual.targets["m1"].value)
    assert f"{100 * below:.0f} %" in cells
    assert "not data" not in cells
    # Numbers are those of the table in print, averages over the populations.
    assert f"+{usual.averages['m2'].mean.value:.4f} ± {usual.averages['m2'].sd.value:.4f}" in cells
    assert len(axis.patches) == 2 * len(MOMENTS)


def test_traces_show_each_chain_and_its_divergences():
    result = posterior(divergences=17, good=False)
    axes = np.array(figures.traces(result).axes).reshape(len(FREE), CHAINS)
    bad = result.draws.statistics["diverging"]
    for row, name in zip(axes, FREE, strict=True):
        for chain, axis in enumerate(row):
            values = result.draws.parameters[name][chain]
            np.testing.assert_array_equal(axis.get_lines()[0].get_ydata(), values)
            np.testing.assert_array_equal(
                marked(axis, "x"), np.stack([np.flatnonzero(bad[chain]) + 1.0, values[bad[chain]]], axis=1)
            )
        assert "R-hat 1.003\nESS 512" in row[0].get_ylabel()
    assert "17 of 800" in legend(figures.traces(result))


def test_ranks_count_every_draw_once():
    result = posterior(divergences=17, good=False)
    figure = figures.ranks(result)
    axes = np.array(figure.axes).reshape(len(FREE), CHAINS)
    for row, name in zip(axes, FREE, strict=True):
        data = [axis.patches[0].get_data() for axis in row]
        heights = np.array([one.values for one in data])
        np.testing.assert_array_equal(heights.sum(axis=1), DRAWS)
        # As many ranks as draws in all bins together: every bin is full.
        np.testing.assert_array_equal(heights.sum(axis=0), CHAINS * DRAWS / len(data[0].values))
        ranks = rankdata(result.draws.parameters[name]).reshape(CHAINS, DRAWS)
        for chain, axis in enumerate(row):
            expected = [line.get_ydata()[0] for line in axis.get_lines() if line.get_linestyle() == "--"]
            assert expected == [DRAWS / len(data[0].values)]
            np.testing.assert_array_equal(
                np.sort(marked(axis, "x")[:, 0]), np.sort(ranks[chain][result.draws.statistics["diverging"][chain]])
            )


def test_a_chain_apart_from_the_others_shows_in_its_ranks():
    result = posterior()
    moved = {**result.draws.parameters, "eta1": result.draws.parameters["eta1"] + np.array([[0], [0], [0], [5.0]])}
    result = dataclasses.replace(result, draws=dataclasses.replace(result.draws, parameters=moved))
    row = np.array(figures.ranks(result).axes).reshape(len(FREE), CHAINS)[2]
    heights = row[3].patches[0].get_data().values
    assert heights[: 3 * len(heights) // 4 - 1].sum() == 0


def test_sensitivities_are_dots_filled_from_the_threshold_on(usual):
    axes = figures.power_scaling(usual).axes
    quantities = ("gini_total", "P(gini_total rises)", "gini_wage", "P(gini_wage rises)")
    for axis, quantity in zip(axes, quantities, strict=True):
        assert axis.get_lines()[0].get_xdata()[0] == THRESHOLD
        dots = [line for line in axis.get_lines() if line.get_marker() in ("o", "^", "v")]
        for place, (dot, component) in enumerate(zip(dots, usual.scaling.components, strict=True)):
            effect = usual.scaling.effect(component, quantity)
            assert dot.get_xdata()[0] == pytest.approx(max(effect.sensitivity, 1e-3))
            assert dot.get_ydata()[0] == place
            assert (dot.get_markerfacecolor() == "white") == (effect.sensitivity < THRESHOLD)
            known = component.startswith("prior")  # the made-up errors of the others are as large as they are
            assert dot.get_marker() == (("v", "^")[effect.derivative.value > 0] if known else "o")
    labels = [label.get_text() for label in axes[0].get_yticklabels()]
    assert labels[:3] == ["prior: α", "prior: cumulative advantage (χ)", "target: m1 dispersion of output"]
    never = figures.power_scaling(posterior(shift=0.1)).axes[1]
    assert [text.get_text() for text in never.texts] == ["the same in every draw"]


def test_values_of_information_carry_errors_and_marks(usual):
    figure = figures.value_of_information(usual)
    for axis, found in zip(figure.axes, usual.information.values(), strict=True):
        bars = axis.patches
        np.testing.assert_allclose([bar.get_width() for bar in bars], [gain.bits for gain in found.gains])
        assert [bool(bar.get_hatch()) for bar in bars] == [gain.few > FEW for gain in found.gains]
        spans = [lines.get_segments()[0][:, 0] for lines in axis.collections]
        # Of Monte Carlo 0.01, of the draw of the population 0.02.
        total = np.hypot(0.01, 0.02)
        wanted = [(gain.bits - total, gain.bits + total) for gain in found.gains]
        np.testing.assert_allclose(spans, wanted)
        low, high = axis.get_xlim()
        assert low < np.min(wanted)
        assert high > np.max(wanted)
    assert "latent" not in legend(figure)
    assert f"P(rise) {usual.rises['total'].value:.3f} ± 0.025," in figure.axes[0].get_title(loc="left")


def test_a_certain_sign_leaves_nothing_to_learn():
    for axis in figures.value_of_information(posterior(shift=0.1)).axes:
        (words,) = axis.texts
        assert "same in every draw" in words.get_text()
        assert not axis.patches


def test_the_report_says_what_was_sampled_and_what_was_used_of_m6():
    five = MOMENTS[:5]
    printed = str(posterior(targets=five, belief=belief_used(load(None, WITHOUT_M6))))
    assert "m6: nothing is known of the change of the Gini: m6 is left out" in printed
    assert "the target" not in next(line for line in printed.splitlines() if line.startswith("m6: "))
    assert f"sampled: {', '.join(FREE)}; every other parameter keeps its configured value" in printed
    assert "calibration.free only says from which estimates the chains start" in printed


@pytest.mark.parametrize("belief", ["normal", "uniform", "improper"])
def test_a_belief_about_m6_is_used_only_where_m6_is_a_target(belief):
    assert belief_used(load(None, {"posterior.m6": belief})) == belief
    assert belief_used(load(None, {"posterior.m6": belief, **WITHOUT_M6})) == "improper"
