"""The influence of targets, and which directions of the parameters the moments determine."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigini.errors import IdentificationError
from aigini.inference.identification import describe_direction, identification, require_rank
from aigini.inference.influence import influence, inverse_curvature, loadings

J = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
SE = np.array([0.1, 0.2, 0.05])
W = np.diag(SE**-2)

seeds = st.integers(0, 2**32 - 1)


def problem(seed, q=6, p=3):
    """A Jacobian and a positive definite weighting with columns and rows of very different units."""
    generator = np.random.default_rng(seed)
    jacobian = generator.normal(size=(q, p)) * 10 ** generator.uniform(-3, 3, size=p)
    half = generator.normal(size=(q, 2 * q))
    units = 10 ** generator.uniform(-3, 3, size=q)
    return jacobian / units[:, None], units[:, None] * (half @ half.T) * units


class TestInfluence:
    def test_is_the_normal_equations_by_hand(self):
        # J'WJ = [[125, 25], [25, 1625]] and J'W = [[100, 25, 0], [0, 25, 800]], so Λ = [[65, 16, -8], [-1, 1, 40]]/81.
        np.testing.assert_allclose(influence(J, W), np.array([[65, 16, -8], [-1, 1, 40]]) / 81, rtol=1e-14)
        np.testing.assert_allclose(inverse_curvature(J, W), np.array([[65, -1], [-1, 5]]) / 8100, rtol=1e-14)

    def test_predicts_the_estimate_at_other_targets(self):
        # m(θ) = Jθ: least squares at m̂ + d moves by Λd, with a plus.
        target, change = np.array([1.1, 0.8, -0.1]), np.array([0.01, -0.02, 0.03])
        root = np.sqrt(W)
        before, after = (np.linalg.lstsq(root @ J, root @ m)[0] for m in (target, target + change))
        np.testing.assert_allclose(after - before, influence(J, W) @ change, rtol=1e-12)

    @given(seeds)
    def test_inverts_the_jacobian_from_the_left(self, seed):
        jacobian, weighting = problem(seed)
        product = influence(jacobian, weighting) @ jacobian
        size = np.linalg.norm(jacobian, axis=0)
        np.testing.assert_allclose(product * size[:, None] / size, np.eye(3), atol=1e-9)

    @given(seeds)
    def test_solves_the_normal_equations(self, seed):
        jacobian, weighting = problem(seed)
        bread = inverse_curvature(jacobian, weighting)
        found = influence(jacobian, weighting)
        np.testing.assert_allclose(found, bread @ jacobian.T @ weighting, rtol=1e-8, atol=1e-8 * np.abs(found).min())
        np.testing.assert_allclose(bread, bread.T, rtol=1e-12)

    @given(seeds)
    def test_does_not_depend_on_the_weighting_if_exactly_identified(self, seed):
        jacobian, weighting = problem(seed, q=3)
        found = influence(jacobian, weighting)
        np.testing.assert_allclose(found, np.linalg.inv(jacobian), rtol=1e-6, atol=1e-6 * np.abs(found).min())

    @given(seeds)
    def test_follows_the_units(self, seed):
        # θ in units of u and m in units of v: J u/v, W v² and Λ v/u.
        jacobian, weighting = problem(seed)
        generator = np.random.default_rng(seed)
        u, v = 10 ** generator.uniform(-4, 4, size=3), 10 ** generator.uniform(-4, 4, size=6)
        expected = influence(jacobian, weighting) * (1 / u)[:, None] / v
        found = influence(jacobian * u * v[:, None], weighting / v[:, None] / v)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8 * np.abs(expected).min())

    @given(seeds)
    def test_does_not_depend_on_the_scale_of_the_parameters(self, seed):
        jacobian, weighting = problem(seed)
        scale = 3 / np.linalg.norm(jacobian, axis=0)
        expected = influence(jacobian, weighting)
        np.testing.assert_allclose(influence(jacobian, weighting, scale=scale), expected, rtol=1e-7)
        np.testing.assert_allclose(influence(jacobian, 7 * weighting), expected, rtol=1e-7)

    def test_a_moment_without_weight_has_no_influence(self):
        found = influence(J, np.diag([1.0, 4.0, 0.0]))
        np.testing.assert_allclose(found, [[1, 0, 0], [-1, 1, 0]], atol=1e-15)

    def test_of_functions_is_that_of_their_gradient(self):
        gradient = np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 0.0]])
        np.testing.assert_allclose(loadings(J, W, gradient), gradient @ influence(J, W), rtol=1e-15)
        np.testing.assert_array_equal(loadings(J, W), influence(J, W))
        with pytest.raises(ValueError, match=r"gradient has shape \(1, 3\)"):
            loadings(J, W, np.ones((1, 3)))

    def test_the_smallest_weighted_ratio_that_is_accepted_keeps_its_digits(self):
        # Columns that differ by 1e-8 in one entry: σ ratio about 4e-9, exact inverse known.
        jacobian = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-8]])
        expected = np.array([[1 + 1e-8, -1.0], [-1.0, 1.0]]) / (jacobian[1, 1] - 1)
        np.testing.assert_allclose(influence(jacobian, np.eye(2)), expected, rtol=1e-6)


class TestRankDeficiency:
    def test_names_the_direction_in_natural_units(self):
        jacobian = np.column_stack([J[:, 0], J[:, 1], 2 * J[:, 1] - 4 * J[:, 0]])
        with pytest.raises(IdentificationError, match=r"rank 2.*3 parameters.*a up 1, b down 0\.5, c up 0\.25 changes"):
            influence(jacobian, W, ["a", "b", "c"])

    def test_names_the_direction_in_percent_of_a_scale(self):
        jacobian = np.column_stack([J[:, 0], 2 * J[:, 0]])
        with pytest.raises(IdentificationError, match=r"b up 10%, a down 2% changes no moment"):
            influence(jacobian, W, ["a", "b"], np.array([5.0, 0.5]))

    def test_names_a_parameter_that_moves_nothing(self):
        with pytest.raises(IdentificationError, match=r"parameter 2 up 1 changes no moment that counts\. Fix"):
            influence(np.column_stack([J[:, 0], np.zeros(3)]), W)

    def test_names_a_parameter_whose_moments_have_no_weight(self):
        with pytest.raises(IdentificationError, match="b up 1 changes"):
            influence(np.eye(2), np.diag([1.0, 0.0]), ["a", "b"])

    @pytest.mark.parametrize(
        ("jacobian", "weighting"),
        [
            ([[1, 0], [0, -1], [1, -1]], [[2, 0, -2], [0, 1, 0], [-2, 0, 2]]),
            ([[1, 1], [-1, 0], [0, 1]], [[3, 1, -3], [1, 1, -1], [-3, -1, 3]]),
            ([[1, 0], [1, 1], [1, 0.5]], [[3, -1, -2], [-1, 2, -1], [-2, -1, 3]]),
        ],
    )
    def test_a_weighting_that_cancels_the_effect_of_a_parameter_leaves_no_rounding_to_invert(self, jacobian, weighting):
        jacobian, weighting = np.array(jacobian, float), np.array(weighting, float)
        gone = int(np.argmin(np.abs(weighting @ jacobian).sum(axis=0)))
        np.testing.assert_array_equal(weighting @ jacobian[:, gone], 0)
        with pytest.raises(IdentificationError, match=f"rank 1.*{'ab'[gone]} up 1 changes"):
            influence(jacobian, weighting, ["a", "b"])

    def test_more_parameters_than_moments(self):
        with pytest.raises(IdentificationError, match=r"rank 1.*2 parameters for 1 moments.*a up 1, b down 0\.33"):
            influence(np.array([[1.0, 3.0]]), np.eye(1), ["a", "b"])

    @given(seeds, st.integers(0, 2))
    def test_is_found_whatever_the_units(self, seed, dependent):
        jacobian, weighting = problem(seed)
        others = [k for k in range(3) if k != dependent]
        jacobian[:, dependent] = jacobian[:, others] @ np.random.default_rng(seed).normal(size=2)
        with pytest.raises(IdentificationError, match="rank 2"):
            influence(jacobian, weighting)

    @given(seeds)
    def test_is_not_found_where_there_is_none(self, seed):
        jacobian, weighting = problem(seed)
        factors = require_rank(jacobian * np.sqrt(np.diagonal(weighting))[:, None])
        p = len(factors.scale)
        rebuilt = factors.left[:, :p] * factors.singular_values @ factors.right / factors.scale
        expected = jacobian * np.sqrt(np.diagonal(weighting))[:, None]
        np.testing.assert_allclose(rebuilt, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).min())
        size = np.linalg.norm(expected, axis=0)
        np.testing.assert_allclose(factors.left[:, p:].T @ expected / size, 0, atol=1e-13)


class TestIdentification:
    def test_scaled_jacobian_is_in_standard_errors_per_hundred_percent(self):
        found = identification(J, SE, np.array([0.5, -2.0]), ["a", "b"])
        np.testing.assert_allclose(found.scaled, [[5, 0], [2.5, 10], [0, 80]], rtol=1e-15)
        np.testing.assert_allclose(found.singular_values, np.linalg.svd(found.scaled)[1], rtol=1e-12)
        assert found.condition == pytest.approx(found.singular_values[0] / found.singular_values[1])
        assert (found.rank, found.near_null) == (2, ())
        np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(2), atol=1e-15)
        assert found.moments == ("moment 1", "moment 2", "moment 3")

    def test_a_weak_direction_is_in_words(self):
        # Moments see 2a + b strongly and a alone only by 0.001 s.e. per 1%; null direction is b = -2a.
        jacobian = np.array([[200.0, 100.0], [100.0, 50.0], [0.1, 0.0]])
        found = identification(jacobian, np.ones(3), np.ones(2), ["a", "b"], ["x", "y", "z"])
        assert found.rank == 2
        assert found.near_null == (1,)
        assert found.describe(1) == "b up 10%, a down 5%: changes no moment by more than 0.005 s.e. (z)"
        report = str(found)
        assert report.startswith("3 moments, 2 parameters: rank 2, condition number ")
        assert "b up 10%, a down 5%: changes no moment by more than 0.005 s.e. (z)  <- near null" in report
        assert "1 near-null" in report

    def test_a_direction_with_one_standard_error_per_hundred_percent_is_the_border(self):
        for size, weak in ((1.001, ()), (0.999, (1,))):
            found = identification(np.diag([1e6, size]), np.ones(2), np.ones(2), ["a", "b"])
            assert found.near_null == weak

    def test_singular_value_is_the_inverse_standard_error_of_its_direction(self):
        values = np.array([0.5, -2.0])
        found = identification(J, SE, values, ["a", "b"])
        relative = inverse_curvature(J, W) / np.abs(values)[:, None] / np.abs(values)
        spread = np.sqrt(np.diagonal(found.directions @ relative @ found.directions.T))
        np.testing.assert_allclose(1 / spread, found.singular_values, rtol=1e-12)

    def test_parameters_in_excess_of_moments_are_null_directions(self):
        found = identification(np.array([[1.0, 2.0, 0.0]]), np.ones(1), np.ones(3), ["a", "b", "c"])
        assert (found.rank, found.near_null, found.condition) == (1, (1, 2), np.inf)
        np.testing.assert_allclose(found.scaled @ found.directions[1:].T, 0, atol=1e-15)
        assert "near-null" in str(found)

    def test_moments_that_see_nothing(self):
        found = identification(np.zeros((3, 2)), np.ones(3), np.ones(2), ["a", "b"])
        assert (found.rank, found.near_null, found.condition) == (0, (0, 1), np.inf)
        assert "changes no moment by more than 0 s.e." in str(found)

    @given(seeds)
    def test_does_not_depend_on_units(self, seed):
        generator = np.random.default_rng(seed)
        jacobian, values = generator.normal(size=(5, 3)), generator.normal(size=3) + 3
        u, v = 10 ** generator.uniform(-4, 4, size=3), 10 ** generator.uniform(-4, 4, size=5)
        first = identification(jacobian, np.ones(5), values, "abc")
        second = identification(jacobian / u * v[:, None], v, values * u, "abc")
        np.testing.assert_allclose(second.singular_values, first.singular_values, rtol=1e-10)
        assert second.near_null == first.near_null

    def test_a_zero_value_needs_a_scale(self):
        with pytest.raises(ValueError, match="b is 0, so a change of it in percent means nothing; give `scale`"):
            identification(J, SE, np.array([1.0, 0.0]), ["a", "b"])
        found = identification(J, SE, np.array([1.0, 0.0]), ["a", "b"], scale=np.array([0.5, 2.0]))
        np.testing.assert_allclose(found.scaled, [[5, 0], [2.5, 10], [0, 80]], rtol=1e-15)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"se": np.array([0.1, 0.0, 0.1])}, r"se\[1\] = 0\.0 is not a positive finite number"),
            ({"se": SE[:2]}, "se has 2 entries, but the other arguments need 3"),
            ({"jacobian": J[0]}, r"jacobian has shape \(2,\); give a matrix"),
            ({"jacobian": J * np.array([1, np.nan])}, r"jacobian\[0, 1\] = nan is not a finite number"),
            ({"values": np.ones(3)}, "values has 3 entries"),
            ({"names": ["a"]}, "names has 1 entries for 2 parameters"),
            ({"moments": ["x"]}, "moments has 1 entries for 3 moments"),
            ({"scale": np.array([1.0, -1.0])}, r"scale\[1\] = -1\.0 is not a positive"),
        ],
    )
    def test_says_what_is_wrong(self, change, message):
        arguments = {"jacobian": J, "se": SE, "values": np.ones(2), "names": ["a", "b"]}
        with pytest.raises(ValueError, match=message):
            identification(**{**arguments, **change})


class TestDirections:
    def test_largest_entry_is_first_and_up(self):
        found = describe_direction(np.array([-0.48, 1.0, 0.3]), ["a", "b", "c"])
        assert found == "b up 10%, a down 4.8%, c up 3%"
        assert describe_direction(np.array([0.48, -1.0, -0.3]), ["a", "b", "c"]) == found

    def test_small_entries_are_summarised_and_zeros_left_out(self):
        assert describe_direction(np.array([1.0, 1e-16, 0.0]), ["a", "b", "c"]) == "a up 10%"
        assert describe_direction(np.array([1.0, 1e-4]), ["a", "b"]) == "a up 10%, others by less than 0.1%"

    def test_other_units(self):
        assert describe_direction(np.array([1.0, -0.25]), ["a", "b"], largest=1.0, unit=" pp") == (
            "a up 1 pp, b down 0.25 pp"
        )

    def test_zero_is_no_direction(self):
        with pytest.raises(ValueError, match="not a direction"):
            describe_direction(np.zeros(2), ["a", "b"])
