"""The value of better data for the sign of a change, against linear Gaussian models where it is an integral."""

import numpy as np
import pytest
from scipy.special import xlogy
from scipy.stats import multivariate_normal, norm

from aigini.bayes.information import TOGETHER, value_of_information


def entropy(p):
    return -(xlogy(p, p) + xlogy(1 - p, 1 - p)) / np.log(2)


def exact(mean, covariance, direction, slopes, noise):
    """Bits saved about the sign of direction @ θ by measuring slopes @ θ, θ normal, by quadrature.

    The mean of the posterior is normal before the measurement is known, its variance is known beforehand.
    """
    gain = covariance @ slopes.T @ np.linalg.inv(slopes @ covariance @ slopes.T + noise)
    after = covariance - gain @ slopes @ covariance
    centre, before, left = direction @ mean, direction @ covariance @ direction, direction @ after @ direction
    z = np.linspace(-9, 9, 20_001)
    weights = norm.pdf(z) / norm.pdf(z).sum()
    return float(
        entropy(norm.sf(0, centre, before**0.5))
        - weights @ entropy(norm.sf(0, centre + (before - left) ** 0.5 * z, left**0.5))
    )


def by_outcomes(mean, sd, se):
    """The same for one parameter measured directly, integrated over outcomes and over θ by brute force."""
    theta = np.linspace(mean - 9 * sd, mean + 9 * sd, 4001)
    noise = se / 3**0.5
    outcomes = np.linspace(mean - 9 * (sd + noise), mean + 9 * (sd + noise), 2001)
    joint = norm.pdf(theta, mean, sd) * norm.pdf(outcomes[:, None], theta, noise)
    marginal = joint.sum(axis=1)
    rises = np.clip(joint[:, theta > 0].sum(axis=1) / np.maximum(marginal, 1e-300), 0.0, 1.0)
    return entropy(norm.sf(0, mean, sd)) - (marginal / marginal.sum()) @ entropy(rises)


MEAN, COVARIANCE = np.array([0.2, -0.1]), np.array([[1.0, 0.3], [0.3, 0.5]])
SLOPES = np.array([[1.0, 0.0], [0.5, -1.0], [0.2, 2.0]])
DIRECTION = np.array([1.0, 1.5])
SE = np.array([0.6, 0.4, 3.0])


def two_parameters(n, seed, covariance=SE, **arguments):
    theta = np.random.default_rng(seed).multivariate_normal(MEAN, COVARIANCE, size=n)
    return value_of_information(theta @ SLOPES.T, theta @ DIRECTION > 0, covariance, seed=seed, **arguments)


class TestOneParameter:
    @pytest.mark.parametrize(("mean", "se"), [(0.3, 0.3), (0.3, 1.0), (0.3, 4.0), (1.5, 0.5)])
    def test_by_quadrature(self, mean, se):
        one = np.ones((1, 1))
        expected = exact(np.array([mean]), one, np.ones(1), one, np.array([[se**2 / 3]]))
        assert expected == pytest.approx(by_outcomes(mean, 1.0, se), abs=2e-3)
        theta = mean + np.random.default_rng(1).normal(size=4000)
        found = value_of_information(theta[:, None], theta > 0, np.array([se])).gains[0]
        assert found.mcse < 0.016
        assert abs(found.bits - expected) < 3 * found.mcse

    def test_units_do_not_matter(self):
        theta = np.random.default_rng(0).normal(size=1000)
        one = value_of_information(theta[:, None], theta > 0.3, np.array([0.5])).gains[0]
        two = value_of_information(1e-6 * theta[:, None] + 3.0, theta > 0.3, np.array([0.5e-6])).gains[0]
        assert two.bits == pytest.approx(one.bits, rel=1e-5)
        assert two.mcse == pytest.approx(one.mcse, rel=1e-4)

    def test_exact_measurement_leaves_nothing_and_a_useless_one_everything(self):
        theta = np.random.default_rng(0).normal(size=1000)
        sharp = value_of_information(theta[:, None], theta > 0, np.array([1e-6]))
        assert sharp.gains[0].bits == pytest.approx(sharp.entropy, abs=2e-3)
        vague = value_of_information(theta[:, None], theta > 0, np.array([1e4])).gains[0]
        assert vague.bits == pytest.approx(0.0, abs=1e-6)


class TestTwoParameters:
    def test_by_quadrature_with_the_error_it_states(self):
        repeated = [two_parameters(2000, seed, outcomes=512).gains for seed in range(40)]
        for at, name in enumerate(["moment 1", "moment 2", "moment 3", TOGETHER]):
            rows = slice(None) if name == TOGETHER else slice(at, at + 1)
            expected = exact(MEAN, COVARIANCE, DIRECTION, SLOPES[rows], np.diag(SE[rows] ** 2 / 3))
            assert {gains[at].name for gains in repeated} == {name}
            bits, errors = np.array([(gains[at].bits, gains[at].mcse) for gains in repeated]).T
            assert bits.mean() == pytest.approx(expected, abs=4 * bits.std() / 40**0.5)
            assert errors.mean() == pytest.approx(bits.std(), rel=0.35)

    def test_correlated_targets(self):
        matrix = np.outer(SE, SE) * np.array([[1.0, 0.8, -0.3], [0.8, 1.0, 0.0], [-0.3, 0.0, 1.0]])
        found = two_parameters(4000, 0, matrix)
        alone = two_parameters(4000, 0)
        # A moment alone is measured with its own variance, whatever it is correlated with.
        for one, two in zip(found.gains[:3], alone.gains[:3], strict=True):
            assert one.bits == pytest.approx(two.bits, rel=1e-12)
        expected = exact(MEAN, COVARIANCE, DIRECTION, SLOPES, matrix / 3)
        independent = exact(MEAN, COVARIANCE, DIRECTION, SLOPES, np.diag(SE**2) / 3)
        assert abs(found.gains[-1].bits - expected) < 3 * found.gains[-1].mcse
        assert abs(expected - independent) > 5 * found.gains[-1].mcse

    def test_few_draws_are_corrected_for_and_marked(self):
        # Six measured parameters that have nothing to do with the sign: the value is zero.
        results = []
        for seed in range(60):
            theta = np.random.default_rng(seed).normal(size=(400, 7))
            results.append(
                value_of_information(theta[:, :6], theta[:, 6] > 0, np.full(6, 3.0), seed=seed, outcomes=256)
            )
        bits, bias = np.array([(found.gains[-1].bits, found.gains[-1].bias) for found in results]).T
        # Without the correction the value is too large, by more than chance.
        assert bits.mean() + bias.mean() > 4 * bits.std() / 60**0.5
        assert abs(bits.mean()) < 0.35 * bias.mean()
        mark = f"{TOGETHER}: the effective sample size is below 100 for"
        assert any(sentence.startswith(mark) for sentence in results[0].marks)


class TestManyMoments:
    def test_all_at_once_with_six(self):
        generator = np.random.default_rng(7)
        slopes, direction = generator.normal(size=(6, 4)), generator.normal(size=4)
        matrix = 9 * (0.5 * np.eye(6) + 0.5)
        expected = exact(0.3 * direction, np.eye(4), direction, slopes, matrix / 3)
        theta = 0.3 * direction + generator.normal(size=(4000, 4))
        found = value_of_information(theta @ slopes.T, theta @ direction > 0, matrix)
        assert abs(found.gains[-1].bits - expected) < 3 * found.gains[-1].mcse
        assert all(gain.bits < found.gains[-1].bits for gain in found.gains[:-1])

    def test_moment_that_says_nothing(self):
        generator = np.random.default_rng(2)
        theta, other = generator.normal(size=(2, 4000))
        found = value_of_information(np.stack([theta, other], axis=1), theta > 0, np.array([0.5, 0.5]), ["m1", "m2"])
        assert found.most_worth.name == "m1"
        assert abs(found.gains[1].bits) < max(3 * found.gains[1].mcse, 2e-3)

    def test_signs_that_do_not_follow_from_a_line(self):
        # The sign is that of θ² - 1: no direction separates the draws, yet measuring θ tells almost everything.
        theta = np.random.default_rng(0).normal(size=4000)
        found = value_of_information(theta[:, None], theta**2 > 1, np.array([0.05]))
        assert found.gains[0].bits > 0.8 * found.entropy


class TestResult:
    def test_same_seed_same_numbers(self):
        assert two_parameters(500, 0) == two_parameters(500, 0)
        assert two_parameters(500, 0) != two_parameters(500, 1)

    def test_dependent_draws_are_worth_less(self):
        theta = np.random.default_rng(0).normal(size=1000)
        one, four = (
            value_of_information(
                np.repeat(theta, k)[:, None], np.repeat(theta, k) > 0, np.ones(1), relative_efficiency=1 / k
            )
            for k in (1, 4)
        )
        assert four.gains[0].bias == pytest.approx(one.gains[0].bias, rel=0.2)
        assert four.gains[0].mcse == pytest.approx(one.gains[0].mcse, rel=0.1)
        assert four.gains[0].smallest_ess == pytest.approx(one.gains[0].smallest_ess, rel=0.5)

    @pytest.mark.parametrize(("rises", "word"), [(1.0, "positive"), (0.0, "negative")])
    def test_sign_that_is_certain(self, rises, word):
        found = value_of_information(np.random.default_rng(0).normal(size=(100, 2)), np.full(100, rises), np.ones(2))
        assert found.entropy == 0.0
        assert [gain.bits for gain in found.gains] == [0.0] * 3
        assert found.marks == (
            f"the sign is {word} in all 100 draws, so there is nothing left to learn as far as they show; take more"
            " draws to see the other sign.",
        )
        assert "-" in str(found)

    def test_print(self):
        found = two_parameters(2000, 0)
        lines = str(found).splitlines()
        assert lines[0].startswith(f"sign: probability of a rise {found.probability:.3f}")
        assert lines[1].split()[:3] == ["of", "saves", "bits"]
        assert [line[:10].strip() for line in lines[2:6]] == ["moment 1", "moment 2", "moment 3", "all at onc"]
        assert len({len(line) for line in lines[1:6]}) == 1

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"moments": np.zeros(10)}, "moments has shape"),
            ({"rises": np.ones(9)}, "rises has 9 entries"),
            ({"rises": np.linspace(0, 1, 10)}, "numbers other than 0 and 1"),
            ({"covariance": np.array([1.0, 0.0])}, r"covariance\[1\] = 0.0 is not a positive"),
            ({"covariance": np.ones((2, 2))}, "covariance is singular"),
            ({"covariance": np.array([[1.0, 2.0], [2.0, 1.0]])}, "not positive semidefinite"),
            ({"names": ["m1"]}, "names has 1 entries for 2 moments"),
            ({"outcomes": 1000}, "8 times a power of two"),
            ({"outcomes": 8}, "8 times a power of two"),
            ({"relative_efficiency": 0.0}, "must be a positive finite number"),
        ],
    )
    def test_what_is_refused(self, change, message):
        arguments = {"moments": np.eye(10)[:, :2], "rises": np.arange(10) < 5, "covariance": np.ones(2)} | change
        with pytest.raises(ValueError, match=message):
            value_of_information(**arguments)


def test_entropy_of_two_correlated_normals_agrees_with_their_distribution_function():
    """The quadrature above, for a moment that is only correlated with the change, against the bivariate normal."""
    share = 0.6**2 / (1 + 0.2)
    joint = multivariate_normal(np.zeros(2), [[1.0, share**0.5], [share**0.5, 1.0]])
    found = exact(
        np.zeros(2), np.array([[1.0, 0.6], [0.6, 1.0]]), np.array([0.0, 1.0]), np.array([[1.0, 0.0]]), np.eye(1) * 0.2
    )
    z = np.linspace(-9, 9, 4001)
    rises = norm.cdf(share**0.5 * z / (1 - share) ** 0.5)
    assert np.sum(rises[z > 0] * norm.pdf(z[z > 0])) * (z[1] - z[0]) == pytest.approx(joint.cdf(np.zeros(2)), abs=2e-3)
    assert found == pytest.approx(1 - np.sum(entropy(rises) * norm.pdf(z)) * (z[1] - z[0]), abs=1e-6)
