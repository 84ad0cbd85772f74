"""What the moments identify, and what inequality depends on: exact Jacobians at the estimates, put to use.

* Elasticities of every moment and outcome in every parameter.
* Λ: how estimates, and outcomes through them, move with the targets; its sign is such that Λ times a small change of
  the targets is the change of the estimates.
* Shares of the variance of each estimate and of the change of each Gini that come from each target's standard error,
  and from the range of each parameter that is not estimated, which moves the estimates too.
* What more data would tell about the sign: with d the derivatives of the change of the Gini in the targets, its
  variance is d'Sd, that is Σ d² se² for independent targets, the sign has probability P = Φ(change / sd) and entropy
  H(P), and one more per cent of precision of target j, its correlations unchanged, lowers H by (dH/d var) d_j (Sd)_j
  / 100.

S is the covariance of the targets where that is given; otherwise the targets are read as independent.
"""

import dataclasses
import math
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtr

from aigini.analysis.case import Case
from aigini.analysis.estimates import (
    NO_PROFILE,
    SAY_SE,
    overidentification,
    profiled,
    sensitivity_measures,
    standard_errors,
)
from aigini.analysis.evaluator import directions
from aigini.analysis.pieces import Pieces
from aigini.analysis.profile import DirectionProfile, Profile, direction_profile, profile
from aigini.analysis.regimes import SAY
from aigini.errors import AnalysisError
from aigini.estimation.problem import FreeSpace
from aigini.inference.identification import Identification, identification
from aigini.inference.influence import influence
from aigini.inference.informativeness import variance_shares
from aigini.inference.intervals import Interval, delta_interval
from aigini.inference.overidentification import JTest
from aigini.inference.sensitivity import Sensitivity
from aigini.moments.responses import RESPONSE_NAMES
from aigini.parameters import PARAMETER_NAMES

FUNCTIONS = ("gini_total", "gini_wage", "between_firm_variance", "labour_share", "output")


@dataclasses.dataclass(frozen=True)
class Matrix:
    """A matrix with names.

    Attributes:
        rows: Names of the rows.
        columns: Names of the columns.
        values: ``[rows, columns]``.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: np.ndarray


@dataclasses.dataclass(frozen=True)
class SignUncertainty:
    """How uncertain the change of one Gini is, to first order.

    Attributes:
        concept: ``total`` or ``wage``.
        estimated_with: Targets that the parameters are estimated from.
        change: The change of the Gini at the estimates.
        sd: Its standard deviation, from targets and external parameters together.
        probability: P(change > 0), by a normal approximation.
        variance: Contribution to the variance of each target and each external parameter's range; that of a target
            which is correlated with others may be negative.
        entropy: Of the sign, in bits.
        value_of_precision: Fall of that entropy, in millibits, per 1 % more precision (1/s.e.²) of each target.
    """

    concept: str
    estimated_with: tuple[str, ...]
    change: float
    sd: float
    probability: float
    variance: Mapping[str, float]
    entropy: float
    value_of_precision: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class Decomposition:
    """Result of the analysis.

    Attributes:
        params: Every parameter at the estimates.
        free: Estimated parameters.
        jacobian: Of the targeted moments in all parameters, natural units.
        functions: Of the outcomes in all parameters, natural units.
        elasticities: d response / d log parameter: of moments in standard errors of their targets, of outcomes over the
            absolute value of their change; per 100 %.
        influence: Λ, change of estimates per unit of target.
        se: Standard errors of the estimates by kind and parameter: ``independent`` targets, ``worst_case`` over their
            correlations, ``known_covariance`` (None where it is not given), and each ``..._with_simulation`` noise
            (None without replications).
        pins: Share of each estimate's variance that comes from each target, ``[free, moments]``; negative shares are
            those of correlated targets that cancel.
        identification: Singular values and weak directions.
        measures: The six sensitivity measures, as far as they are defined.
        signs: Uncertainty of the sign of each Gini, with m6 among the targets and without it.
        intervals: 95 % confidence intervals of the estimates by the delta method on the unconstrained scale, by kind of
            standard error and parameter.
        overidentification: Test of the targets beyond as many as there are parameters, with their covariance where
            that is given, and otherwise read as independent.
        profiles: Profile of each estimate; empty unless asked for.
        weakest: Profile along the direction that the moments say least about; None unless asked for.
        undefined: Why a sensitivity measure, or ``profile``, is missing.
    """

    params: Mapping[str, float]
    free: tuple[str, ...]
    jacobian: Matrix
    functions: Matrix
    elasticities: Matrix
    influence: Matrix
    se: Mapping[str, Mapping[str, float] | None]
    pins: Matrix
    identification: Identification
    measures: tuple[Sensitivity, ...]
    signs: tuple[SignUncertainty, ...]
    intervals: Mapping[str, Mapping[str, Interval]]
    overidentification: JTest
    profiles: tuple[Profile, ...] = ()
    weakest: DirectionProfile | None = None
    undefined: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def best_kind(self) -> str:
        """The kind of standard errors that uses everything which is known of the targets."""
        return "independent" if self.se.get("known_covariance") is None else "known_covariance"

    def __str__(self) -> str:
        columns = {SAY_SE[kind]: self.se[kind] for kind in SAY_SE if kind in self.se}
        columns["with sim."] = self.se.get(f"{self.best_kind}_with_simulation")
        shown = {head: errors for head, errors in columns.items() if errors is not None}
        lines = [
            "standard errors by the correlations of the targets; with sim.: the first of them with simulation noise",
            f"{'estimate':24s}{'value':>12s}" + "".join(f"{head:>13s}" for head in shown) + "  pinned by",
        ]
        for name, shares in zip(self.free, self.pins.values, strict=True):
            order = np.argsort(-shares)[:2]
            pinned = ", ".join(f"{self.pins.columns[j]} {100 * shares[j]:.0f} %" for j in order if shares[j] > 0.01)
            errors = "".join(f"{by_name[name]:13.3g}" for by_name in shown.values())
            lines.append(f"{name:24s}{self.params[name]:12.5g}{errors}  {pinned}")
        kinds = [kind for kind in SAY_SE if kind in self.intervals]
        lines += ["", "95 % intervals: " + "; ".join([*(SAY_SE[kind] for kind in kinds), "profile"])]
        profiles = {profile.parameter: str(profile.interval) for profile in self.profiles}
        for name in self.free:
            parts = [str(self.intervals[kind][name]) for kind in kinds]
            lines.append(f"{name:24s}" + "; ".join([*parts, profiles.get(name, "not asked for")]))
        test = self.overidentification
        lines += ["", str(self.identification), *([] if self.weakest is None else [str(self.weakest)])]
        lines += ["", str(test) if test.degrees > 0 else test.message]
        lines += [f"{kind} is not defined: {reason}" for kind, reason in self.undefined.items()] + [""]
        for sign in self.signs:
            top = sorted(sign.variance.items(), key=lambda item: -abs(item[1]))[:4]
            total = sum(sign.variance.values())
            shares = ", ".join(f"{name} {100 * value / total:.0f} %" for name, value in top) if total else "nothing"
            lines.append(
                f"Gini of {SAY[sign.concept]} {sign.change:+.4f} (sd {sign.sd:.4f}, P(rise) {sign.probability:.2f}),"
                f" estimated with {', '.join(sign.estimated_with)}; variance from {shares}"
            )
            best = max(sign.value_of_precision, key=lambda name: sign.value_of_precision[name])
            lines.append(
                f"  the sign is {sign.entropy:.2f} bits uncertain; 1 % more precision of {best} would lower that most,"
                f" by {sign.value_of_precision[best]:.3g} millibits"
            )
        return "\n".join(lines)


def decompose(
    case: Case,
    ranges: Mapping[str, tuple[float, float]],
    simulation: np.ndarray | None = None,
    pieces: Pieces | None = None,
) -> Decomposition:
    """Everything the Jacobian at the estimates says.

    Args:
        case: The economy at its estimates.
        ranges: (low, high) of external parameters; read as uniform, so that their variance is (high - low)²/12.
        simulation: Covariance of the simulated moments over other draws, ``[moments, moments]``.
        pieces: Finished pieces of an earlier run; with None no profile is computed.

    Raises:
        IdentificationError: if the targets do not determine the estimates, naming the direction.
        AnalysisError: if a range is given for a parameter that is estimated or tied.
    """
    _check_ranges(case, ranges)
    names, moments = case.space.names, tuple(case.targets)
    matrix, weighting, se = case.moment_jacobian, case.weighting, case.se
    all_moments = case.jacobian[list(case.rows)]
    functions = case.jacobian[[RESPONSE_NAMES.index(name) for name in FUNCTIONS]]
    size = np.array([abs(case.values[name]) for name in PARAMETER_NAMES])
    changes = np.array([abs(case.response(name)) for name in FUNCTIONS])
    elasticities = np.concatenate([all_moments / se[:, None], functions / changes[:, None]]) * size[None, :]
    estimates = standard_errors(case, simulation)
    best = next(errors for kind in SAY_SE if (errors := estimates[kind]) is not None)
    measures, missing = sensitivity_measures(case)
    undefined: dict[str, str] = {**missing}
    profile_case = None if pieces is None else profiled(case, simulation)
    if pieces is not None and profile_case is None:
        undefined["profile"] = NO_PROFILE
    found = identification(matrix, se, case.estimates, names, moments=moments)
    return Decomposition(
        params=case.values,
        free=names,
        jacobian=Matrix(moments, PARAMETER_NAMES, all_moments),
        functions=Matrix(FUNCTIONS, PARAMETER_NAMES, functions),
        elasticities=Matrix((*moments, *FUNCTIONS), PARAMETER_NAMES, elasticities),
        influence=Matrix(names, moments, influence(matrix, weighting, names=names)),
        se={
            kind: None if values is None else dict(zip(names, values.tolist(), strict=True))
            for kind, values in estimates.items()
        },
        pins=Matrix(names, moments, variance_shares(matrix, weighting, case.target_covariance)),
        identification=found,
        measures=measures,
        undefined=undefined,
        signs=tuple(
            _sign(case, concept, ranges, left_out)
            for concept in ("total", "wage")
            for left_out in ((), ("m6",))
            if not left_out or ("m6" in moments and "eta1" in names)
        ),
        intervals={
            kind: {name: _interval(case, name, float(error)) for name, error in zip(names, errors, strict=True)}
            for kind, errors in estimates.items()
            if kind in SAY_SE and errors is not None
        },
        overidentification=overidentification(case, simulation),
        profiles=()
        if profile_case is None
        else tuple(profile(profile_case, name, float(e), pieces) for name, e in zip(names, best, strict=True)),
        weakest=None if profile_case is None else direction_profile(profile_case, found, pieces),
    )


def _interval(case: Case, name: str, se: float) -> Interval:
    space = FreeSpace((name,), case.space.tie)
    slope = float(jax.jacfwd(space.unconstrained)(jnp.array([case.values[name]]))[0, 0])
    return delta_interval(
        case.values[name],
        se,
        to_unconstrained=lambda value: float(space.unconstrained(jnp.array([value]))[0]),
        from_unconstrained=lambda point: float(space.natural(jnp.array([point]))[0]),
        slope=slope,
    )


def _check_ranges(case: Case, ranges: Mapping[str, tuple[float, float]]) -> None:
    for name in ranges:
        if name in case.space.names:
            raise AnalysisError(f"ranges.{name}: {name} is estimated, so its range is not external; leave it out.")
        if name == "eta0" and case.space.tie != "none":
            raise AnalysisError('ranges.eta0: eta0 is tied to eta1; leave it out, or set calibration.tie = "none".')


def _sign(
    case: Case, concept: str, ranges: Mapping[str, tuple[float, float]], left_out: tuple[str, ...]
) -> SignUncertainty:
    """Uncertainty when some targets are left out; then η1 is not estimated either, and known only to lie in (0, 1)."""
    kept = [i for i, name in enumerate(case.targets) if name not in left_out]
    targets = tuple(list(case.targets)[i] for i in kept)
    names = tuple(name for name in case.space.names if not (left_out and name == "eta1"))
    external = {name: span for name, span in ranges.items() if name not in names}
    if left_out:
        external["eta1"] = (0.0, 1.0)
    space = FreeSpace(names, case.space.tie)
    covariance, rows = case.target_covariance[np.ix_(kept, kept)], [case.rows[i] for i in kept]
    free = case.jacobian @ directions(space.names, space.tie).T
    response = influence(free[rows], case.weighting[np.ix_(kept, kept)], names=names)
    row = RESPONSE_NAMES.index(f"gini_{concept}")
    by_target = free[row] @ response
    # A covariance counts half with each of its two targets.
    variance = dict(zip(targets, (by_target * (covariance @ by_target)).tolist(), strict=True))
    moves = case.jacobian @ directions(tuple(external), space.tie).T
    # An external parameter moves the Gini directly, and through the estimates that keep the targets met.
    by_external = moves[row] - by_target @ moves[rows]
    for (name, (low, high)), derivative in zip(external.items(), by_external, strict=True):
        variance[name] = float((derivative * (high - low)) ** 2 / 12)
    change, sd = case.response(f"gini_{concept}"), math.sqrt(max(sum(variance.values()), 0.0))
    probability = float(ndtr(change / sd)) if sd > 0 else float(change > 0)
    return SignUncertainty(
        concept=concept,
        estimated_with=targets,
        change=change,
        sd=sd,
        probability=probability,
        variance=variance,
        entropy=_entropy(probability),
        value_of_precision={name: 1000 * _entropy_slope(change, sd) * variance[name] / 100 for name in targets},
    )


def _entropy(p: float) -> float:
    """Entropy of a sign in bits."""
    return -sum(q * math.log2(q) for q in (p, 1 - p) if q > 0)


def _entropy_slope(change: float, sd: float) -> float:
    """Derivative of the entropy in the variance; a target's part of that falls one to one with its log precision."""
    if sd == 0:
        return 0.0
    z = change / sd
    p = float(ndtr(z))
    if not 0 < p < 1:
        return 0.0
    density = math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return math.log2((1 - p) / p) * density * (-z / (2 * sd**2))
