"""Pareto-smoothed weights and power scaling, against distributions where the answer is known."""

import importlib.metadata
import warnings

import numpy as np
import pytest
from scipy.stats import norm

from aigini.bayes.importance import Weights, smoothed
from aigini.bayes.power_scaling import power_scaling

# Conjugate: θ ~ N(M0, S0²), one measurement Y ~ N(θ, S1²).
M0, S0, Y, S1 = 1.0, 0.8, -0.5, 0.6
N = 20_000


def posterior(prior_power=1.0, likelihood_power=1.0):
    """Mean and standard deviation of θ when prior and likelihood are scaled."""
    one, two = prior_power / S0**2, likelihood_power / S1**2
    return (one * M0 + two * Y) / (one + two), (one + two) ** -0.5


def grid(n=N):
    """Quantiles of the posterior: draws without Monte Carlo error."""
    centre, sd = posterior()
    return norm.ppf((np.arange(n) + 0.5) / n, centre, sd)


def components(theta):
    return {"prior": norm.logpdf(theta, M0, S0), "likelihood": norm.logpdf(Y, theta, S1)}


def sample(seed, n=4000):
    return np.random.default_rng(seed).normal(*posterior(), size=n)


def shifted(x, mean=0.3, sd=0.9):
    return norm.logpdf(x, mean, sd) - norm.logpdf(x)


class TestWeights:
    def test_estimates_of_another_distribution(self):
        x = norm.ppf((np.arange(N) + 0.5) / N)
        weights = smoothed(shifted(x))
        assert weights.values.sum() == pytest.approx(1.0, abs=1e-12)
        assert weights.reliable
        assert weights.mean(x).value == pytest.approx(0.3, abs=1e-3)
        assert weights.probability(x > 0.5).value == pytest.approx(norm.sf(0.5, 0.3, 0.9), abs=1e-3)
        for p in (0.05, 0.5, 0.95):
            assert weights.quantile(x, p).value == pytest.approx(norm.ppf(p, 0.3, 0.9), abs=3e-3)

    @pytest.mark.parametrize("efficiency", [1.0, 0.25])
    def test_errors_are_those_of_repeated_samples(self, efficiency):
        # With an efficiency of a quarter each draw comes four times.
        statistics = {
            "mean": lambda weights, x: weights.mean(x),
            "probability": lambda weights, x: weights.probability(x > 0.5),
            "median": lambda weights, x: weights.quantile(x, 0.5),
            "quantile": lambda weights, x: weights.quantile(x, 0.95),
        }
        values, errors = {name: [] for name in statistics}, {name: [] for name in statistics}
        for seed in range(300):
            x = np.repeat(np.random.default_rng(seed).normal(size=1000), round(1 / efficiency))
            weights = smoothed(shifted(x, sd=1.0), efficiency)
            for name, statistic in statistics.items():
                found = statistic(weights, x)
                values[name].append(found.value)
                errors[name].append(found.mcse)
        for name in statistics:
            assert np.mean(errors[name]) == pytest.approx(np.std(values[name]), rel=0.2), name

    @pytest.mark.parametrize("variance", [1.5, 2.0, 9.0])
    def test_tail_shape_of_a_wider_normal(self, variance):
        # Ratios of N(0, variance) to N(0, 1) have a tail of shape 1 - 1/variance, up to logarithms.
        x = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
        weights = smoothed(norm.logpdf(x, 0, np.sqrt(variance)) - norm.logpdf(x))
        assert weights.pareto_k == pytest.approx(1 - 1 / variance, abs=0.12)
        assert weights.reliable == (variance < 9)
        assert ("not reliable" in str(weights)) == (variance == 9)

    def test_smoothing_lowers_the_error_where_the_tail_is_heavy(self):
        errors = {"raw": [], "smooth": []}
        for seed in range(200):
            x = np.random.default_rng(seed).standard_t(5, size=1000)
            log_weights = 0.6 * np.abs(x)
            raw = np.exp(log_weights - log_weights.max())
            errors["raw"].append(raw.max() / raw.sum())
            errors["smooth"].append(smoothed(log_weights).values.max())
        assert np.var(np.log(errors["smooth"])) < np.var(np.log(errors["raw"]))

    def test_effective_sample_size(self):
        x = grid(4000)
        weights = smoothed(shifted((x - x.mean()) / x.std(), sd=1.0), 0.5)
        assert weights.ess == pytest.approx(0.5 / np.sum(weights.values**2), rel=1e-12)
        # 1 / (n Σ w²) is exp(-shift²).
        assert weights.ess == pytest.approx(2000 * np.exp(-0.09), rel=0.01)

    def test_equal_weights_are_reliable(self):
        weights = smoothed(np.full(100, -7.3))
        assert (weights.pareto_k, weights.reliable) == (-np.inf, True)
        np.testing.assert_allclose(weights.values, 0.01, rtol=1e-12)
        assert weights.ess == pytest.approx(100)

    def test_weights_bounded_by_a_value_that_many_draws_attain(self):
        log_weights = -np.maximum(np.random.default_rng(0).normal(size=1000) - 0.3, 0.0)
        weights = smoothed(log_weights)
        assert weights.reliable
        np.testing.assert_allclose(weights.values, np.exp(log_weights) / np.exp(log_weights).sum(), rtol=1e-12)

    def test_one_draw_with_all_the_weight_is_not_reliable(self):
        log_weights = np.zeros(1000)
        log_weights[17] = 800.0
        weights = smoothed(log_weights)
        assert not weights.reliable
        assert weights.ess < 2
        assert np.isfinite(weights.values).all()

    def test_weights_of_zero(self):
        x = norm.ppf((np.arange(1000) + 0.5) / 1000)
        weights = smoothed(np.where(x > 0, 0.1 * x, -np.inf))
        assert weights.probability(x > 0).value == pytest.approx(1.0, abs=1e-12)
        assert weights.reliable

    def test_an_event_that_always_happens_still_has_an_error(self):
        found = smoothed(shifted(sample(0, 400))).probability(np.ones(400))
        assert found.value == pytest.approx(1.0)
        assert 0.001 < found.mcse < 0.02

    def test_equal_weights_give_plain_quantiles(self):
        x = np.random.default_rng(0).normal(size=101)
        even = Weights(np.full(101, 1 / 101), -np.inf, 101.0)
        for p in (0.1, 0.5, 0.9):
            assert even.quantile(x, p).value == pytest.approx(np.quantile(x, p, method="hazen"), rel=1e-12)

    @pytest.mark.parametrize(
        ("log_weights", "efficiency", "message"),
        [
            (np.zeros(24), 1.0, "24 finite entries; give a vector with at least 25"),
            (np.zeros((10, 10)), 1.0, r"shape \(10, 10\)"),
            (np.r_[np.zeros(50), np.nan], 1.0, r"log_weights\[50\] = nan"),
            (np.r_[np.inf, np.zeros(50)], 1.0, r"log_weights\[0\] = inf"),
            (np.zeros(50), 0.0, "relative_efficiency = 0.0 must be a positive"),
            (np.zeros(50), np.nan, "relative_efficiency = nan must be a positive"),
        ],
    )
    def test_what_is_refused(self, log_weights, efficiency, message):
        with pytest.raises(ValueError, match=message):
            smoothed(log_weights, efficiency)

    def test_helpers_refuse_what_does_not_fit(self):
        weights = smoothed(np.zeros(50))
        with pytest.raises(ValueError, match="x has 49 entries"):
            weights.mean(np.zeros(49))
        with pytest.raises(ValueError, match="numbers other than 0 and 1"):
            weights.probability(np.full(50, 0.5))
        with pytest.raises(ValueError, match="not between 0 and 1"):
            weights.quantile(np.arange(50.0), 1.0)


def exact_sensitivity(powers, x, step=0.01):
    """The root of the cumulative Jensen-Shannon divergence between normals over the range of x, per unit of log2 α."""
    points = np.linspace(x.min(), x.max(), 200_001)
    distances = []
    for alpha in (1 / (1 + step), 1 + step):
        scaled = posterior(**{powers: alpha})
        sides = []
        for tail in (norm.cdf, norm.sf):
            p, q = tail(points, *posterior()), tail(points, *scaled)
            middle = (p + q) / 2
            sides.append(np.sum(p * np.log2(p / middle) + q * np.log2(q / middle)) / np.sum(p + q))
        distances.append(np.sqrt(max(sides)))
    return sum(distances) / (2 * np.log2(1 + step))


class TestConjugateNormal:
    @pytest.mark.parametrize("component", ["prior", "likelihood"])
    def test_scaled_means_and_probabilities(self, component):
        theta = grid()
        found = power_scaling(components(theta), {"theta": theta, "rises": theta > 0.2})
        for at, alpha in enumerate(found.alphas):
            centre, sd = posterior(**{f"{component}_power": alpha})
            assert found.effect(component, "theta").scaled_means[at].value == pytest.approx(centre, abs=1e-3)
            rises = found.effect(component, "rises").scaled_means[at].value
            assert rises == pytest.approx(norm.sf(0.2, centre, sd), abs=1e-3)
        assert found.alphas == (0.8, 1.25)
        assert found.marks == ()

    @pytest.mark.parametrize("component", ["prior", "likelihood"])
    def test_derivatives(self, component):
        theta = grid()
        found = power_scaling(components(theta), {"theta": theta, "rises": theta > 0.2})
        up, down = (posterior(**{f"{component}_power": 2**step}) for step in (1e-4, -1e-4))
        slope = (up[0] - down[0]) / 2e-4
        assert found.effect(component, "theta").derivative.value == pytest.approx(slope, rel=1e-3)
        slope = (norm.sf(0.2, *up) - norm.sf(0.2, *down)) / 2e-4
        assert found.effect(component, "rises").derivative.value == pytest.approx(slope, rel=1e-3)

    @pytest.mark.parametrize("component", ["prior", "likelihood"])
    def test_sensitivity(self, component):
        theta = grid()
        found = power_scaling(components(theta), {"theta": theta}).effect(component, "theta")
        assert found.sensitivity == pytest.approx(exact_sensitivity(f"{component}_power", theta), rel=5e-3)
        assert found.sensitive

    def test_errors_are_those_of_repeated_samples(self):
        found = []
        for seed in range(200):
            theta = sample(seed, 1000)
            found.append(power_scaling(components(theta), {"theta": theta}).effect("prior", "theta"))
        values = np.array([(e.mean.value, e.derivative.value, e.scaled_means[0].value) for e in found])
        errors = np.array([(e.mean.mcse, e.derivative.mcse, e.scaled_means[0].mcse) for e in found])
        np.testing.assert_allclose(errors.mean(axis=0), values.std(axis=0), rtol=0.2)
        expected = [posterior()[0], None, posterior(prior_power=0.8)[0]]
        for at in (0, 2):
            assert values[:, at].mean() == pytest.approx(expected[at], abs=4 * errors[:, at].mean() / 200**0.5)

    def test_efficiency_scales_errors(self):
        theta = sample(0)
        full, quarter = (
            power_scaling(components(theta), {"theta": theta}, relative_efficiency=e).effect("prior", "theta")
            for e in (1.0, 0.25)
        )
        assert quarter.derivative.mcse == pytest.approx(2 * full.derivative.mcse, rel=1e-12)
        assert quarter.mean.mcse == pytest.approx(2 * full.mean.mcse, rel=1e-12)

    def test_weak_prior_and_conflict(self):
        theta = grid()
        parts = components(theta) | {"weak": norm.logpdf(theta, 0.0, 30.0)}
        found = power_scaling(parts, {"theta": theta})
        assert not found.effect("weak", "theta").sensitive
        # Both of a conflict, by table 1 of the source.
        assert found.effect("prior", "theta").sensitive
        assert found.effect("likelihood", "theta").sensitive


@pytest.mark.parametrize("component", ["prior", "likelihood"])
def test_agrees_with_arviz(component):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        arviz = pytest.importorskip("arviz")
    generator = np.random.default_rng(3)
    theta = sample(3)
    eta = 0.7 * theta + generator.normal(size=theta.size) ** 2
    parts = components(theta)
    groups = {
        "posterior": {"theta": theta, "eta": eta},
        "log_prior": {"theta": parts["prior"]},
        "log_likelihood": {"y": parts["likelihood"]},
    }
    shaped = {group: {k: v.reshape(4, -1) for k, v in arrays.items()} for group, arrays in groups.items()}
    if int(importlib.metadata.version("arviz").split(".")[0]) >= 1:
        tree = arviz.from_dict(shaped)
        expected = arviz.psense(tree, group=component, alphas=(1 / 1.01, 1.01))
    else:
        data = arviz.from_dict(posterior=shaped["posterior"], log_likelihood=shaped["log_likelihood"])
        data.add_groups({"log_prior": shaped["log_prior"]})
        expected = arviz.psens(data, component=component, delta=0.01)
    found = power_scaling(parts, groups["posterior"])
    for name in ("theta", "eta"):
        assert found.effect(component, name).sensitivity == pytest.approx(float(expected[name]), rel=0.02)


class TestAnyPosterior:
    @pytest.mark.parametrize(("factor", "shift"), [(1e-9, 0.0), (-40.0, 3e3)])
    def test_sensitivity_does_not_depend_on_units(self, factor, shift):
        theta = sample(0)
        one, two = power_scaling(components(theta), {"a": theta, "b": factor * theta + shift}).effects[:2]
        assert two.sensitivity == pytest.approx(one.sensitivity, rel=1e-6)
        assert two.derivative.value == pytest.approx(factor * one.derivative.value, rel=1e-6)

    def test_flat_components_do_nothing(self):
        theta = sample(0)
        found = power_scaling({"flat": np.full(theta.size, -2.0)}, {"theta": theta})
        effect = found.effect("flat", "theta")
        assert effect.sensitivity == pytest.approx(0.0, abs=1e-6)
        assert effect.derivative.value == pytest.approx(0.0, abs=1e-12)
        assert [mean.value for mean in effect.scaled_means] == pytest.approx([theta.mean()] * 2)
        assert found.marks == ()
        assert "flat" in str(found).splitlines()[1]

    def test_belief_that_most_draws_meet_fully(self):
        # The log density of a window is the same for all draws well inside it.
        theta = sample(0)
        belief = np.log(norm.cdf((1.0 - theta) / 0.001) + 1e-300)
        inside = theta < 0.99
        assert inside.mean() > 0.9
        found = power_scaling({"m6": np.where(inside, 0.0, belief)}, {"theta": theta})
        assert np.isfinite(found.effect("m6", "theta").sensitivity)
        assert found.pareto_k[0, 1] == -np.inf

    def test_unreliable_weights_are_marked(self):
        theta = sample(0)
        found = power_scaling({"tight": -50 * (theta - 5) ** 2, "prior": components(theta)["prior"]}, {"theta": theta})
        assert [mark.startswith("tight to the power") for mark in found.marks] == [True, True]
        assert found.pareto_k[0].min() > 0.7
        assert found.pareto_k[1].max() < 0.7
        assert found.marks[0] in str(found)
        assert "expected at most 0.7; sample again" in found.marks[0]

    def test_quantity_that_never_changes_is_marked(self):
        theta = sample(0)
        found = power_scaling(components(theta), {"rises": np.ones(theta.size)})
        assert found.effect("prior", "rises").sensitivity == 0.0
        assert found.marks == (
            "rises is 1 in every draw, so nothing seems to change it; a rare event needs more draws.",
        )

    def test_print(self):
        theta = sample(0)
        lines = str(power_scaling(components(theta), {"theta": theta, "rises": theta > 0.2})).splitlines()
        assert lines[0].split()[:3] == ["component", "quantity", "mean"]
        assert len({len(line) for line in lines[:5]}) == 1
        assert [line.split()[:2] for line in lines[1:5]] == [
            [component, quantity] for component in ("prior", "likelihood") for quantity in ("theta", "rises")
        ]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"components": {}}, "nothing to scale"),
            ({"quantities": {}}, "nothing to scale"),
            ({"alphas": (1.0, 2.0)}, "positive powers other than 1"),
            ({"alphas": (-0.5, 2.0)}, "positive powers other than 1"),
            ({"alphas": ()}, "positive powers other than 1"),
            ({"components": {"a": np.r_[np.zeros(99), -np.inf]}}, r"log density of a\[99\] = -inf"),
            ({"quantities": {"x": np.zeros(99)}}, "quantity x has 99 entries"),
        ],
    )
    def test_what_is_refused(self, change, message):
        arguments = {"components": {"a": np.zeros(100)}, "quantities": {"x": np.arange(100.0)}} | change
        with pytest.raises(ValueError, match=message):
            power_scaling(arguments.pop("components"), arguments.pop("quantities"), **arguments)

    def test_unknown_effects_are_refused(self):
        theta = sample(0)
        with pytest.raises(ValueError, match="no effect of likelihod on theta; components are prior, likelihood"):
            power_scaling(components(theta), {"theta": theta}).effect("likelihod", "theta")
