"""Plots and summaries of ArviZ that apply to a posterior work on the file that is written."""

import warnings

import numpy as np
import pytest
from matplotlib import pyplot
from test_posterior_figures import MOMENTS, posterior

from aigini.storage.draws import draws_writer


@pytest.fixture(scope="module")
def arviz():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return pytest.importorskip("arviz")


@pytest.fixture(scope="module")
def usual():
    return posterior(shape=(4, 100))


def save_draws(folder, result):
    write = draws_writer(result, {})
    write(folder / "posterior.nc")
    return folder / "posterior.nc"


@pytest.fixture
def opened(usual, arviz, tmp_path):
    data = arviz.from_netcdf(save_draws(tmp_path, usual))
    yield data
    data.close()
    pyplot.close("all")


@pytest.fixture(autouse=True)
def agg(monkeypatch):
    monkeypatch.setattr(pyplot, "show", lambda: None)
    with pyplot.rc_context({"backend": "agg"}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ArviZ's own dependencies
        yield


def test_predictive_groups_have_the_same_measured_moments(opened, usual):
    for group in ("prior_predictive", "posterior_predictive", "observed_data"):
        assert set(opened[group].data_vars) == set(MOMENTS), group
    for name in MOMENTS:
        np.testing.assert_array_equal(opened["prior_predictive"][name][0], usual.draws.prior_predictive[name])
    # Parameters and outcomes of the economy are in the groups of the parameters.
    assert set(opened["prior"].data_vars) == set(opened["posterior"].data_vars)
    assert {"xi", "gini_total", "widens_total"} <= set(opened["prior"].data_vars)


def test_an_m6_that_nobody_measured_is_not_observed(arviz, tmp_path):
    data = arviz.from_netcdf(save_draws(tmp_path, posterior(shape=(4, 100), belief="improper")))
    assert "m6" not in data["observed_data"]
    assert "m6" in data["posterior_predictive"]
    for group in ("prior", "posterior"):
        assert arviz.plot_ppc(data, group=group, num_pp_samples=5) is not None
    data.close()
    pyplot.close("all")


PLOTS = {
    "prior ppc": lambda az, data: az.plot_ppc(data, group="prior", num_pp_samples=10),
    "posterior ppc": lambda az, data: az.plot_ppc(data, group="posterior", num_pp_samples=10),
    "bpv": lambda az, data: az.plot_bpv(data, kind="t_stat", t_stat="mean"),
    "dist_comparison": lambda az, data: az.plot_dist_comparison(data, var_names=["eta1", "gini_total"]),
    "trace": lambda az, data: az.plot_trace(data, var_names=["eta1", "gini_total"]),
    "rank": lambda az, data: az.plot_rank(data, var_names=["eta1", "gini_total"]),
    "forest": lambda az, data: az.plot_forest(data, var_names=["eta1", "xi"]),
    "pair": lambda az, data: az.plot_pair(data, var_names=["eta1", "gini_total"], divergences=True),
    "posterior": lambda az, data: az.plot_posterior(data, var_names=["gini_total"], ref_val=0),
    "density": lambda az, data: az.plot_density(data, var_names=["eta1"]),
    "ess": lambda az, data: az.plot_ess(data, var_names=["eta1"]),
    "mcse": lambda az, data: az.plot_mcse(data, var_names=["eta1"]),
    "autocorr": lambda az, data: az.plot_autocorr(data, var_names=["eta1"]),
    "violin": lambda az, data: az.plot_violin(data, var_names=["eta1"]),
    "parallel": lambda az, data: az.plot_parallel(data, var_names=["eta1", "xi"]),
}


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_that_applies_is_drawn(arviz, opened, name):
    if not hasattr(arviz, "plot_bpv"):
        pytest.skip("plots have other names from ArviZ 1 on")
    PLOTS[name](arviz, opened)
    pyplot.gcf().canvas.draw()


def test_summaries_have_the_numbers_of_the_draws(arviz, opened, usual):
    table = arviz.summary(opened, var_names=["eta1", "gini_total", "widens_total"], round_to="none")
    assert table.loc["eta1", "mean"] == pytest.approx(usual.draws.parameters["eta1"].mean())
    assert table.loc["widens_total", "mean"] == pytest.approx(np.mean(usual.draws.outcomes["gini_total"] > 0))
    prior = arviz.summary(opened, group="prior", var_names=["eta1", "gini_total"], round_to="none")
    assert prior.loc["gini_total", "mean"] == pytest.approx(usual.draws.prior_outcomes["gini_total"].mean())
