"""Figures of analyses are drawn whole, also where values are missing, and show the numbers they were given."""

import dataclasses
import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.interpolate import RectBivariateSpline

import aigini
from aigini import figures
from aigini.analysis.channels import OUTCOMES, ChannelDecomposition, OutcomeChannels
from aigini.analysis.frontier import Frontier
from aigini.analysis.identification.constrained_fit import QUANTILE
from aigini.analysis.identification.profile import DirectionProfile, Profile
from aigini.analysis.identification.ridge import RidgePoint
from aigini.analysis.identification.sensitivity_result import FUNCTIONS, Matrix, SensitivityAnalysis
from aigini.analysis.identification.sign import LocalSign, Sign
from aigini.analysis.identification.sign_uncertainty import SignUncertainty
from aigini.analysis.levers import LEVERS
from aigini.analysis.policy_result import LeverResult, Policy
from aigini.analysis.regimes.maps import Boundary, RegimeMap
from aigini.analysis.regimes.outcome_plane import OutcomePlane
from aigini.analysis.regimes.result import Distance, Move, Regimes
from aigini.analysis.regimes.small_ai import FirstOrder
from aigini.economy.channels import CHANNEL_NAMES
from aigini.figures import labels as marks
from aigini.figures import regimes, sensitivity, style
from aigini.inference.identification import identification
from aigini.inference.intervals import Interval
from aigini.inference.overidentification import JTest
from aigini.numerics.level_set import Branch, LostSeed
from aigini.parameters import PARAMETER_NAMES, SPECS
from aigini.statistics.catalogue import CONCEPTS

MOMENTS = ("m1", "m2", "m3", "m4", "m5", "m6")
FREE = ("alpha", "beta", "sigma", "signal_exposure", "cumulative_advantage", "eta1")
EXTERNAL = tuple(name for name in PARAMETER_NAMES if name not in (*FREE, "eta0"))
PARAMS = {name: spec.default for name, spec in SPECS.items()}
XIS = (0.01, 0.05, 0.12, 0.25, 0.5, 0.75, 0.99)
ETAS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def sign_uncertainty(concept: str, *, with_m6: bool, scale: float = 1.0, external=EXTERNAL) -> SignUncertainty:
    rng = np.random.default_rng(len(concept) + with_m6)
    targets = MOMENTS if with_m6 else MOMENTS[:-1]
    sources = (*targets, *external, *(() if with_m6 else ("eta1",)))
    variance = dict(zip(sources, (scale * 1e-5 * rng.lognormal(-2, 2, len(sources))).tolist(), strict=True))
    sd = float(np.sqrt(sum(variance.values())))
    return SignUncertainty(
        concept=concept,
        estimated_with=targets,
        change=0.004 if concept == "total" else -0.0021,
        sd=sd,
        probability=0.73,
        variance=variance,
        entropy=0.84,
        value_of_precision={name: 2e5 * variance[name] for name in targets},
        simulation_se={"change": 1e-4, "sd": 1e-4, "probability": 0.012, "entropy": 0.01},
        share_simulation_se=dict.fromkeys(sources, 0.004),
        value_simulation_se={name: 1e4 * variance[name] for name in targets},
        unreliable=() if with_m6 else ("one s.d. of m3 moves sigma by 20, beyond its bounds",),
    )


def decomposition(*, exact: bool = True) -> SensitivityAnalysis:
    """Six targets for six parameters, or fewer parameters than targets and nothing to print."""
    rng = np.random.default_rng(3)
    free = FREE if exact else FREE[:2]
    jacobian = 0.3 * rng.normal(size=(6, 31))
    functions = 0.01 * rng.normal(size=(5, 31))
    elasticities = rng.normal(size=(11, 31)) * 10.0 ** rng.uniform(-3, 1, (11, 31))
    elasticities[:, 16:20] = 0.0
    if not exact:
        elasticities[6] = np.nan
        elasticities[2, 3], elasticities[3, 3] = -4321.0, 2.0e6
        elasticities[7, 7] = np.inf
    shares = rng.dirichlet(0.4 * np.ones(6), len(free))
    if exact:
        shares[1], shares[2] = np.eye(6)[1], np.nan
    columns = [PARAMETER_NAMES.index(name) for name in free]
    found = identification(jacobian[:, columns], np.full(6, 0.01), np.array([PARAMS[name] for name in free]), free)
    return SensitivityAnalysis(
        params=PARAMS,
        free=free,
        jacobian=Matrix(MOMENTS, PARAMETER_NAMES, jacobian),
        functions=Matrix(FUNCTIONS, PARAMETER_NAMES, functions),
        elasticities=Matrix((*MOMENTS, *FUNCTIONS), PARAMETER_NAMES, elasticities),
        influence=Matrix(free, MOMENTS, rng.normal(size=(len(free), 6))),
        se={
            "independent": dict.fromkeys(free, 0.0312),
            "worst_case": dict.fromkeys(free, 0.06),
            "independent_with_simulation": None,
        },
        pins=Matrix(free, MOMENTS, shares),
        identification=found,
        measures=(),
        intervals={},
        overidentification=JTest(0.0, 0, None, np.zeros(6), np.zeros(6), (None,) * 6, MOMENTS, "nothing to test"),
        signs=tuple(
            sign_uncertainty(concept, with_m6=with_m6, scale=1.0 if exact else 0.0, external=EXTERNAL if exact else ())
            for concept in CONCEPTS
            for with_m6 in ((True, False) if exact else (True,))
        ),
        n_workers=4096,
        draws=8,
        estimate_simulation_se=dict.fromkeys(free, 0.002),
        pins_simulation_se=np.full((len(free), 6), 0.013),
        elasticities_simulation_se=0.02 * np.ones((11, 31)),
    )


def with_profiles(*, flat: bool = False, gaps: bool = False) -> SensitivityAnalysis:
    """Profiles that are quadratic on the log scale: of all estimates, and along a direction."""
    result = decomposition()
    found = []
    for k, name in enumerate(FREE):
        estimate = PARAMS[name]
        steps = np.linspace(-1, 1, 11) * (0.5 if k % 2 else 2.5)
        values = np.sort(estimate * np.exp(steps))
        curvature = 40.0 if k % 2 else 8.0
        rise = curvature * np.log(values / estimate) ** 2 * (0.01 if flat else 1.0) + 0.3
        converged = np.ones(11, bool)
        if gaps:
            rise[-2:], converged[[2, 9, 10]] = np.nan, False
        closed = sorted(estimate * np.exp(side * np.sqrt(QUANTILE / curvature)) for side in (-1, 1))
        ends = (None, None) if flat or gaps else closed
        interval = Interval(*ends, 0.95, "profile")
        errors = (None, None) if flat or gaps else (0.02 * abs(closed[0]), 0.02 * abs(closed[1]))
        found.append(Profile(name, values, rise, interval, converged if gaps else None, simulation_se=errors))
    offsets = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0])
    vector = dict(zip(FREE, (0.01, -0.02, 0.95, 0.0, 0.2, -0.2), strict=True))
    along = DirectionProfile(
        direction="sigma up 10%",
        vector=vector,
        offsets=offsets,
        criterion=0.3 + (0.002 if flat else 2.0) * offsets**2,
        values={name: PARAMS[name] * np.exp(share * offsets) for name, share in vector.items()},
        converged=np.ones(8, bool),
        curvature=0.002 if flat else 2.0,
        interval=Interval(None, None if flat else 1.39, 0.95, "profile"),
        ends=("eta1 reaches its bound", "rises past the quantile"),
    )
    return dataclasses.replace(result, profiles=tuple(found), weakest=along)


def sign_result(*, feasible: bool = True, missing: bool = False, income: str = "total") -> Sign:
    points = []
    for xi, eta in itertools.product(XIS, ETAS):
        total = -0.006 + 0.019 * eta**1.3 * (1 - 0.85 * xi)
        wage = -0.009 + 0.004 * eta + 0.003 * xi * eta
        met = feasible and not (eta < 0.1 and xi > 0.1)
        if missing and (eta > 0.85 or xi == 0.99):
            total = wage = float("nan")
        points.append(
            RidgePoint(
                xi=xi,
                eta1=eta,
                m6=total if income == "total" else wage,
                gini_total=total,
                gini_wage=wage,
                misfit=0.0 if met else 1.4,
                feasible=met,
                estimates={
                    "alpha": 0.8 + 0.1 * (eta - 0.44),
                    "beta": -0.094 - 0.02 * (eta - 0.44),
                    "sigma": 1.5,
                    "signal_exposure": 6.6 - (eta - 0.44),
                    "cumulative_advantage": min(0.02 / max((1 - xi) * eta, 1e-9), 9.0),
                },
                gini_total_simulation_se=3e-4 if met else None,
                gini_wage_simulation_se=2e-4 if met else None,
            )
        )
    local = LocalSign(singular_values=[3.0, 1.0], direction={"eta1": 0.1}, gini_change=0.002)
    own = {**PARAMS, "eta1": 0.44, "cumulative_advantage": 0.02 / (0.88 * 0.44)}
    return Sign(own, income, local, points, {xi: ["+", "-"] for xi in XIS}, "Both.", 4096, 8)


def branch(points) -> Branch:
    points = np.asarray(points, float)
    slopes = np.gradient(points[:, 1], points[:, 0])
    return Branch(points, slopes, np.zeros(len(points)), False, ("edge x0", "edge y1"), np.zeros(0, int))


def regime(names=("eta1", "xi"), *, kind: str = "both", measured: bool = True) -> RegimeMap:
    """A map where both regimes exist, or one without a boundary, with holes, or without any value for wages."""
    bounds = {
        "eta1": (0.01, 1.0),
        "xi": (0.01, 0.99),
        "asset_gini": (0.2, 0.8),
        "sigma": (0.3, 5.0),
        "eta0": (0.01, 1.2),
    }
    (x0, x1), (y0, y1) = bounds[names[0]], bounds[names[1]]
    x, y = np.linspace(x0, x1, 21), np.linspace(y0, y1, 21)
    u, v = np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 21), indexing="ij")
    total = 0.018 * (u * (1.1 - v) - 0.3)
    wage = -0.004 - 0.005 * u * v
    at = np.linspace(0, 1, 61)
    curve = [(x0 + a * (x1 - x0), y0 + (1.1 - 0.3 / a) * (y1 - y0)) for a in at if a > 0 and 0 <= 1.1 - 0.3 / a <= 1]
    boundary = {"total": Boundary([branch(curve)], [], [(names[0], 0.3)]), "wage": Boundary([], [], [])}
    if kind == "none":
        total = total - 0.05
        boundary["total"] = Boundary([], [LostSeed((0.1, 0.2), "no convergence")], [])
    if kind == "holes":
        total[(u > 0.7) & (v < 0.4)] = np.nan
        wage[:] = np.nan
    if kind == "zero":
        total, wage = 0 * total, 0 * wage
        boundary["total"] = Boundary([], [], [])
    estimate = (x0 + 0.4 * (x1 - x0), y0 + 0.15 * (y1 - y0)) if kind != "none" else (x1 + 1.0, y0)
    errors = {"total": np.full(u.shape, 2e-4), "wage": np.full(u.shape, 1e-4)} if measured else {}
    return RegimeMap(*names, x, y, total, wage, estimate, boundary, errors)


def distance(concept: str, *, flips: bool = True) -> Distance:
    units = {
        name: SPECS[name].box for name in (*FREE, "xi", "asset_sd", "ownership_sd", "diversification", "retooling")
    }
    alone = {}
    for k, name in enumerate(units):
        found = flips and k % 3 < 2
        known = {"closest": -0.002 if found else 0.003, "closest_at": 0.7, "closest_simulation_se": 2e-4}
        if found:
            errors = {"distance_simulation_se": 0.01 * (k + 1), "to_simulation_se": {name: 0.003}}
            alone[name] = Move(0.07 * (k + 1) ** 1.3, {name: 0.4 + 0.01 * k}, 1e-12, **known, **errors)
        else:
            alone[name] = Move(None, {}, None, "no", **known)
    end = "sigma, eta1 at the end of its reach"
    together = Move(0.053, {name: 0.4 for name in units}, 0.0, end, distance_simulation_se=0.004)
    if not flips:
        together = Move(None, {}, None, "the boundary lies outside the parameter space")
    return Distance(concept, 0.0041 if concept == "total" else -0.0021, units, together, alone, 2e-4)


def channel_result(*, nothing: bool = False, error: float = 5e-5) -> ChannelDecomposition:
    rng = np.random.default_rng(1)
    outcomes = {}
    for k, name in enumerate(OUTCOMES):
        parts = np.array([-0.011, -0.0006, 0.0031, 0.0048, 0.0079]) * (1, -0.6, 1.4, 0.3)[k]
        parts[3] = 0.0
        if nothing:
            parts = 0 * parts
        by_name = [dict(zip(CHANNEL_NAMES, (parts * scale).tolist(), strict=True)) for scale in (1.0, 1.3, 0.8)]
        outcomes[name] = OutcomeChannels(
            total=float(parts.sum()),
            contributions=by_name[0],
            alone=by_name[1],
            last=by_name[2],
            interactions=rng.normal(size=(5, 5)),
            equalising=float(np.minimum(parts, 0).sum()),
            concentrating=float(np.maximum(parts, 0).sum()),
            total_simulation_se=0.0 if nothing else error,
            **{
                f"{kind}_simulation_se": dict.fromkeys(CHANNEL_NAMES, 0.0 if nothing else error)
                for kind in ("contribution", "alone", "last")
            },
        )
    return ChannelDecomposition(PARAMS, outcomes, np.zeros((32, 4)), np.zeros((32, 5)), 4096, 8)


def policy_result(*, missing: bool = False) -> Policy:
    strength = np.linspace(0, 1, 11)
    effects = {
        "open_access": (-0.011, -0.002),
        "rent_sharing": (-0.0065, 0.0),
        "antitrust": (-0.0052, -0.006),
        "data_portability": (-0.0028, -0.001),
        "capital_dividend": (-0.0035, 0.0),
        "retraining": (0.0007, 0.012),
        "slower_deployment": (-0.004, -0.09),
    }
    levers = {}
    for name, (gini, output) in effects.items():
        total = 0.004 + gini * strength * (1.2 - 0.2 * strength)
        if missing:
            total = np.where(strength > 0.6, np.nan, np.abs(total) + 0.001)
        neutral = None if missing or total[-1] > 0 else float(np.interp(0, -total, strength))
        slopes = {"gini_total": gini, "gini_wage": 0.0, "output": output}
        errors = {f"{what}_simulation_se": np.full(11, 2e-4) for what in ("gini_total", "gini_wage", "output")}
        neutral_error = None if neutral is None else 0.02
        ends = (strength, total, 0.5 * total, 0.09 + output * strength, slopes, neutral)
        levers[name] = LeverResult(*ends, **errors, neutral_simulation_se=neutral_error)
    grid = np.array(list(itertools.product(np.linspace(0, 1, 6), repeat=2)))
    frontiers = []
    for one, two in itertools.combinations(LEVERS, 2):
        moves = np.array([effects[one], effects[two]])
        found = np.array([0.004, 0.09]) + grid @ moves + 0.1 * np.prod(grid, axis=1)[:, None] * np.abs(moves[0])
        gini, output = found.T
        better = (gini[None] <= gini[:, None]) & (output[None] >= output[:, None])
        strictly = (gini[None] < gini[:, None]) | (output[None] > output[:, None])
        best = np.flatnonzero(~np.any(better & strictly, axis=1))
        best = best[np.argsort(gini[best], kind="stable")]
        along = grid[best], gini[best], output[best], np.zeros(len(best))
        if missing:
            gini, output = np.where(grid[:, 0] > 0.5, np.nan, gini), np.where(grid[:, 0] > 0.5, np.nan, output)
        errors = (np.array([2e-4, 3e-4]), np.array([1e-4, 2e-4]))
        frontiers.append(Frontier((one, two), *along, 0.0, 28, 50, grid, gini, output, *errors))
    return Policy(PARAMS, levers, frontiers, [list(LEVERS)], 4096, 8)


@pytest.fixture(scope="module")
def drawn() -> dict[str, Figure]:
    found = every_figure()
    for figure in found.values():
        figure.canvas.draw()
    return found


def every_figure() -> dict[str, Figure]:
    found = {}
    for kind, result in {"exact": decomposition(), "over": decomposition(exact=False)}.items():
        for draw in (figures.elasticity_map, figures.pinning, figures.variance_of_gini, figures.value_of_precision):
            found[f"{draw.__name__}_{kind}"] = draw(result)
    some = with_profiles()
    profiled = {
        "usual": some,
        "flat": with_profiles(flat=True),
        "gaps": with_profiles(gaps=True),
        "direction": dataclasses.replace(some, profiles=()),
        "few": dataclasses.replace(some, profiles=some.profiles[1:3], weakest=None),
        "empty": decomposition(),
    }
    for kind, result in profiled.items():
        found[f"profiles_{kind}"] = figures.profiles(result)
    unsigned = dataclasses.replace(decomposition(), signs=())
    found["variance_of_gini_empty"] = figures.variance_of_gini(unsigned)
    found["value_of_precision_empty"] = figures.value_of_precision(unsigned)
    signs = {
        "usual": sign_result(),
        "infeasible": sign_result(feasible=False),
        "missing": sign_result(missing=True),
        "empty": dataclasses.replace(sign_result(), ridge=[]),
    }
    for kind, result in signs.items():
        for draw in (figures.ridge, figures.ridge_estimates):
            found[f"{draw.__name__}_{kind}"] = draw(result)
    for kind in ("both", "none", "holes", "zero"):
        found[f"regime_map_{kind}"] = figures.regime_map(regime(kind=kind))
    found["regime_map_not_measured"] = figures.regime_map(regime(measured=False))
    found["regime_map_asset_gini_xi"] = figures.regime_map(regime(("asset_gini", "xi")))
    found["distances"] = figures.distances([distance("total"), distance("wage", flips=False)])
    found["distances_one"] = figures.distances([distance("total")])
    found["distances_empty"] = figures.distances([])
    channels = {
        "usual": channel_result(),
        "nothing": channel_result(nothing=True),
        "empty": dataclasses.replace(channel_result(), outcomes={}),
    }
    for kind, result in channels.items():
        for draw in (figures.waterfall, figures.channel_orders):
            found[f"{draw.__name__}_{kind}"] = draw(result)
    policies = {
        "usual": policy_result(),
        "missing": policy_result(missing=True),
        "empty": Policy(PARAMS, {}, []),
        "pair": dataclasses.replace(policy_result(), frontiers=policy_result().frontiers[:1]),
    }
    for kind, result in policies.items():
        for draw in (figures.levers, figures.frontiers, figures.frontier_strengths):
            found[f"{draw.__name__}_{kind}"] = draw(result)
    return found


def hidden_ticks(axis: Axes) -> set[int]:
    """Texts of ticks that are not drawn."""
    if not axis.axison:
        parts = [*axis.xaxis.findobj(matplotlib.text.Text), *axis.yaxis.findobj(matplotlib.text.Text)]
        return {id(part) for part in parts}
    found = set()
    for one in (axis.xaxis, axis.yaxis):
        low, high = sorted(one.get_view_interval())
        for tick in one.get_major_ticks() + one.get_minor_ticks():
            if not low <= tick.get_loc() <= high:
                found |= {id(tick.label1), id(tick.label2)}
    return found


def texts(figure: Figure) -> list:
    hidden = set().union(*map(hidden_ticks, figure.axes))
    found = figure.findobj(matplotlib.text.Text)
    return [text for text in found if text.get_visible() and text.get_text().strip() and id(text) not in hidden]


def box_of(text):
    """Extent of the words themselves, without the arrow of an annotation."""
    return matplotlib.text.Text.get_window_extent(text)


@pytest.mark.slow
def test_no_text_leaves_the_figure_or_covers_another(drawn):
    for name, figure in drawn.items():
        width, height = figure.bbox.size
        boxes = [(text.get_text(), box_of(text)) for text in texts(figure)]
        for words, box in boxes:
            assert box.x0 >= 0, (name, words)
            assert box.y0 >= 0, (name, words)
            assert box.x1 <= width, (name, words)
            assert box.y1 <= height, (name, words)
        for (one, a), (two, b) in itertools.combinations(boxes, 2):
            apart = min(a.x1, b.x1) - max(a.x0, b.x0) <= 1 or min(a.y1, b.y1) - max(a.y0, b.y0) <= 1
            assert apart, (name, one, two)


@pytest.mark.slow
def test_panels_say_what_they_measure(drawn):
    for name, figure in drawn.items():
        assert figure.get_suptitle(), name
        shared = name.startswith(("frontier", "elasticity_map"))  # named below the lowest panels only
        for axis in figure.axes:
            if not axis.axison or not len(axis.get_xticks()) or axis.get_label() == "<colorbar>":
                continue
            ticks = [tick.get_text() for tick in axis.get_xticklabels()]
            assert shared or axis.get_xlabel() or any(c.isalpha() for tick in ticks for c in tick), name


@pytest.mark.slow
def test_files_are_named_after_the_figures(tmp_path):
    small_ai = FirstOrder(0.1, -0.2, 0.0, 0.0)
    maps = Regimes({}, [regime(), regime(("sigma", "xi"))], [distance("total")], small_ai)
    paths = [
        *aigini.draw(with_profiles(), tmp_path),
        *aigini.draw(sign_result(), tmp_path),
        *aigini.draw(maps, tmp_path),
        *aigini.draw(channel_result(), tmp_path),
        *aigini.draw(policy_result(), tmp_path),
    ]
    assert [path.stem for path in paths] == [
        "elasticity_map",
        "pinning",
        "profiles",
        "variance_of_gini",
        "value_of_precision",
        "ridge",
        "ridge_estimates",
        "regime_map_eta1_xi",
        "regime_map_sigma_xi",
        "distances",
        "waterfall",
        "channel_orders",
        "levers",
        "frontiers",
        "frontier_strengths",
    ]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    without = aigini.draw(decomposition(), tmp_path / "without")
    assert "profiles" not in [path.stem for path in without]


def lengths(axis: Axes) -> list[float]:
    return [patch.get_width() for patch in axis.patches]


def words(axis: Axes) -> list[str]:
    return [text.get_text() for text in axis.texts]


def number_in(text: str) -> float:
    return float(text.split(" ")[0].replace("\N{MINUS SIGN}", "-"))


def test_elasticities_are_drawn_in_groups_of_rows_and_columns():
    result = decomposition()
    axes = figures.elasticity_map(result).axes[:4]
    estimated = [PARAMETER_NAMES.index(name) for name in PARAMETER_NAMES if name in FREE]
    others = [j for j in range(31) if j not in estimated]
    for axis, (rows, columns) in zip(
        axes, itertools.product((range(6), range(6, 11)), (estimated, others)), strict=True
    ):
        shown = axis.collections[0].get_array().reshape(len(rows), len(columns))
        np.testing.assert_array_equal(shown, result.elasticities.values[np.ix_(rows, columns)])
    assert [label.get_text() for label in axes[3].get_xticklabels()] == [
        marks.parameter_label(PARAMETER_NAMES[j]) for j in others
    ]


def test_colours_of_elasticities_are_symmetric_and_say_where_they_end():
    for result, limit in ((decomposition(), None), (decomposition(exact=False), 30.0)):
        figure = figures.elasticity_map(result)
        norm = figure.axes[0].collections[0].norm
        assert norm.vmin == -norm.vmax
        assert norm(0.0) == pytest.approx(0.5)
        assert ("colours end" in figure.get_supxlabel()) == (limit is not None)
        assert limit is None or norm.vmax == limit


def test_numbers_in_cells_are_short_and_right():
    values = [0.0, 0.049, -0.05, 0.994, 0.996, -9.94, 9.96, 432.1, -4321.0, 2e6]
    found = [sensitivity._short(value) for value in values]
    assert found == ["", "", "−.05", ".99", "1.0", "−9.9", "10", "432", "−4e3", "2e6"]


def test_shares_of_pins_are_printed_in_per_cent():
    result = decomposition()
    axis = figures.pinning(result).axes[0]
    known = result.pins.values[np.isfinite(result.pins.values)]
    np.testing.assert_allclose([number_in(text) for text in words(axis)], 100 * known, atol=0.5 + 1e-9)
    assert "cumulative advantage" in axis.get_yticklabels()[4].get_text()


def test_bars_of_variance_are_shares_that_add_up():
    result = decomposition()
    for axis, sign in zip(figures.variance_of_gini(result).axes, result.signs, strict=True):
        assert sum(lengths(axis)) == pytest.approx(100)
        largest = sorted(sign.variance.values(), reverse=True)[:10]
        np.testing.assert_allclose(lengths(axis)[:10], 100 * np.array(largest) / sign.sd**2)
        assert "P(rise) = 0.73" in axis.get_title(loc="left")
        assert ("without m6" in axis.get_title(loc="left")) == ("m6" not in sign.estimated_with)


def marked(axis: Axes, marker: str) -> np.ndarray:
    """Points drawn with a marker, all lines together."""
    return np.concatenate([np.empty((0, 2)), *(q.get_xydata() for q in axis.get_lines() if q.get_marker() == marker)])


def test_profiles_show_the_rise_the_quantile_and_the_interval():
    result = with_profiles()
    *axes, last = figures.profiles(result).axes
    for axis, profile in zip(axes, result.profiles, strict=True):
        rise = profile.criterion - profile.criterion.min()
        np.testing.assert_allclose(marked(axis, "o"), np.stack([profile.values, rise], axis=1))
        np.testing.assert_array_equal(marked(axis, "*"), [(PARAMS[profile.parameter], 0)])
        assert axis.get_lines()[0].get_ydata()[0] == QUANTILE
        (span,) = axis.patches
        np.testing.assert_allclose(
            (span.get_x(), span.get_x() + span.get_width()), (profile.interval.lower, profile.interval.upper)
        )
        # The smooth line passes the quantile where the interval ends.
        line = axis.get_lines()[2].get_xydata()
        assert np.interp(profile.interval.upper, *line.T) == pytest.approx(QUANTILE, rel=0.02)
        ends, errors = (profile.interval.lower, profile.interval.upper), profile.simulation_se
        shown = (
            f"{style.number(end, '.3g')} ± {style.number(error, '.1g')}"
            for end, error in zip(ends, errors, strict=True)
        )
        assert axis.get_title(loc="left").endswith("\nto ".join(shown))
        assert len(marked(axis, "<")) == len(marked(axis, ">")) == 0
    np.testing.assert_allclose(marked(last, "o")[:, 1], result.weakest.criterion - 0.3)
    assert "weakest direction" in last.get_title(loc="left")
    assert "open to 1.39" in last.get_title(loc="left")
    assert "cumulative advantage" in last.get_xlabel().replace("\n", " ")
    np.testing.assert_array_equal(marked(last, "<"), [(-2.0, 2 * QUANTILE)])
    assert len(marked(last, ">")) == 0


def test_profiles_mark_what_is_open_unfinished_or_missing():
    result = with_profiles(gaps=True)
    figure = figures.profiles(result)
    for axis, profile in zip(figure.axes[:-1], result.profiles, strict=True):
        np.testing.assert_array_equal(marked(axis, "x")[:, 0], profile.values[-2:])
        hollow = [line.get_xydata() for line in axis.get_lines() if line.get_markerfacecolor() == "white"]
        np.testing.assert_array_equal(hollow[0][:, 0], profile.values[[2]])
        assert marked(axis, "<")[0, 0] == profile.values[0]
        assert marked(axis, ">")[0, 0] == profile.values[-3]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "the economy cannot be evaluated" in legend
    assert "search not finished: at most so high" in legend
    usual = [text.get_text() for text in figures.profiles(with_profiles()).legends[0].get_texts()]
    ends = next(words for words in usual if words.startswith("ends of the interval"))
    assert ends not in legend
    assert legend[: len(usual) - 1] == [words for words in usual if words != ends]


def test_a_flat_direction_has_its_own_scale_and_says_so():
    flat, usual = (figures.profiles(with_profiles(flat=kind)).axes[-1] for kind in (True, False))
    assert flat.get_ylim()[1] < 0.1 * QUANTILE
    assert "3.84" in words(flat)[0]
    assert words(usual) == []
    assert usual.get_ylim()[1] > QUANTILE


def test_estimates_that_run_away_are_arrows_at_the_edge():
    result = sign_result()
    points = [
        dataclasses.replace(point, estimates={**point.estimates, "sigma": 1e9 if point.eta1 < 0.05 else 1.5})
        for point in result.ridge
    ]
    axes = figures.ridge_estimates(dataclasses.replace(result, ridge=points)).axes
    sigma = axes[2]
    np.testing.assert_array_equal(marked(sigma, "^")[:, 0], [0.0, 0.02])
    assert sigma.get_ylim()[1] < 10
    assert words(sigma) == ["more than 1,000 times the estimate"]
    assert all(words(axis) == [] for axis in (*axes[:2], *axes[3:5]))


def test_value_of_precision_is_drawn_by_target():
    result = decomposition()
    for axis, concept in zip(figures.value_of_precision(result).axes, CONCEPTS, strict=True):
        wanted = [
            value for sign in result.signs if sign.concept == concept for value in sign.value_of_precision.values()
        ]
        np.testing.assert_allclose(lengths(axis), wanted)


def own_lines(axis: Axes, count: int) -> list[np.ndarray]:
    return [line.get_xydata() for line in axis.get_lines() if len(line.get_xydata()) == count]


@pytest.mark.parametrize("income", CONCEPTS)
def test_ridge_is_drawn_for_every_sharing_with_what_cannot_be_met_apart(income):
    result = sign_result(income=income)
    axes = figures.ridge(result).axes
    for axis, concept in zip(axes, sorted(CONCEPTS, key=lambda name: name != income), strict=True):
        drawn = own_lines(axis, len(ETAS))
        everything, met = drawn[::2], drawn[1::2]
        for xi, all_points, met_points in zip(XIS, everything, met, strict=True):
            points = [point for point in result.ridge if point.xi == xi]
            values = np.array([100 * getattr(point, f"gini_{concept}") for point in points])
            np.testing.assert_array_equal(all_points, np.stack([ETAS, values], axis=1))
            feasible = np.array([point.feasible for point in points])
            np.testing.assert_array_equal(met_points[:, 1], np.where(feasible, values, np.nan))
        assert [text.split(" (")[0].split(" ")[-1] for text in words(axis)] == [f"{xi:.3g}" for xi in XIS]
    star = next(line for line in axes[0].get_lines() if line.get_marker() == "*")
    assert star.get_xdata()[0] == result.params["eta1"]
    assert ("which m6 is about" in axes[0].get_title(loc="left"), axes[1].get_title(loc="left")) == (
        True,
        {"total": "Gini of wages", "wage": "Gini of total income"}[income],
    )


def test_estimates_along_the_ridge_are_those_at_the_own_sharing():
    result = sign_result()
    own = [point for point in result.ridge if point.xi == result.params["xi"]]
    for axis, name in zip(figures.ridge_estimates(result).axes, own[0].estimates, strict=False):
        line = own_lines(axis, len(ETAS))[0]
        np.testing.assert_array_equal(line[:, 1], [point.estimates[name] for point in own])
        star = next(line for line in axis.get_lines() if line.get_marker() == "*")
        np.testing.assert_array_equal(star.get_xydata(), [(result.params["eta1"], result.params[name])])


def test_map_shows_values_boundary_and_names_of_regimes():
    result = regime()
    total, wage = figures.regime_map(result).axes[:2]
    assert words(total) == ["concentrating", "equalising"]
    assert words(wage) == ["equalising"]
    lines = [line.get_xydata() for line in total.get_lines()]
    np.testing.assert_array_equal(lines[0], result.boundary["total"].branches[0].curve())
    np.testing.assert_array_equal(lines[1], [result.estimate])
    assert len(wage.get_lines()) == 1
    filled = total.collections[0]
    assert filled.levels[0] == -filled.levels[-1]
    assert 0.0 in filled.levels
    np.testing.assert_allclose(filled.zmin, 100 * result.gini_total.min())
    np.testing.assert_allclose(filled.zmax, 100 * result.gini_total.max())
    for text, wanted in zip(total.texts, (1, -1), strict=True):
        i, j = (round(float(at) * 20) for at in text.get_position())
        assert np.sign(result.gini_total[i, j]) == wanted
        assert text.arrow_patch is None


def test_a_region_too_small_for_its_name_is_pointed_at():
    result = regime()
    u, v = np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 21), indexing="ij")
    corner = dataclasses.replace(
        result,
        gini_total=0.01 * (u**2 + (v - 0.7) ** 2 - 0.04),
        simulation_se={name: errors / 100 for name, errors in result.simulation_se.items()},
    )
    figure = figures.regime_map(corner)
    figure.canvas.draw()
    by_words = {text.get_text(): text for text in figure.axes[0].texts}
    assert by_words["concentrating"].arrow_patch is None
    pointing = by_words["equalising"]
    assert pointing.arrow_patch is not None
    x, y = pointing.xy
    assert x**2 + (y - 0.7) ** 2 < 0.04
    # The words themselves leave the region free.
    box = box_of(pointing).transformed(figure.axes[0].transAxes.inverted())
    assert box.x0 > 0.2
    assert box.x1 < 1


def test_what_simulation_error_hides_is_hatched_and_not_named():
    result = regime()
    wide = dataclasses.replace(result, simulation_se={"total": np.full((21, 21), 1.0), "wage": np.full((21, 21), 1e-4)})
    total, wage = figures.regime_map(wide).axes[:2]
    assert words(total) == []
    assert words(wage) == ["equalising"]
    hatched = next(each for each in total.collections if getattr(each, "hatches", None) == ["xx"])
    assert hatched.get_paths()
    assert not np.any(wide.signs("total"))
    assert "rises on 0 % and falls on 0 % of the map, 100 % not distinguishable" in str(wide)
    # Without errors nothing is known.
    unknown = figures.regime_map(regime(measured=False))
    assert [words(axis) for axis in unknown.axes[:2]] == [[], []]
    assert any("not measured" in text.get_text() for text in unknown.legends[0].get_texts())


def test_contributions_that_do_not_stand_out_are_grey_and_in_no_words():
    result = channel_result(error=0.002)
    for axis, outcome in zip(figures.waterfall(result).axes, result.outcomes.values(), strict=True):
        hidden = [not outcome.contribution(name).resolved for name in outcome.contributions]
        grey = [matplotlib.colors.to_hex(patch.get_facecolor()) == style.FAINT.lower() for patch in axis.patches[:-1]]
        assert grey == hidden
        assert any(hidden)
        assert all("±" in text for text in words(axis))
    parts = result.outcomes["gini_total"].contributions
    small = sorted(("schooling", "screening", "cumulative_advantage"), key=lambda name: -abs(parts[name]))
    assert (
        "Gini of total income: raised by proprietary_rents; lowered by task_floor; not distinguishable from no"
        f" contribution: {', '.join(small)}\n"
    ) in str(result)
    assert "± 0.002" in str(result)


def test_moves_that_do_not_stand_out_say_no_flip_of_neither_kind():
    result = distance("total")
    hidden = {name: dataclasses.replace(move, closest_simulation_se=0.01) for name, move in result.alone.items()}
    hidden = dataclasses.replace(result, alone=hidden)
    axis = figures.distances([hidden]).axes[0]
    assert words(axis).count("no flip") == 0
    assert words(axis).count("not known") == words(figures.distances([result]).axes[0]).count("no flip")
    assert "not known to flip the sign or not" in str(hidden)
    assert str(hidden).count("not distinguishable from no flip") == sum(
        move.distance is not None for move in hidden.alone.values()
    )
    assert "not distinguishable" not in str(result)


def test_elasticities_that_do_not_stand_out_are_in_brackets():
    result = dataclasses.replace(decomposition(), elasticities_simulation_se=np.full((11, 31), 0.3))
    axis = figures.elasticity_map(result).axes[0]
    for text in axis.texts:
        column, row = (int(at) for at in text.get_position())
        column = [PARAMETER_NAMES.index(name) for name in PARAMETER_NAMES if name in FREE][column]
        if text.get_text():
            assert text.get_text().startswith("(") == (abs(result.elasticities.values[row, column]) <= 0.6)


def test_the_map_between_grid_points_is_smooth():
    x, y = np.linspace(0, 1, 9), np.linspace(0, 2, 11)
    values = np.sin(3 * x)[:, None] * np.cos(2 * y)[None, :]
    fine_x, fine_y, fine = regimes._finer(x, y, values)
    np.testing.assert_allclose(fine[::8, ::8], values, atol=1e-12)
    np.testing.assert_allclose(fine, np.sin(3 * fine_x)[:, None] * np.cos(2 * fine_y)[None, :], atol=2e-3)
    values[0, 0] = np.nan
    assert np.isnan(regimes._finer(x, y, values)[2]).sum() == 64


def test_the_map_shows_no_sign_between_grid_points_that_is_not_there():
    x, y = np.arange(8.0), np.arange(6.0)
    values = -np.array([1, 1, 1, 0.01, 0.01, 1, 1, 1])[:, None] * np.ones(6)
    assert (RectBivariateSpline(x, y, values)(np.linspace(0, 7, 99), y) > 0).any()
    assert (regimes._finer(x, y, values)[2] < 0).all()
    # A region that is smaller than a cell of the grid is shown where its boundary was traced.
    curve = branch([(3.2, 1.4), (3.5, 1.5), (3.8, 1.6)])
    assert (regimes._finer(x, y, values, [curve])[2] > 0).any()


def test_values_that_a_parameter_cannot_have_are_hatched_between_grid_points():
    plane = regime(("sigma", "xi"))
    changes = {"m1": -1 - 0 * plane.gini_total}
    x = np.linspace(-2, 0.9, 21)
    result = OutcomePlane(
        "rho",
        "xi",
        x,
        plane.y,
        changes,
        {"m1": "relative change"},
        (0.5, 0.3),
        {"m1": Boundary([], [], [])},
        (0.5, 1.0),
    )
    figure = figures.outcome_map(result, "m1")
    (hatched,) = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    np.testing.assert_allclose([hatched.get_x(), hatched.get_x() + hatched.get_width()], [-0.05, 0.05])
    assert "no finite outcome" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert figure.axes[0].get_xlabel() == "substitution of human work and AI on a task, 1 - 1/elasticity, ρ"


def test_map_without_values_or_change_says_so():
    figure = figures.regime_map(regime(kind="holes"))
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "no finite outcome" in legend
    assert words(figure.axes[1]) == []
    assert [words(axis) for axis in figures.regime_map(regime(kind="zero")).axes] == [["no change anywhere"]] * 2
    outside = figures.regime_map(regime(kind="none")).legends[0].get_texts()
    assert [text.get_text() for text in outside][:2] == ["no boundary was traced", "the estimates, outside this map"]


def test_distances_are_sorted_and_what_never_flips_is_named():
    results = [distance("total"), distance("wage", flips=False)]
    some, none = figures.distances(results).axes
    wanted = sorted(move.distance for move in results[0].alone.values() if move.distance is not None)
    np.testing.assert_allclose(lengths(some), [results[0].together.distance, *wanted])
    assert words(some).count("no flip") == len(results[0].alone) - len(wanted)
    assert lengths(none) == []
    assert words(none)[0].replace("\n", " ") == "the boundary lies outside the parameter space"
    assert words(none)[1:] == ["no flip"] * len(results[1].alone)


def test_waterfall_goes_from_zero_to_the_total():
    result = channel_result()
    for axis, outcome in zip(figures.waterfall(result).axes, result.outcomes.values(), strict=True):
        parts = 100 * np.array(list(outcome.contributions.values()))
        np.testing.assert_allclose(lengths(axis), [*parts, 100 * outcome.total])
        starts = [patch.get_x() for patch in axis.patches]
        np.testing.assert_allclose(starts, [0, *np.cumsum(parts)[:-1], 0], atol=1e-12)
        np.testing.assert_allclose([number_in(text) for text in words(axis)], lengths(axis), atol=5e-4)
        hatched = [bool(patch.get_hatch()) for patch in axis.patches[:-1]]
        assert hatched == (parts > 0).tolist()


def test_orders_of_channels_are_three_dots_each():
    result = channel_result()
    for axis, outcome in zip(figures.channel_orders(result).axes, result.outcomes.values(), strict=True):
        drawn = own_lines(axis, 5)
        for line, values in zip(drawn, (outcome.alone, outcome.last, outcome.contributions), strict=True):
            np.testing.assert_array_equal(line[:, 0], 100 * np.array(list(values.values())))


def test_levers_are_lines_with_their_neutral_strengths():
    result = policy_result()
    axes = figures.levers(result).axes
    for axis, what in zip(axes, ("gini_total", "output"), strict=True):
        for line, lever in zip(own_lines(axis, 11), result.levers.values(), strict=True):
            np.testing.assert_array_equal(line, np.stack([lever.strength, 100 * getattr(lever, what)], axis=1))
        assert words(axis) == [name.replace("_", " ") for name in result.levers]
    neutral = [lever.neutral_strength for lever in result.levers.values() if lever.neutral_strength is not None]
    np.testing.assert_array_equal(axes[0].get_lines()[-1].get_xdata(), neutral)
    without = figures.levers(policy_result(missing=True))
    assert "none up to 1" in without.legends[0].get_texts()[0].get_text()


@pytest.mark.parametrize("missing", [False, True])
def test_every_pair_of_levers_has_a_panel_with_its_frontier(missing):
    result = policy_result(missing=missing)
    names = list(LEVERS)
    order = sorted(result.frontiers, key=lambda one: (names.index(one.levers[1]), names.index(one.levers[0])))
    figure, strengths = figures.frontiers(result), figures.frontier_strengths(result)
    axes, others = ([axis for axis in each.axes if axis.axison] for each in (figure, strengths))
    assert len(axes) == len(others) == len(result.frontiers) == 21
    for axis, other, frontier in zip(axes, others, order, strict=True):
        _, *lines = (line.get_xydata() for line in axis.get_lines())
        net = 100 * np.stack([frontier.grid_gini_total, frontier.grid_output], axis=1).reshape(6, 6, 2)
        np.testing.assert_array_equal(lines[:6], net)
        np.testing.assert_array_equal(lines[6:12], net.swapaxes(0, 1))
        points = 100 * np.stack([frontier.gini_total, frontier.output], axis=1)
        np.testing.assert_array_equal(np.concatenate(lines[12:-1]), points)
        assert [len(line) for line in lines[12:-1]] == [piece.stop - piece.start for piece in frontier.segments]
        np.testing.assert_array_equal(lines[-1], net[0, :1])
        path, *rest = (line.get_xydata() for line in other.get_lines())
        np.testing.assert_array_equal(path, frontier.strength)
        ends = frontier.strength[[0]] if len(frontier.strength) == 1 else frontier.strength[[-1, 0]]
        np.testing.assert_array_equal(np.concatenate(rest[len(frontier.segments) :]), ends)


def test_a_frontier_is_in_pieces_where_strengths_jump():
    frontier = policy_result().frontiers[0]
    strength = np.array([[0.0, 0.0], [0.1, 0.1], [0.2, 0.1], [0.2, 0.9], [0.2, 1.0]])
    values = np.arange(5.0)
    jumping = dataclasses.replace(frontier, strength=strength, gini_total=values, output=values)
    assert jumping.segments == [slice(0, 3), slice(3, 5)]
    one = dataclasses.replace(frontier, strength=strength[:1], gini_total=values[:1], output=values[:1])
    assert one.segments == [slice(0, 1)]


def test_labels_are_kept_apart_with_as_little_movement_as_possible():
    rng = np.random.default_rng(0)
    for _ in range(50):
        places = rng.uniform(-0.1, 1.1, rng.integers(1, 12))
        found = marks.spread(places.tolist(), 0.07)
        assert np.all(np.diff(np.sort(found)) >= 0.07 - 1e-9)
        assert found.min() >= -1e-9
        assert found.max() <= 1 + 1e-9
        assert np.all(np.argsort(found, kind="stable") == np.argsort(places, kind="stable"))
    np.testing.assert_array_equal(marks.spread([0.9, 0.1, 0.5], 0.07), [0.9, 0.1, 0.5])
    np.testing.assert_allclose(marks.spread([0.5, 0.5], 0.1), [0.45, 0.55])
    assert marks.spread([], 0.1).shape == (0,)


def test_every_parameter_has_a_name_in_print():
    labels = [marks.parameter_label(name) for name in PARAMETER_NAMES]
    assert len(set(labels)) == len(labels)
    assert marks.parameter_label("asset_gini") == "Gini of firm assets"
    assert marks.parameter_label("xi") == "ξ"
    assert marks.parameter_label("asset_sd") == r"asset sd ($\mathrm{σ}_{\mathrm{K}}$)"
