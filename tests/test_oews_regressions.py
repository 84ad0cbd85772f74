"""Regressions on occupation wages: against other libraries, against the truth, and row by row on published data."""

import dataclasses
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

pd = pytest.importorskip("pandas")
pytest.importorskip("pyfixest")

import oews_files as files  # noqa: E402

from aigini import oews  # noqa: E402
from aigini.errors import AnalysisError, DataError  # noqa: E402
from aigini.oews.design import panels_of  # noqa: E402
from aigini.oews.handling import handling, handling_tables, handlings  # noqa: E402
from aigini.oews.regressions import regression_data  # noqa: E402
from aigini.oews.samples import bounds, cross_section, value  # noqa: E402
from aigini.oews.specifications import Specification, every_specification, require_usable  # noqa: E402

X = "eloundou_beta_gpt4"
SLOPE = -0.1
REAL = os.environ.get("AIGINI_OEWS_DATA")
needs_real = pytest.mark.skipif(not REAL, reason="AIGINI_OEWS_DATA names no folder of published files")


@pytest.fixture(scope="module")
def occupations(tmp_path_factory):
    return oews.load(files.write_folder(tmp_path_factory.mktemp("oews"), slope=SLOPE))


def only(data, specification):
    (regression,) = oews.regress(data, specifications=[specification]).regressions
    return regression


@pytest.mark.parametrize("controls", ["none", "base", "base and major group"])
def test_a_long_difference_is_that_of_statsmodels(occupations, controls):
    sm = pytest.importorskip("statsmodels.formula.api")
    specification = Specification("p90/p10", X, (2019, 2023), controls=controls)
    ours = only(occupations, specification)
    formula, frame, _, _ = regression_data(occupations, specification)
    model = sm.wls(formula, data=frame, weights=frame["w"])
    theirs = model.fit(cov_type="HC1")
    assert ours.coef == pytest.approx(theirs.params["x"], rel=1e-6)
    assert ours.se_hc1 == pytest.approx(theirs.bse["x"], rel=1e-6)
    assert ours.r2 == pytest.approx(theirs.rsquared, rel=1e-6)
    # Its correction of clustered errors, G/(G-1) (n-1)/(n-k), is that of pyfixest here.
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": frame["major"].astype(int)})
    assert ours.se == pytest.approx(clustered.bse["x"], rel=1e-6)
    assert ours.n == theirs.nobs


def test_results_have_the_digits_that_do_not_change_from_run_to_run(occupations):
    found = [only(occupations, Specification("p90/p10", X, years)) for years in ((2019, 2023), (2022, 2024))]
    for one in found:
        for number in (one.coef, one.se, one.se_hc1, one.exposure_sd, one.r2):
            assert number == float(f"{number:.8e}") != 0


def test_clustered_errors_of_crv3_are_those_of_leaving_one_group_out(occupations):
    specification = Specification("p90/p10", X, (2019, 2023))
    ours = only(occupations, specification)
    _, frame, _, _ = regression_data(occupations, specification)

    def slope(rows):
        return np.polyfit(rows["x"], rows["y"], 1, w=np.sqrt(rows["w"]))[0]

    groups = sorted(frame["major"].unique())
    others = np.array([slope(frame[frame["major"] != group]) for group in groups])
    count = len(groups)
    assert ours.se_crv3 == pytest.approx(np.sqrt((count - 1) / count * np.sum((others - ours.coef) ** 2)), rel=1e-6)
    assert ours.clusters == count


def test_two_way_panels_and_event_studies_are_those_of_linearmodels(occupations):
    panels = pytest.importorskip("linearmodels.panel")
    for estimator in ("two_way", "event_study"):
        specification = Specification("p90/p10", X, tuple(range(2018, 2025)), estimator)
        ours = oews.regress(occupations, specifications=[specification]).regressions
        _, frame, _, _ = regression_data(occupations, specification)
        years = [2018, 2019, 2020, 2021, 2023, 2024] if estimator == "event_study" else [None]
        for year in years:
            frame[f"x{year}"] = frame["x"] * (frame["post"] if year is None else frame["year"] == year)
        indexed = frame.set_index(["soc", "year"])
        exog = indexed[[f"x{year}" for year in years]].astype(float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = panels.PanelOLS(
                indexed["y"], exog, weights=indexed["w"], entity_effects=True, time_effects=True
            ).fit()
        assert [r.coef for r in ours] == pytest.approx(list(theirs.params), rel=1e-6)


def test_effects_of_groups_in_each_year_are_dummies(occupations):
    specification = Specification("p90/p10", X, (2021, 2022, 2023, 2024), "two_way", controls="major group by year")
    ours = only(occupations, specification)
    _, frame, _, effects = regression_data(occupations, specification)
    assert effects == ours.fixed_effects == "occupation, major group by year"
    groups = frame["major"] + frame["year"].astype(str)
    dummies = [pd.get_dummies(one, dtype=float) for one in (frame["soc"], groups)]
    columns = np.column_stack([frame["x"] * frame["post"], *dummies]) * np.sqrt(frame["w"].to_numpy())[:, None]
    theirs = np.linalg.lstsq(columns, frame["y"] * np.sqrt(frame["w"]), rcond=None)[0]
    assert ours.coef == pytest.approx(theirs[0], rel=1e-6)
    # Clusters of occupations hold the effects of occupations, as for major groups, and pyfixest counts alike.
    usual = only(occupations, Specification("p90/p10", X, (2022, 2024), "two_way"))
    pair = only(occupations, Specification("p90/p10", X, (2022, 2024)))
    assert pair.se_occupation is None
    assert usual.coef == pytest.approx(pair.coef, rel=1e-6)
    assert usual.se_occupation == pytest.approx(pair.se_hc1, rel=0.02)


def test_handlings_stand_side_by_side(occupations):
    specifications = every_specification([X], occupations.years)
    regressions = oews.regress(occupations, specifications=specifications).regressions
    several = handlings(regressions, X)
    assert list(several) == ["long difference 2019-2023", "long difference 2022-2024", "two-way panel"]
    shown = [handling(r) for r in several["long difference 2019-2023"]]
    assert shown == [
        "top-coded left out",
        "unweighted",
        "hybrid codes bridged",
        "top code taken as the wage",
        "top-coded: lowest coefficient",
        "top-coded: highest coefficient",
    ]
    years = ["2018-2024", "2018-2024, slope break in 2021", "2018-2024, major group by year", "2021-2024"]
    assert [handling(r) for r in several["two-way panel"]] == [*years, "2018, 2021, 2024"]
    tables = handling_tables(regressions, X)
    assert [len(table.to_frame()) for table in tables.values()] == [6, 6, 5]
    panel = tables["two-way panel"].to_frame()
    assert panel["occupation"].notna().all()
    # Rows of a panel are not occupations; a long difference has one each.
    assert list(panel["rows"] // panel["occupations"]) == [7, 7, 7, 4, 3]
    own = several["long difference 2019-2023"][0]
    shown = tables["long difference 2019-2023"]
    assert (shown.to_frame()["occupations"] == [r.n for r in several["long difference 2019-2023"]]).all()
    reach = student.ppf(0.975, own.clusters - 1) * own.se_crv3 * own.exposure_sd
    assert f"{own.per_sd - reach:+.2f} to {own.per_sd + reach:+.2f}" in str(shown)
    assert "  occupation  " in str(tables["two-way panel"])  # headings stand apart


def test_weights_move_the_estimate_and_none_are_the_unweighted_ones(occupations):
    weighted = only(occupations, Specification("p90/p10", X, (2019, 2023)))
    plain = Specification("p90/p10", X, (2019, 2023), weights="none")
    _, frame, _, _ = regression_data(occupations, plain)
    assert only(occupations, plain).coef == pytest.approx(np.polyfit(frame["x"], frame["y"], 1)[0], rel=1e-6)
    assert only(occupations, plain).coef != pytest.approx(weighted.coef, rel=1e-3)


def test_the_slope_that_was_put_in_comes_out(occupations):
    for years, estimator in (((2019, 2023), "long_difference"), (tuple(range(2018, 2025)), "two_way")):
        one = only(occupations, Specification("p90/p10", X, years, estimator))
        assert abs(one.coef - 100 * SLOPE) < 3 * one.se
        assert abs(one.coef) > 3 * one.se


def test_top_codes_are_bounded_and_not_filled_in(tmp_path):
    folder = files.write_folder(tmp_path, years=[2019, 2023])
    table = files.rows(2023)
    for code in ("11-1011", "13-1011", "15-2011"):
        next(r for r in table if r["OCC_CODE"] == code).update(A_PCT75=200_000, A_PCT90="#")
    (folder / "national_M2023_dl.csv").write_bytes(files.as_csv(table))
    data = oews.load(folder)
    year = cross_section(data.exact, 2023)
    low, high = bounds(year, "p90/p10")
    known = value(year, "p90/p10", "drop")
    assert known.isna().sum() == 3
    assert (high[known.isna()] > low[known.isna()]).all()
    np.testing.assert_allclose(low[known.notna()], known.dropna())
    by = {
        how: only(data, Specification("p90/p10", X, (2019, 2023), top_codes=how))
        for how in ("drop", "threshold", "lower", "upper")
    }
    assert by["drop"].n + 3 == by["threshold"].n == by["lower"].n == by["upper"].n
    assert by["lower"].coef <= by["threshold"].coef <= by["upper"].coef
    # No choice of the three wages goes beyond the bounds.
    _, frame, _, _ = regression_data(data, Specification("p90/p10", X, (2019, 2023), top_codes="threshold"))
    y0 = value(cross_section(data.exact, 2019), "p90/p10", "drop")
    codes = [code for code in y0.index if code in known.index]
    free = np.array([np.isnan(known[code]) for code in codes])
    for seed in range(20):
        share = np.random.default_rng(seed).random(free.sum())
        y = frame["y"].to_numpy().copy()
        ends = np.array([[low[c] - y0[c], high[c] - y0[c]] for c, f in zip(codes, free, strict=True) if f])
        y[free] = ends[:, 0] + share * (ends[:, 1] - ends[:, 0])
        slope = np.polyfit(frame["x"], y, 1, w=np.sqrt(frame["w"]))[0]
        assert by["lower"].coef - 1e-6 <= slope <= by["upper"].coef + 1e-6


def test_the_list_has_every_estimator_and_measure(occupations):
    every = every_specification(["a", "b"], occupations.years)
    assert {s.estimator for s in every} == {"level", "long_difference", "two_way", "event_study"}
    assert {s.exposure for s in every} == {"a", "b"}
    assert len({s.name for s in every}) == len(every)
    assert {s.years for s in every if s.estimator == "long_difference"} == {(2019, 2023), (2022, 2024)}
    assert (2018, 2021, 2024) in {s.years for s in every if s.estimator == "two_way"}


def test_a_frame_has_all_that_the_file_has(occupations):
    frame = oews.regress(occupations, specifications=[Specification("p90/p10", X, (2022, 2024))]).to_frame()
    wanted = {*["name", "outcome", "exposure", "sample", "years", "estimator", "weights", "controls", "fixed_effects"]}
    assert wanted | {"cluster", "coef", "se", "se_hc1", "n", "r2"} <= set(frame.columns)
    with pytest.raises(DataError, match="there is no table of 2016"):
        oews.regress(occupations, specifications=[Specification("p90/p10", X, (2016, 2024))])


@needs_real
def test_published_regressions_are_reproduced_row_by_row():
    data = oews.load(REAL)
    controls = {"-": "none", "l50+y0": "base", "l50+y0+majorFE": "base and major group"}
    rows = pd.read_csv(Path(REAL) / "sanity_regressions.csv")
    assert len(rows) == 40
    for row in rows.itertuples():
        years = tuple(int(year) for year in row.window.split("-"))
        one = only(data, Specification(row.y, row.exposure, years, controls=controls[row.ctrl]))
        assert one.n == row.n
        ours = (one.per_sd, one.se_hc1 * one.exposure_sd, one.se * one.exposure_sd, one.coef, one.se_hc1, one.r2)
        theirs = (row.b_per_sd, row.se_hc1, row.se_cl_major, row.b_per_unit, row.se_unit, row.R2)
        np.testing.assert_allclose(ours, theirs, atol=6e-5, rtol=0, err_msg=str(row))
        assert one.exposure_sd == pytest.approx(row.sd_x, abs=6e-5)


@pytest.mark.parametrize(
    "years", [(), (2019,), (2023,), (2018, 2019, 2020), (2019, 2023), (2021, 2022), (2020, 2021, 2023), (2023, 2024)]
)
def test_the_list_has_only_what_its_years_can_tell(years):
    every = every_specification(["x"], years)
    for s in every:
        require_usable(s, ["x"])
    assert every == every_specification(["x"], (*years[::-1], *years))
    assert bool(every) == bool(years)
    assert ("event_study" in {s.estimator for s in every}) == (len(years) > 1)
    # The slope break is told from the effect of AI by a year between them.
    assert any(s.method_break for s in every) == (years == (2020, 2021, 2023))


UNUSABLE = {
    "an unknown exposure": ({"exposure": "eloundou_beta"}, "exposure: there is nothing called eloundou_beta; did you"),
    "an unknown outcome": ({"outcome": "p99/p10"}, "outcome: there is nothing called p99/p10"),
    "an unknown control": ({"controls": "nonsense"}, "controls = 'nonsense': expected one of 'none'"),
    "an unknown estimator": ({"estimator": "panel"}, "estimator = 'panel': expected one of 'level'"),
    "unknown weights": ({"weights": "equal"}, "weights = 'equal': expected one of 'employment'"),
    "no year": ({"years": ()}, r"years = \(\): expected two years of a long_difference"),
    "one year": ({"years": (2023,)}, "expected two years of a long_difference, in order"),
    "a year twice": ({"years": (2019, 2019)}, "expected two years of a long_difference, in order"),
    "years in reverse": ({"years": (2023, 2019)}, "expected two years of a long_difference, in order"),
    "three years": ({"years": (2019, 2022, 2023)}, "expected two years of a long_difference, in order"),
    "two years of a level": ({"estimator": "level"}, "expected one year of a level"),
    "a panel of one year": ({"estimator": "event_study", "years": (2023,)}, "at least two years of a event_study"),
    "a panel before AI": ({"estimator": "two_way", "years": (2019, 2021)}, "expected years on both sides of 2022"),
    "controls of a panel": (
        {"estimator": "two_way", "controls": "base"},
        "controls = 'base': expected 'major group by y",
    ),
    "controls of panels alone": ({"controls": "major group by year"}, "expected 'base' or 'base and major group' or"),
    "bounds with the base outcome": ({"top_codes": "upper", "controls": "base"}, "must be known; choose 'drop'"),
    "bounds of a panel": ({"top_codes": "lower", "estimator": "event_study"}, "must be known; choose 'drop'"),
    "a break of a difference": (
        {"method_break": True},
        "method_break = True: expected a two-way panel of years before",
    ),
    "a break at AI": ({"method_break": True, "estimator": "two_way"}, "so that the slopes can be told apart"),
}


@pytest.mark.parametrize("mistake", UNUSABLE)
def test_a_specification_that_cannot_be_run_is_one_sentence(occupations, mistake):
    change, expected = UNUSABLE[mistake]
    spec = Specification("p90/p10", X, (2019, 2023))
    for name, value_of in change.items():
        object.__setattr__(spec, name, value_of)  # past the type checker, which is there in tests alone
    with pytest.raises(AnalysisError, match=expected) as raised:
        oews.regress(occupations, specifications=[spec])
    assert "\n" not in str(raised.value)


def with_exposure(occupations, values):
    codes = occupations.exact["soc"].unique()
    return dataclasses.replace(occupations, exposures=pd.DataFrame({"x": pd.Series(values(codes), index=codes)}))


@pytest.mark.parametrize("estimator", ["long_difference", "two_way"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (lambda codes: np.full(len(codes), 0.5), "x differs between occupations of fewer than two major groups"),
        (lambda codes: 0.1 * (np.arange(len(codes)) == 3), "x differs between occupations of fewer than two major"),
        (
            lambda codes: np.where(np.arange(len(codes)) < 10, np.arange(len(codes)), np.nan),
            "10 occupations in 2 major groups have x and p90/p10 in 2019-2023, expected at least 20 in 3; give",
        ),
    ],
)
def test_an_exposure_that_carries_no_regression_is_one_sentence(occupations, values, expected, estimator):
    data = with_exposure(occupations, values)
    with pytest.raises(DataError, match=expected):
        oews.regress(data, specifications=[Specification("p90/p10", "x", (2019, 2023), estimator)])
    assert panels_of(data) == {}


def test_a_list_of_regressions_that_none_can_be_run_of_says_why(occupations):
    data = with_exposure(occupations, lambda codes: np.where(np.arange(len(codes)) < 10, np.arange(len(codes)), np.nan))
    with pytest.raises(DataError, match="10 occupations in 2 major groups have x"):
        oews.regress(data)
    with pytest.raises(AnalysisError, match="no specification was given"):
        oews.regress(data, specifications=[])


def test_occupations_without_employment_have_no_weight_in_any_estimator(occupations):
    none = occupations.exact["soc"].unique()[:2]
    rows = occupations.exact.copy()
    rows.loc[rows["soc"].isin(none) & (rows["year"] == 2019), "emp"] = 0.0
    rest = occupations.exact[~occupations.exact["soc"].isin(none)]
    for estimator, years in (("long_difference", (2019, 2023)), ("two_way", (2019, 2023))):
        spec = Specification("p90/p10", X, years, estimator)
        ours, theirs = (only(dataclasses.replace(occupations, exact=one), spec) for one in (rows, rest))
        assert (ours.coef, ours.se, ours.n) == (theirs.coef, theirs.se, theirs.n)
    panel = Specification("log emp", X, (2019, 2023), "event_study")
    assert len(regression_data(dataclasses.replace(occupations, exact=rows), panel)[1]) == 2 * (len(files.CODES) - 2)
