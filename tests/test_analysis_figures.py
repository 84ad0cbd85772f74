"""Figures of analyses are drawn whole, also where values are missing, and show the numbers they were given."""

import dataclasses
import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aigini import figures
from aigini.analysis.channels import OUTCOMES, ChannelDecomposition, OutcomeChannels
from aigini.analysis.continuation import Branch, LostSeed
from aigini.analysis.decomposition import FUNCTIONS, Decomposition, Matrix, SignUncertainty
from aigini.analysis.distance import Distance, Move
from aigini.analysis.policy import LEVERS, Frontier, LeverResult, Policy
from aigini.analysis.regimes import CONCEPTS, Boundary, RegimeMap
from aigini.analysis.sign import LocalSign, RidgePoint, Sign
from aigini.economy.channels import CHANNEL_NAMES
from aigini.figures import marks, style
from aigini.inference.identification import identification
from aigini.parameters import PARAMETER_NAMES, SPECS

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
    )


def decomposition(*, exact: bool = True) -> Decomposition:
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
    return Decomposition(
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
        signs=tuple(
            sign_uncertainty(concept, with_m6=with_m6, scale=1.0 if exact else 0.0, external=EXTERNAL if exact else ())
            for concept in CONCEPTS
            for with_m6 in ((True, False) if exact else (True,))
        ),
    )


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
                    "alpha": 0.8 + 0.1 * eta,
                    "beta": -0.094 - 0.02 * eta,
                    "sigma": 1.5,
                    "signal_exposure": 6.6 - eta,
                    "cumulative_advantage": min(0.02 / max((1 - xi) * eta, 1e-9), 9.0),
                },
            )
        )
    local = LocalSign(singular_values=[3.0, 1.0], direction={"eta1": 0.1}, gini_change=0.002)
    return Sign({**PARAMS, "eta1": 0.44}, income, local, points, {xi: ["+", "-"] for xi in XIS}, "Both.")


def branch(points) -> Branch:
    points = np.asarray(points, float)
    nothing = np.zeros(len(points))
    return Branch(points, nothing, nothing, False, ("edge x0", "edge y1"), np.zeros(0, int))


def regime(names=("eta1", "xi"), *, kind: str = "both") -> RegimeMap:
    """A map where both regimes exist, or one without a boundary, with holes, or without any value for wages."""
    bounds = {"eta1": (0.01, 1.0), "xi": (0.01, 0.99), "asset_gini": (0.2, 0.8), "sigma": (0.3, 5.0), "eta0": (0.01, 1.2)}
    (x0, x1), (y0, y1) = bounds[names[0]], bounds[names[1]]
    x, y = np.linspace(x0, x1, 21), np.linspace(y0, y1, 21)
    u, v = np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 21), indexing="ij")
    total = 0.018 * (u * (1.1 - v) - 0.3)
    wage = -0.004 - 0.005 * u * v
    at = np.linspace(0, 1, 60)
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
    return RegimeMap(*names, x, y, total, wage, estimate, boundary)


def distance(concept: str, *, flips: bool = True) -> Distance:
    units = {name: SPECS[name].box for name in (*FREE, "xi", "asset_sd", "ownership_sd", "diversification", "retooling")}
    alone = {}
    for k, name in enumerate(units):
        found = flips and k % 3 < 2
        alone[name] = Move(0.07 * (k + 1) ** 1.3, {name: 0.4 + 0.01 * k}, 1e-12) if found else Move(None, {}, None, "no")
    together = Move(0.053, {name: 0.4 for name in units}, 0.0)
    if not flips:
        together = Move(None, {}, None, "the boundary lies outside the parameter space")
    return Distance(concept, 0.0041 if concept == "total" else -0.0021, units, together, alone)


def channel_result(*, nothing: bool = False) -> ChannelDecomposition:
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
        )
    return ChannelDecomposition(PARAMS, outcomes, np.zeros((32, 4)), np.zeros((32, 5)))


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
        levers[name] = LeverResult(strength, total, 0.5 * total, 0.09 + output * strength, slopes, neutral)
    grid = np.array(list(itertools.product(np.linspace(0, 1, 6), repeat=2)))
    frontiers = []
    for one, two in itertools.combinations(LEVERS, 2):
        moves = np.array([effects[one], effects[two]])
        found = np.array([0.004, 0.09]) + grid @ moves + 0.1 * np.prod(grid, axis=1)[:, None] * np.abs(moves[0])
        gini, output = found.T
        better = (gini[None] <= gini[:, None]) & (output[None] >= output[:, None])
        strictly = (gini[None] < gini[:, None]) | (output[None] > output[:, None])
        efficient = ~np.any(better & strictly, axis=1)
        if missing:
            gini, output = np.where(grid[:, 0] > 0.5, np.nan, gini), np.where(grid[:, 0] > 0.5, np.nan, output)
        frontiers.append(Frontier((one, two), grid, gini, output, efficient))
    return Policy(PARAMS, levers, frontiers)


def every_figure() -> dict[str, Figure]:
    found = {}
    for kind, result in {"exact": decomposition(), "over": decomposition(exact=False)}.items():
        for draw in (figures.elasticity_map, figures.pinning, figures.variance_of_gini, figures.value_of_precision):
            found[f"{draw.__name__}_{kind}"] = draw(result)
    unsigned = dataclasses.replace(decomposition(), signs=())
    found["variance_of_gini_empty"] = figures.variance_of_gini(unsigned)
    found["value_of_precision_empty"] = figures.value_of_precision(unsigned)
    signs = {
        "usual": sign_result(),
        "wage": sign_result(income="wage"),
        "infeasible": sign_result(feasible=False),
        "missing": sign_result(missing=True),
        "empty": dataclasses.replace(sign_result(), ridge=[]),
    }
    for kind, result in signs.items():
        for draw in (figures.ridge, figures.ridge_estimates):
            found[f"{draw.__name__}_{kind}"] = draw(result)
    for kind in ("both", "none", "holes", "zero"):
        found[f"regime_map_{kind}"] = figures.regime_map(regime(kind=kind))
    for names in (("eta0", "eta1"), ("asset_gini", "xi"), ("sigma", "xi")):
        found["regime_map_" + "_".join(names)] = figures.regime_map(regime(names))
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
        for draw in (figures.levers, figures.frontiers):
            found[f"{draw.__name__}_{kind}"] = draw(result)
    return found


@pytest.fixture(scope="module")
def drawn() -> dict[str, Figure]:
    found = every_figure()
    for figure in found.values():
        figure.canvas.draw()
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


if __name__ == "__main__":
    import pathlib
    for name, figure in every_figure().items():
        style.save(figure, pathlib.Path("/tmp/figs"), name)
