"""Result of `aigini oews`: the files that were read, what is marked in them, and all regressions."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from aigini.oews.frames import Frame
from aigini.oews.handling import handling_tables, main_measure
from aigini.oews.inference import LEVEL, interval_text, p_value
from aigini.oews.layout import METHOD_BREAK, WAGES
from aigini.oews.matches import Match, match_words
from aigini.oews.regressions import Regression, Regressions
from aigini.oews.specifications import HEADLINE, WINDOWS
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class TableRead:
    """One published table.

    Attributes:
        year: May of this year.
        file: Name of the file.
        sha256: Its digest.
        employment: Published employment of all occupations.
        mean_wage: Published mean annual wage of all occupations, dollars.
        occupations: Detailed occupations.
        top_code: Annual top code, dollars.
        top_coded: Detailed occupations with at least one top-coded percentile.
        unavailable: Detailed occupations with at least one wage that is not available.
        hybrid: Detailed occupations with a code of the hybrid classification.
    """

    year: int
    file: str
    sha256: str
    employment: float
    mean_wage: float
    occupations: int
    top_code: float
    top_coded: int
    unavailable: int
    hybrid: int


def tables_read(table: Frame, rows: Frame) -> tuple[TableRead, ...]:
    """Contents of each published table in numbers.

    Args:
        table: Published tables, see `aigini.oews.read`.
        rows: The panel, see `aigini.oews.panel.panel`.
    """
    made = []
    for year, own in rows.groupby("year"):
        total = table[(table["year"] == year) & (table["group"] == "total")]
        marks = own[[f"{name}_mark" for name in WAGES]].to_numpy()
        made.append(
            TableRead(
                year=int(year),
                file=str(own["file"].iloc[0]).rsplit("/", 1)[-1],
                sha256=str(own["sha256"].iloc[0]),
                employment=float(total["emp"].sum()),
                mean_wage=float(total["mean"].mean()),
                occupations=len(own),
                top_code=float(own["top_code"].iloc[0]),
                top_coded=int((marks == "#").any(axis=1).sum()),
                unavailable=int((marks == "*").any(axis=1).sum()),
                hybrid=int((own["match"] == "hybrid").sum()),
            )
        )
    return tuple(made)


@dataclasses.dataclass(frozen=True)
class OccupationWages(Tabular):
    """Occupation wages and exposure to AI in published data.

    Attributes:
        tables: The tables that were read.
        regressions: One entry per coefficient of exposure.
        matches: Published occupations that have each measure; empty in files that do not have them.
    """

    units: ClassVar[Units] = file_units(
        coef="log points (100 times a log) per unit of exposure", exposure_sd="units of exposure", r2="0 to 1"
    )

    tables: tuple[TableRead, ...]
    regressions: tuple[Regression, ...]
    matches: tuple[Match, ...] = ()

    def table(self) -> Table:
        """All coefficients, one a row."""
        return Regressions(self.regressions).table()

    def headline(self, window: tuple[int, int]) -> tuple[Regression, ...]:
        """The usual long difference of the dispersion ratio, for every measure of exposure."""
        return tuple(
            r
            for r in self.regressions
            if r.estimator == "long_difference" and r.outcome == HEADLINE and r.years == f"{window[0]}-{window[1]}"
            if r.controls == "none" and r.weights == "employment" and r.sample == "same codes; top codes: drop"
        )

    def signs(self, window: tuple[int, int]) -> Mapping[str, int]:
        """Numbers of measures by the sign of the headline coefficient, and of those that differ from zero at 5 %."""
        rows = self.headline(window)
        return {
            "negative": sum(r.coef < 0 for r in rows),
            "positive": sum(r.coef > 0 for r in rows),
            "significant": sum(significant(r) for r in rows),
        }

    def __str__(self) -> str:
        lines = [str(self._files()), ""]
        lines += [match_words(self.matches), ""] if self.matches else []
        for window in WINDOWS:
            rows = self.headline(window)
            if not rows:
                continue
            lines += [
                f"Change of 100 log {HEADLINE}, {window[0]}-{window[1]}, per s.d. of exposure, employment weights,"
                " occupations with a top-coded percentile left out"
            ]
            lines += [str(_coefficients(rows)), "", self._words(window), ""]
        rows = [r for r in self.regressions if r.estimator in ("long_difference", "two_way") and r.outcome == HEADLINE]
        if rows:
            measure = main_measure(list(dict.fromkeys(r.exposure for r in rows)))
            for name, table in handling_tables(rows, measure).items():
                lines += [f"{measure}, {name}, by the handling of the data, per s.d. of exposure", str(table), ""]
            lines += [_ERRORS, ""]
        if self.tables[0].year < METHOD_BREAK <= self.tables[-1].year:
            lines.append(
                f"Estimates of May {METHOD_BREAK} and later rest on another method (MB3) than earlier ones, and each"
                " release pools the survey panels of three years: changes over the break mix both."
            )
        lines.append(
            "Percentiles are of all workers of an occupation, over establishments, regions and tasks; no change of"
            " dispersion within tasks can be read from them directly."
        )
        return "\n".join(lines)

    def _files(self) -> Table:
        tables = self.tables
        return Table(
            (
                Column("May", [str(one.year) for one in tables]),
                Column("employment", [one.employment for one in tables], ",.0f"),
                Column("mean wage", [one.mean_wage for one in tables], ",.0f"),
                Column("occupations", [one.occupations for one in tables], "d"),
                Column("top code", [one.top_code for one in tables], ",.0f"),
                Column("top-coded", [one.top_coded for one in tables], "d"),
                Column("unavailable", [one.unavailable for one in tables], "d"),
                Column("hybrid codes", [one.hybrid for one in tables], "d"),
            )
        )

    def _words(self, window: tuple[int, int]) -> str:
        counts, rows = self.signs(window), self.headline(window)
        every = self.specifications(window)
        open_ends = [r for r in every if r.sample.endswith(_OPEN)]
        known = [r.per_sd for r in every if not r.sample.endswith(_OPEN)]
        fewest = min(r.clusters for r in rows)
        if len(rows) == 1:
            sign = "negative" if counts["negative"] else "positive"
            words = (
                f"The coefficient is {sign} and {'differs' if counts['significant'] else 'does not differ'} from zero"
            )
        else:
            count = counts["significant"]
            words = (
                f"Of {len(rows)} measures, {counts['negative']} give a negative and {counts['positive']} a positive"
                f" coefficient; {count or 'none'} {'differ' if count > 1 else 'differs'} from zero"
            )
        words += (
            f" at 5 % by CRV3 with {fewest} clusters, few enough that clustered errors are rough. Over the {len(known)}"
            " specifications of these years in which top-coded occupations are left out, or have the top code as their"
            f" wage, the coefficient runs from {min(known):+.2f} to {max(known):+.2f} log points per s.d."
        )
        if open_ends:
            every_one = [r.per_sd for r in every]
            words += (
                f" Over all {len(every)}, with the {len(open_ends)} lowest and highest coefficients that any wages"
                f" above the top code give, it runs from {min(every_one):+.2f} to {max(every_one):+.2f}."
            )
        return words

    def specifications(self, window: tuple[int, int]) -> tuple[Regression, ...]:
        """All long differences of the dispersion ratio over these years."""
        return tuple(
            r
            for r in self.regressions
            if r.estimator == "long_difference" and r.outcome == HEADLINE and r.years == f"{window[0]}-{window[1]}"
        )


_OPEN = ("lower", "upper")  # treatments of top codes that give ends of an interval
_ERRORS = (
    "95 % and p: by CRV3, or by CRV1 where there is none, and t with one degree of freedom less than clusters. CRV1 and"
    " CRV3: clustered by major group; HC1: heteroskedastic; occupation: clustered by occupation (CRV1). Effects of"
    " occupations are lost with a group, so that panels have no CRV3 here; with the simulated surveys is that of the"
    " panel of all years, from its contrast over years. Lowest and highest: of any wages between the top code and a"
    " ceiling."
)


def significant(regression: Regression) -> bool:
    """True if a coefficient differs from zero at 5 %, by the jackknife's standard error where there is one."""
    return p_value(regression) < LEVEL


def _coefficients(rows: tuple[Regression, ...]) -> Table:
    jackknife = [None if r.se_crv3 is None else r.se_crv3 * r.exposure_sd for r in rows]
    return Table(
        (
            Column("exposure", [r.exposure for r in rows]),
            Column("coef.", [r.per_sd for r in rows], "+.3f"),
            Column("CRV1", [r.se * r.exposure_sd for r in rows], ".3f"),
            Column("CRV3", jackknife, ".3f"),
            Column("HC1", [r.se_hc1 * r.exposure_sd for r in rows], ".3f"),
            Column("95 %", [None] * len(rows), text=[interval_text(r) for r in rows]),
            Column("p", [p_value(r) for r in rows], ".3f"),
            Column("occupations", [r.n for r in rows], "d"),
            Column("R2", [r.r2 for r in rows], ".4f"),
        )
    )
