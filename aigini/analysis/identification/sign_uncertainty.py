"""Uncertainty of the sign of the change of a Gini, to first order, from the Jacobian at the estimates.

With d the derivatives of the change in the targets, its variance is d'Sd, that is Σ d² se² for independent targets, the
sign has probability P = Φ(mean / sd) and entropy H(P), and one more per cent of precision of target j, its correlations
unchanged, lowers H by (dH/d var) d_j (Sd)_j / 100.

Where m6 is left out, nothing is left that says where η1 lies between 0 and 1. Its distribution is then the uniform one,
mean 1/2, and the mean of the change is taken there, the other parameters estimated again to first order: the value of
m6, an assumption, does not come back through the point at which the derivatives are taken.
"""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr

from aigini.analysis.identification.profile import Profile
from aigini.analysis.identification.reliability import INSTEAD, bent_profiles, beyond_bounds
from aigini.analysis.identification.standard_errors import SE_WORDS, standard_errors
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import shown, shown_percent
from aigini.inference.influence import influence
from aigini.resolution import Simulated
from aigini.statistics.catalogue import CONCEPT_WORDS
from aigini.statistics.outcomes import OUTCOME_NAMES


@dataclasses.dataclass(frozen=True)
class SignUncertainty:
    """Uncertainty of the change of one Gini, to first order.

    Attributes:
        concept: ``total`` or ``wage``.
        estimated_with: Targets that the parameters are estimated from.
        change: First-order mean of the change of the Gini, at the estimates that these targets give; without m6, with
            η1 at one half, the mean of what is then known of it, so that the value of m6 does not enter.
        sd: Its standard deviation, from targets and external parameters together.
        probability: P(change > 0), by a normal approximation.
        variance: Contribution to the variance of each target and each external parameter's range; that of a target
            which is correlated with others may be negative.
        entropy: Entropy of the sign, bits.
        value_of_precision: Fall of that entropy, in millibits, per 1 % more precision (1/s.e.²) of each target.
        unreliable: Why the probability and what follows from it are not to be relied on, see
            `aigini.analysis.identification.reliability`; empty if no check failed.
        simulation_se: Simulation standard errors of ``change``, ``sd``, ``probability`` and ``entropy``; None for what
            is not known, empty where none were computed.
        share_simulation_se: Those of the shares of the variance.
        value_simulation_se: Those of the values of precision.
        most_valuable: The target whose precision would lower the entropy most, if it is ahead of the next by more than
            simulation error; else None.
    """

    concept: str
    estimated_with: tuple[str, ...]
    change: float
    sd: float
    probability: float
    variance: Mapping[str, float]
    entropy: float
    value_of_precision: Mapping[str, float]
    unreliable: tuple[str, ...] = ()
    simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    share_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    value_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    most_valuable: str | None = None

    @property
    def shares(self) -> dict[str, float]:
        """Share of the variance by source; zero where there is no variance."""
        total = sum(self.variance.values())
        return {name: part / total if total else 0.0 for name, part in self.variance.items()}

    @property
    def against_half(self) -> Simulated:
        """P(rise) - 1/2, whose sign says whether a rise is more likely than a fall."""
        return Simulated(self.probability - 0.5, self.simulation_se.get("probability"))

    @property
    def _unknown(self) -> str:
        """Why a sign or a ranking is not known."""
        return "within simulation error" if self.simulation_se else "not known, as simulation errors were not measured"

    def __str__(self) -> str:
        errors = self.simulation_se
        head = (
            f"Gini of {CONCEPT_WORDS[self.concept]} {shown(self.change, errors.get('change'), '+.4f')}, sd"
            f" {shown(self.sd, errors.get('sd'), '.4f')}, estimated with {', '.join(self.estimated_with)}"
        )
        probability = f"P(rise) {shown(self.probability, errors.get('probability'), '.3f')}"
        if not self.against_half.resolved:
            probability += f" (whether a rise or a fall is more likely is {self._unknown})"
        top = sorted(self.shares.items(), key=lambda item: -abs(item[1]))[:4]
        parts = [f"{name} {shown_percent(share, self.share_simulation_se.get(name), '.1f')} %" for name, share in top]
        lines = [head, f"  to first order {probability}; variance from {', '.join(parts) if self.sd else 'nothing'}"]
        if self.unreliable:
            return "\n".join([*lines, f"  not reliable: {'; '.join(self.unreliable)}; {INSTEAD}"])
        bits = f"  the sign is {shown(self.entropy, errors.get('entropy'), '.3f')} bits uncertain"
        if self.most_valuable is None:
            return "\n".join([*lines, f"{bits}; which target would lower that most is {self._unknown}"])
        value = shown(
            self.value_of_precision[self.most_valuable], self.value_simulation_se.get(self.most_valuable), ".2g"
        )
        best = f"1 % more precision of {self.most_valuable} would lower that most, by {value} millibits"
        return "\n".join([*lines, f"{bits}; {best}"])


ETA1_RANGE = (0.0, 1.0)
"""What is known of η1 where m6 is left out."""


@dataclasses.dataclass(frozen=True)
class _Estimation:
    """The estimation from some of the targets, linear about the estimates.

    Attributes:
        used: Positions of the targets that are used.
        names: Parameters that are still estimated.
        external: Ranges of those that are not.
        influence: Λ of the former, ``[names, used]``.
    """

    used: list[int]
    names: tuple[str, ...]
    external: dict[str, tuple[float, float]]
    influence: np.ndarray


def _estimation(
    model: EstimatedModel, ranges: Mapping[str, tuple[float, float]], left_out: tuple[str, ...]
) -> _Estimation:
    used = [i for i, name in enumerate(model.targets) if name not in left_out]
    names = tuple(name for name in model.space.names if not (left_out and name == "eta1"))
    external = {name: span for name, span in ranges.items() if name not in names}
    if left_out:
        external["eta1"] = ETA1_RANGE
    if len(used) < len(names):
        raise AnalysisError(
            f"without {', '.join(left_out)} there are fewer targets ({len(used)}) than parameters that they have to"
            f" determine ({', '.join(names)}); add targets, or fix parameters."
        )
    if not names:  # what is left out was all that was estimated
        return _Estimation(used, names, external, np.zeros((0, len(used))))
    rows = [model.rows[i] for i in used]
    matrix = (model.jacobian @ model.space.over(names).directions.T)[rows]
    return _Estimation(used, names, external, influence(matrix, model.weighting[np.ix_(used, used)], names=names))


def sign_uncertainty(
    model: EstimatedModel,
    concept: str,
    ranges: Mapping[str, tuple[float, float]],
    left_out: tuple[str, ...] = (),
    profiles: tuple[Profile, ...] = (),
) -> SignUncertainty:
    """The distribution of the change of one Gini, normal to first order, and what its variance comes from.

    Args:
        model: The economy at its estimates.
        concept: ``total`` or ``wage``.
        ranges: (low, high) of external parameters, read as uniform about their values.
        left_out: Targets to leave out; η1 is then not estimated either, and uniform between 0 and 1.
        profiles: Profiles of estimates, from which it is judged whether first-order numbers can be relied on.

    Raises:
        IdentificationError: if the remaining targets do not determine the remaining parameters.
    """
    part = _estimation(model, ranges, left_out)
    targets = tuple(list(model.targets)[i] for i in part.used)
    rows, free = [model.rows[i] for i in part.used], model.space.over(part.names)
    row = OUTCOME_NAMES.index(f"gini_{concept}")
    by_target = (model.jacobian @ free.directions.T)[row] @ part.influence
    # A covariance counts half with each of its two targets.
    covariance = model.target_covariance[np.ix_(part.used, part.used)]
    variance = dict(zip(targets, (by_target * (covariance @ by_target)).tolist(), strict=True))
    moves = model.jacobian @ model.space.over(tuple(part.external)).directions.T
    # An external parameter moves the Gini directly, and through the estimates that keep the targets met.
    slopes = dict(zip(part.external, (moves[row] - by_target @ moves[rows]).tolist(), strict=True))
    moved = dict(zip(targets, (part.influence * np.sqrt(np.diagonal(covariance))).T, strict=True))
    for k, (name, (low, high)) in enumerate(part.external.items()):
        one_sd = (high - low) / math.sqrt(12)
        variance[name] = (slopes[name] * one_sd) ** 2
        moved[name] = -part.influence @ moves[rows, k] * one_sd
    # Where the targets that are used are not met exactly, estimates from them alone would be elsewhere.
    missed = np.array([model.targets[name].value for name in targets]) - model.outcomes[rows]
    change = model.outcome(f"gini_{concept}") + float(by_target @ missed)
    if left_out:
        change += slopes["eta1"] * (sum(ETA1_RANGE) / 2 - model.values["eta1"])
    sd = math.sqrt(max(sum(variance.values()), 0.0))
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
        unreliable=_unreliable(model, part, row, sd, variance, moved, profiles),
    )


def _unreliable(
    model: EstimatedModel,
    part: _Estimation,
    row: int,
    sd: float,
    variance: Mapping[str, float],
    moved: Mapping[str, np.ndarray],
    profiles: tuple[Profile, ...],
) -> tuple[str, ...]:
    """Why the numbers are not to be relied on; `moved` are the estimates' moves by one s.d. of each source."""
    if sd == 0:
        return ()
    shares = {name: own / sd**2 for name, own in variance.items()}
    errors = standard_errors(model, None)
    best = next(one for kind in SE_WORDS if (one := errors[kind]) is not None)
    total = np.sqrt(np.sum(np.array(list(moved.values())) ** 2, axis=0))
    space = model.space.over(part.names)
    slopes = (model.jacobian @ space.directions.T)[row]
    carried = dict(zip(part.names, (np.abs(slopes) * total / sd).tolist(), strict=True))
    return (
        *beyond_bounds(space, model.values, moved, shares),
        *bent_profiles(profiles, model.values, dict(zip(model.space.names, best.tolist(), strict=True)), carried),
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
