"""What the decomposition finds: typed results with a readable print."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from aigini.analysis.estimates import SAY_SE
from aigini.analysis.profile import DirectionProfile, Profile
from aigini.analysis.regimes import SAY
from aigini.inference.identification import Identification
from aigini.inference.intervals import Interval
from aigini.inference.overidentification import JTest
from aigini.inference.sensitivity import Sensitivity
from aigini.moments.responses import legend

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
        change: First-order mean of the change of the Gini, at the estimates that these targets give; without m6, with
            η1 at one half, the mean of what is then known of it, so that the value of m6 does not enter.
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
        changes: Outcomes at the estimates.
        target_se: Standard errors of the targets.
        outcome_influence: Change of the outcomes per unit of target, through the estimates: ∂h/∂θ Λ, signed as Λ.
        outcome_se: Standard errors of the outcomes that come from the targets, by kind as in `se`.
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
    changes: Mapping[str, float] = dataclasses.field(default_factory=dict)
    target_se: Mapping[str, float] = dataclasses.field(default_factory=dict)
    outcome_influence: Matrix | None = None
    outcome_se: Mapping[str, Mapping[str, float] | None] = dataclasses.field(default_factory=dict)
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
        outcomes = self._outcome_lines(list(shown))
        if outcomes:
            lines += ["", "outcomes: change, standard errors as above, and the target whose s.e. moves them most"]
            lines += [legend(*FUNCTIONS)]
            lines += outcomes
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

    def _outcome_lines(self, heads: Sequence[str]) -> list[str]:
        """One line for each outcome."""
        if self.outcome_influence is None:
            return []
        kinds = [kind for kind in (*SAY_SE, f"{self.best_kind}_with_simulation") if self.outcome_se.get(kind)]
        lines = []
        for name, row in zip(self.outcome_influence.rows, self.outcome_influence.values, strict=True):
            errors = "".join(f"{(self.outcome_se[kind] or {})[name]:13.3g}" for kind in kinds[: len(heads)])
            moved = row * np.array([self.target_se[moment] for moment in self.outcome_influence.columns])
            top = int(np.argmax(np.abs(moved)))
            target = self.outcome_influence.columns[top]
            lines.append(f"{name:24s}{self.changes[name]:12.5g}{errors}  {target} ({moved[top]:+.2g})")
        return lines
