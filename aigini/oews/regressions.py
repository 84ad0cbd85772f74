"""Regressions by pyfixest, and their result.

Weights are analytic. Exposure enters panels through explicit ``i()`` terms: pyfixest's own event studies take no
weights. Occupations are few in some major groups and many in others, so standard errors by about 22 clusters are rough;
those of CRV3, which leave out one group at a time, are reported beside those of CRV1 and the heteroskedastic ones.
"""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from aigini.errors import AnalysisError, DataError, missing_extra
from aigini.oews.frames import Frame, pandas
from aigini.oews.layout import METHOD_BREAK
from aigini.oews.samples import Occupations, bounds, cross_section, value, wide
from aigini.oews.specifications import BEFORE_AI, Specification, require_usable
from aigini.oews.sufficiency import FEWEST, too_little
from aigini.runtime.progress import steps
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class Regression:
    """One coefficient of exposure, in log points per unit of the measure.

    Attributes:
        name: All choices in one line.
        outcome: 100 times a log.
        exposure: The measure.
        sample: Occupations and the treatment of top codes.
        years: Years.
        estimator: The estimator.
        weights: Weights.
        controls: Controls.
        fixed_effects: Fixed effects.
        cluster: Groups by which `se` and `se_crv3` are clustered.
        term: The year of an event study; ``"exposure"`` otherwise.
        coef: The coefficient.
        se: Its standard error by clusters, CRV1.
        se_hc1: The heteroskedastic one, HC1.
        se_crv3: By clusters, CRV3 (jackknife); None with fixed effects, whose dummies are lost with a group.
        se_occupation: Clustered by occupation, CRV1, in panels; None where each occupation is one observation.
        exposure_sd: Weighted standard deviation of the measure in the sample: times `coef` is the coefficient per s.d.
        clusters: Number of clusters.
        n: Observations.
        r2: Share of the weighted variance explained.
        occupations: Occupations; None in files that do not have them.
    """

    name: str
    outcome: str
    exposure: str
    sample: str
    years: str
    estimator: str
    weights: str
    controls: str
    fixed_effects: str
    cluster: str
    term: str
    coef: float
    se: float
    se_hc1: float
    se_crv3: float | None
    exposure_sd: float
    clusters: int
    n: int
    r2: float
    se_occupation: float | None = None
    occupations: int | None = None

    @property
    def n_occupations(self) -> int | None:
        """Occupations, each of which a panel has once a year; None where neither the file nor the years give them."""
        if self.occupations is not None or self.estimator not in ("two_way", "event_study"):
            return self.n if self.occupations is None else self.occupations
        first, _, last = self.years.partition("-")
        count = int(last) - int(first) + 1 if last else len(self.years.split(", "))
        return None if self.n % count else self.n // count

    @property
    def per_sd(self) -> float:
        """Coefficient per standard deviation of exposure, log points."""
        return self.coef * self.exposure_sd


@dataclasses.dataclass(frozen=True)
class Regressions(Tabular):
    """Regressions of occupation wages on exposure to AI.

    Attributes:
        regressions: One entry per coefficient.
    """

    regressions: tuple[Regression, ...]

    def table(self) -> Table:
        """All coefficients, one a row."""
        names = [field.name for field in dataclasses.fields(Regression)]
        return Table(tuple(Column(name, [getattr(r, name) for r in self.regressions]) for name in names))

    def __str__(self) -> str:
        lines = []
        for exposure in dict.fromkeys(r.exposure for r in self.regressions):
            lines += [f"{exposure}, log points per s.d.", str(_printed(self.regressions, exposure)), ""]
        return "\n".join([*lines, "CRV1, CRV3: by major group; HC1: heteroskedastic; n: observations"])


def _printed(regressions: Sequence[Regression], exposure: str) -> Table:
    rows = [r for r in regressions if r.exposure == exposure]
    jackknife = [None if r.se_crv3 is None else r.se_crv3 * r.exposure_sd for r in rows]
    return Table(
        (
            Column("regression", [f"{_SHORT.get(r.estimator, r.estimator)} {r.years} {r.outcome}" for r in rows]),
            Column("choices", [_choices(r) for r in rows]),
            Column("coef.", [r.per_sd for r in rows], "+.2f"),
            Column("CRV1", [r.se * r.exposure_sd for r in rows], ".2f"),
            Column("CRV3", jackknife, ".2f"),
            Column("HC1", [r.se_hc1 * r.exposure_sd for r in rows], ".2f"),
            Column("n", [r.n for r in rows], "d"),
        )
    )


_SHORT = {"long_difference": "difference", "two_way": "two-way", "event_study": "event study"}


def _choices(r: Regression) -> str:
    """The year of an event study, and choices that are not the usual ones."""
    choices = [r.term] * (r.term != "exposure") + [r.controls] * (r.controls != "none")
    choices += ["unweighted"] * (r.weights == "none")
    return ", ".join([*choices, *(part for part in r.sample.split("; ") if part not in _USUAL)])


_USUAL = ("same codes", "top codes: drop")


def estimate(data: Occupations, specifications: Sequence[Specification]) -> Regressions:
    """Run regressions, one after the other.

    Args:
        data: The occupations.
        specifications: Regressions to run. Of a list of several, those are left out that the data cannot carry:
            with fewer than `FEWEST` occupations, or too few that differ in exposure (`too_little`).

    Raises:
        AnalysisError: if a specification has a choice that is not there, or there is none.
        DataError: if a year is missing, or the data can carry none of the regressions.
        MissingExtraError: if pyfixest is not installed.
    """
    require_pyfixest()
    if not specifications:
        raise AnalysisError("oews: no specification was given; give one, or leave the list out for all.")
    for specification in specifications:
        require_usable(specification, list(data.exposures.columns))
        if missing := set(specification.years) - set(data.years):
            raise DataError(f"oews: there is no table of {', '.join(map(str, sorted(missing)))}; add it to the folder.")
    made: list[Regression] = []
    first = ""
    for specification in steps("regressions", list(specifications)):
        formula, frame, terms, effects = regression_data(data, specification)
        if lacking := too_little(specification, formula, frame):
            first = first or f"oews: {specification.name}: {lacking}."
            continue
        made += fit(specification, formula, frame, terms, effects)
    if not made:
        raise DataError(first)
    return Regressions(tuple(made))


_LEAST, _SHARE = 1e-7, 1e-12  # pyfixest takes a regressor with a sum of squares below 1e-9 for collinear


def require_pyfixest() -> None:
    """Refuse to go on without pyfixest.

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        import pyfixest  # noqa: F401
    except ImportError:
        raise missing_extra("Regressions on occupation wages", "pyfixest", "empirics") from None


def regression_data(data: Occupations, spec: Specification) -> tuple[str, Frame, dict[str, str], str]:
    """Formula, data, terms of interest by their names in print, and fixed effects of a specification."""
    if spec.estimator in ("two_way", "event_study"):
        return _panel(data, spec)
    base, *later = wide(data.rows(spec.codes), spec.years)
    frame = pandas().DataFrame({"major": base["major"], "x": data.exposures[spec.exposure].reindex(base.index)})
    # Bounds look at every value that a top-coded wage may have; otherwise there is one.
    if spec.top_codes in ("lower", "upper"):
        pairs = [bounds(one, spec.outcome) for one in (base, *later)]
        low, high = pairs[-1] if not later else (pairs[1][0] - pairs[0][1], pairs[1][1] - pairs[0][0])
        frame["y"] = high
        frame["low"] = low
    else:
        values = [value(one, spec.outcome, spec.top_codes) for one in (base, *later)]
        frame["y"] = values[-1] - values[0] if later else values[0]
        frame["y0"] = values[0]
    frame["l50"] = np.log(base["p50"])
    frame["w"] = base["emp"] if spec.weights == "employment" else 1.0
    terms = ["x"]
    if spec.controls != "none":
        # Of log medians the base outcome is the base log median; of levels it is the outcome itself.
        terms += [] if spec.outcome == "log p50" else ["l50"]
        terms += ["y0"] if later else []
    used = frame[["y", "w", *terms]].replace([np.inf, -np.inf], np.nan).notna().all(axis=1)
    frame = frame[used & (frame["w"] > 0)].reset_index(drop=True)
    effects = "major group" if spec.controls == "base and major group" else "none"
    right = " + ".join([*terms, *(["C(major)"] if effects != "none" else [])])
    if spec.top_codes in ("lower", "upper") and len(frame) >= FEWEST:
        others = right.removeprefix("x").removeprefix(" + ") or "1"
        rest = np.asarray(_feols(f"x ~ {others}", frame).resid())
        # The coefficient is a sum of outcomes times these residuals.
        frame["y"] = np.where((rest > 0) == (spec.top_codes == "upper"), frame["y"], frame["low"])
    return f"y ~ {right}", frame, {"x": "exposure"}, effects


def _panel(data: Occupations, spec: Specification) -> tuple[str, Frame, dict[str, str], str]:
    rows, years = data.rows(spec.codes), spec.years
    weights = cross_section(rows, years[0])["emp"]
    parts = []
    for year, one in zip(years, wide(rows, years), strict=True):
        part = pandas().DataFrame({"soc": one.index, "major": one["major"].to_numpy(), "year": year})
        part["y"] = value(one, spec.outcome, spec.top_codes).to_numpy()
        part["x"] = data.exposures[spec.exposure].reindex(one.index).to_numpy()
        part["w"] = weights.reindex(one.index).to_numpy() if spec.weights == "employment" else 1.0
        parts.append(part)
    frame = pandas().concat(parts, ignore_index=True).replace([np.inf, -np.inf], np.nan).dropna()
    frame = frame[frame["w"] > 0]
    frame = frame[frame.groupby("soc")["year"].transform("size") == len(years)].reset_index(drop=True)
    frame["post"], frame["mb3"] = (frame["year"] > BEFORE_AI).astype(int), (frame["year"] >= METHOD_BREAK).astype(int)
    by_group = spec.controls == "major group by year"
    effects = "occupation, major group by year" if by_group else "occupation, year"
    absorbed = "soc + major^year" if by_group else "soc + year"
    if spec.estimator == "event_study":
        reference = BEFORE_AI if BEFORE_AI in years else years[0]
        terms = {f"year::{year}:x": str(year) for year in years if year != reference}
        return f"y ~ i(year, x, ref={reference}) | {absorbed}", frame, terms, effects
    right = "i(post, x, ref=0)" + (" + i(mb3, x, ref=0)" if spec.method_break else "")
    return f"y ~ {right} | {absorbed}", frame, {"post::1:x": "exposure"}, effects


def fit(spec: Specification, formula: str, frame: Frame, terms: dict[str, str], effects: str) -> list[Regression]:
    """Coefficients of one regression with their standard errors.

    Raises:
        DataError: if one of them is not there or not finite.
    """
    model = _feols(formula, frame, vcov={"CRV1": "major"})
    coef, by_cluster, r2, n = model.coef(), model.se(), float(model._r2), int(model._N)
    names = {_plain(name): name for name in coef.index}
    jackknife = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if effects == "none":
            # pyfixest corrects the jackknife as it does CRV1, G/(G-1) (n-1)/(n-k), where its own factor is (G-1)/G.
            groups = frame["major"].nunique()
            excess = (groups / (groups - 1)) ** 2 * (n - 1) / (n - len(coef))
            jackknife = model.vcov({"CRV3": "major"}).se() / np.sqrt(excess)
        robust = model.vcov("HC1").se()
        by_occupation = model.vcov({"CRV1": "soc"}).se() if "soc" in frame else None
    shown = [names[term] for term in terms if term in names]
    every = [one for one in (coef, by_cluster, robust, jackknife, by_occupation) if one is not None]
    if len(shown) < len(terms) or not np.isfinite([r2, *(one[name] for one in every for name in shown)]).all():
        raise DataError(
            f"oews: {spec.name}: a coefficient or standard error is no finite number; choose another specification, or"
            " give tables with more occupations."
        )
    once = frame.drop_duplicates("soc") if "soc" in frame else frame
    mean = np.average(once["x"], weights=once["w"])
    return [
        Regression(
            name=spec.name if label == "exposure" else f"{spec.name} | {label}",
            outcome=spec.outcome,
            exposure=spec.exposure,
            sample=spec.sample,
            years=spec.span,
            estimator=spec.estimator,
            weights=spec.weights,
            controls=spec.controls if not spec.method_break else "slope break in 2021",
            fixed_effects=effects,
            cluster="major group",
            term=label,
            coef=_digits(coef[names[term]]),
            se=_digits(by_cluster[names[term]]),
            se_hc1=_digits(robust[names[term]]),
            se_crv3=None if jackknife is None else _digits(jackknife[names[term]]),
            exposure_sd=_digits(np.sqrt(np.average((once["x"] - mean) ** 2, weights=once["w"]))),
            clusters=int(frame["major"].nunique()),
            n=n,
            r2=_digits(r2),
            se_occupation=None if by_occupation is None else _digits(by_occupation[names[term]]),
            occupations=int(frame["soc"].nunique()) if "soc" in frame else len(frame),
        )
        for term, label in terms.items()
    ]


def _plain(name: str) -> str:
    """The name of an ``i()`` term without what marks its level."""
    return name.replace("[T.", "::").replace("[", "::").replace("]", "").replace("C(", "").replace("::::", "::")


_DIGITS = 9
"""Significant digits of a result. Behind them is the order in which a library adds up, which may change from run to
run; a result does not."""


def _digits(value: Any) -> float:
    return float(f"{value:.{_DIGITS - 1}e}")


def _feols(formula: str, frame: Frame, **options: Any) -> Any:
    from pyfixest.demeaners import MapDemeaner
    from pyfixest.estimation.api.feols import feols

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyfixest calls what pandas is about to drop
        # Two-way fixed effects are taken out by iteration, which is to leave nothing that `_DIGITS` show.
        return feols(formula, data=frame, weights="w", demeaner=MapDemeaner(fixef_tol=1e-12), **options)
