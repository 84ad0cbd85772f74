"""Expected value of sample information about the sign of a change, from posterior draws.

Halving the standard error s of a target is worth the same as one more independent measurement of that moment with
variance s²/3, because 1/s² + 3/s² = 4/s². Its outcome y is not known yet. For every outcome that the posterior thinks
possible, the draws are weighted by N(y | m(θ), s²/3) and give the probability of a rise; the value of the measurement
is by how much it lowers the entropy of the sign on average. Nothing is sampled again.

Source: Lindley, Annals of Mathematical Statistics 27 (1956), for the expected reduction of entropy; Heath, Manolopoulou
and Baio, Medical Decision Making 37 (2017), for computing it from the draws of one posterior.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri, xlogy
from scipy.stats import qmc

from aigini.inference import checks
from aigini.resolution import Simulated
from aigini.tables import Column, Table, Tabular

EXTRA = 3.0
"""Precision of the added measurement that halves a standard error, relative to the old one."""
ESS = 100
"""Effective sample size below which the draws are too few for an outcome."""
FEW = 0.05
"""Largest share of outcomes for which they may be too few: far outcomes have few draws near them, but seldom occur."""
TOGETHER = "all at once"

_REPLICATES = 8
_BLOCK = 128


@dataclasses.dataclass(frozen=True)
class Gain:
    """The value of one measurement.

    Attributes:
        name: Moment whose standard error is halved.
        bits: Expected reduction of the entropy of the sign; not negative but for Monte Carlo error.
        mcse: Monte Carlo standard error of it, from the outcomes and from the draws.
        bias: Correction for entropies being too small when they are estimated from few draws, bits; it was subtracted.
        smallest_ess: Smallest effective sample size of the weights over all outcomes.
        few: Share of the outcomes with an effective sample size below `ESS`.
        population_error: Standard error of `bits` from the draw of the population; None where it is conditional on the
            population that was drawn.
    """

    name: str
    bits: float
    mcse: float
    bias: float
    smallest_ess: float
    few: float
    population_error: float | None = None

    @property
    def error(self) -> float:
        """Total standard error of `bits`."""
        return float(np.hypot(self.mcse, self.population_error or 0.0))


@dataclasses.dataclass(frozen=True)
class Information(Tabular):
    """Expected information of each measurement about the sign.

    Attributes:
        probability: Posterior probability of a rise.
        entropy: Entropy of the sign, bits.
        gains: One for each moment, and the last for all at once.
        marks: Sentences about results that are not reliable.
    """

    probability: float
    entropy: float
    gains: tuple[Gain, ...]
    marks: tuple[str, ...]

    @property
    def most_worth(self) -> Gain | None:
        """The single moment most worth measuring better; None unless it stands out of the error of each difference.

        None too where the draws are too few for some moment, so that errors are not reliable.
        """
        single = sorted((gain for gain in self.gains if gain.name != TOGETHER), key=lambda gain: -gain.bits)
        if not single or any(gain.few > FEW for gain in single):
            return None
        best = single[0]
        clear = all(
            Simulated(best.bits - gain.bits, float(np.hypot(best.error, gain.error))).sign > 0 for gain in single[1:]
        )
        return best if clear and Simulated(best.bits, best.error).sign > 0 else None

    def table(self) -> Table:
        """Bits that halving each standard error would save."""
        gains = self.gains
        shares = [gain.bits / self.entropy if self.entropy > 0 else None for gain in gains]
        sizes = [gain.smallest_ess for gain in gains]
        return Table(
            (
                Column("of", [gain.name for gain in gains]),
                Column("saves bits", [gain.bits for gain in gains], ".4f"),
                Column("MC s.e.", [gain.mcse for gain in gains], ".4f"),
                Column("pop. s.e.", [gain.population_error for gain in gains], ".4f"),
                Column("share", shares, ".1%"),
                Column("least ESS", sizes, text=[f"{size:.0f}{'*' if size < ESS else ' '}" for size in sizes]),
                Column(f"below {ESS}", [gain.few for gain in gains], ".1%"),
            )
        )

    def __str__(self) -> str:
        lines = [
            f"sign: probability of a rise {self.probability:.3f}, entropy {self.entropy:.3f} bits; halving the s.e.",
            str(self.table()),
        ]
        lines.append(self._ranking())
        return "\n".join([*lines, *self.marks])

    def _ranking(self) -> str:
        best = self.most_worth
        if best is not None:
            return f"most worth measuring better: {best.name}, by more than two total s.e. of each difference"
        if any(gain.few > FEW for gain in self.gains if gain.name != TOGETHER):
            return "moments are not ranked: the draws are too few for some of them"
        return "no single moment is worth more than every other by two total s.e. of the difference"


def value_of_information(
    moments: np.ndarray,
    rises: np.ndarray,
    covariance: np.ndarray,
    names: Sequence[str] | None = None,
    *,
    outcomes: int = 2048,
    relative_efficiency: float = 1.0,
    seed: int = 0,
) -> Information:
    """Expected reduction of the entropy of a sign from halving the standard error of each moment, and of all at once.

    Outcomes are a scrambled Sobol sequence over draws and measurement errors, in eight independent scramblings.

    Args:
        moments: Simulated moments at each draw, ``[n, q]``.
        rises: True for draws at which the change is positive, ``[n]``.
        covariance: Covariance of the targets ``[q, q]``, or their standard errors ``[q]``. A single moment is measured
            again with a third of its variance, all at once with a third of the covariance.
        names: Names of the moments; by default "moment 1", "moment 2" ...
        outcomes: Outcomes of each measurement, eight times a power of two.
        relative_efficiency: Effective sample size of the draws over n.
        seed: Seed of the scramblings.

    Raises:
        ValueError: if shapes differ, a number is not finite, the covariance is not positive definite, or the number of
            outcomes is not eight times a power of two.
    """
    m = checks.matrix("moments", moments)
    n, q = m.shape
    sign = checks.vector("rises", rises, n)
    if not np.isin(sign, (0.0, 1.0)).all():
        raise ValueError("rises holds numbers other than 0 and 1; give whether the change is positive in each draw.")
    given = np.asarray(covariance, float)
    matrix = np.diag(checks.vector("covariance", given, q, positive=True) ** 2) if given.ndim == 1 else given
    matrix, root = checks.semidefinite("covariance", matrix, q, positive=True)
    if np.linalg.matrix_rank(root / np.sqrt(np.diagonal(matrix))[:, None]) < q:
        raise ValueError("covariance is singular, so that a moment follows from others; leave that moment out.")
    points = outcomes // _REPLICATES
    if outcomes % _REPLICATES or points < 2 or points & (points - 1):
        raise ValueError(f"outcomes = {outcomes} must be {_REPLICATES} times a power of two, such as 2048.")
    if not (np.isfinite(relative_efficiency) and relative_efficiency > 0):
        raise ValueError(f"relative_efficiency = {relative_efficiency} must be a positive finite number.")

    labels = checks.labels("names", names, q, "moment")
    size = n * relative_efficiency
    probability = float(sign.mean())
    entropy = float(_entropy(probability))
    measurements = {name: m[:, k, None] / np.sqrt(matrix[k, k]) for k, name in enumerate(labels)}
    measurements[TOGETHER] = np.linalg.solve(np.linalg.cholesky(matrix), m.T).T
    gains = tuple(
        Gain(name, 0.0, 0.0, 0.0, size, 0.0)
        if probability in (0.0, 1.0)
        else _gain(name, (signal - signal.mean(axis=0)) * np.sqrt(EXTRA), sign, points, relative_efficiency, seed)
        for name, signal in measurements.items()
    )
    marks = [
        f"{gain.name}: the effective sample size is below {ESS} for {gain.few:.1%} of the outcomes (the smallest is"
        f" {gain.smallest_ess:.0f}), expected at most {FEW:.0%}; take more draws."
        for gain in gains
        if gain.few > FEW
    ]
    if probability in (0.0, 1.0):
        marks.append(
            f"the sign is {'positive' if probability else 'negative'} in all {n} draws, so there is nothing left to"
            " learn as far as they show; take more draws to see the other sign."
        )
    return Information(probability, entropy, gains, tuple(marks))


def _gain(name: str, signal: np.ndarray, sign: np.ndarray, points: int, relative_efficiency: float, seed: int) -> Gain:
    """The value of measuring `signal` ``[n, d]`` with independent errors of variance one."""
    n, d = signal.shape
    size = n * relative_efficiency
    share = float(sign.mean())
    # Draws along the direction in which the signs differ, so that a replicate covers them evenly.
    order = np.argsort(signal @ (signal[sign == 1].mean(axis=0) - signal[sign == 0].mean(axis=0)), kind="stable")
    outcomes = []
    for generator in np.random.default_rng(seed).spawn(_REPLICATES):
        uniform = qmc.Sobol(d + 1, rng=generator).random(points)
        drawn = order[np.minimum((uniform[:, 0] * n).astype(int), n - 1)]
        errors = ndtri(np.clip(uniform[:, 1:], 1e-12, 1 - 1e-12))
        outcomes.append(signal[drawn] + errors)
    outcome = np.concatenate(outcomes)

    probability, variance, ess = (np.empty(len(outcome)) for _ in range(3))
    half = 0.5 * np.sum(signal**2, axis=1)
    tiny = np.finfo(float).tiny
    reached, learned = np.zeros(n), np.zeros(n)
    for start in range(0, len(outcome), _BLOCK):
        part = slice(start, start + _BLOCK)
        # log N(y | signal) up to a constant of y; signals are centred, so little is lost by cancellation.
        log_weights = outcome[part] @ signal.T - half
        weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        squares = weights**2
        p, total = weights @ sign, squares.sum(axis=1)
        probability[part], ess[part] = np.clip(p, 0.0, 1.0), relative_efficiency / total
        variance[part] = (squares @ sign * (1 - 2 * p) + total * p**2) / relative_efficiency
        # Outcomes follow the mixture of all draws, so these weights are also those of the outcomes given a draw.
        if_rise, if_fall = (np.log2(np.maximum(ratio, tiny)) for ratio in (p / share, (1 - p) / (1 - share)))
        reached += weights.sum(axis=0)
        learned += sign * (if_rise @ weights) + (1 - sign) * (if_fall @ weights)
    left = _entropy(probability)
    # Second-order bias of entropies of estimated probabilities, of the prior and of the posteriors: var(p) H''(p) / 2.
    spread = probability * (1 - probability)
    uncertain = spread > 1e-12
    excess = np.where(uncertain, variance / np.where(uncertain, spread, 1.0), 0.0)
    bias = (excess.mean() - 1 / size) / (2 * np.log(2))
    # The mean of log2 p(sign | y) / p(sign) over the errors of a draw is the influence of the draw on the result.
    influence = learned[reached > 0] / reached[reached > 0]
    replicates = left.reshape(_REPLICATES, points).mean(axis=1)
    between = replicates.var(ddof=1) / _REPLICATES
    return Gain(
        name=name,
        bits=float(_entropy(share) - left.mean() - bias),
        mcse=float(np.sqrt(between + influence.var(ddof=1) / size)),
        bias=float(bias),
        smallest_ess=float(ess.min()),
        few=float(np.mean(ess < ESS)),
    )


def _entropy(p: np.ndarray | float) -> np.ndarray:
    """Entropy of an event of probability p, bits."""
    return np.asarray(-(xlogy(p, p) + xlogy(1 - p, 1 - p)) / np.log(2))
