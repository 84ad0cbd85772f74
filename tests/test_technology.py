"""Technologies from outside the package: what a user writes is all that is written."""

import jax
import numpy as np
import pytest

from aigini.economy.economy import Scenario, solve
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.task_technology import TaskTechnology


class AdditiveByTask(TaskTechnology):
    """The baseline's technology, given by its output on a task alone."""

    def task_output(self, params, tasks, exposed, human, ai):
        return human * tasks.skill * (1 + params.beta * tasks.level * exposed) + params.alpha * exposed * ai


@pytest.fixture(scope="module")
def solved(population):
    return jax.jit(lambda params, scenario: solve(params, scenario, population.firm_shocks))


def test_the_additive_technology_by_its_output_alone_is_the_baseline(points, solved):
    for params in points(2):
        ours = solved(params, Scenario(mechanisms=Mechanisms(technology=AdditiveByTask())))
        exact = solved(params, Scenario())
        for state, baseline in ((ours.before, exact.before), (ours.after, exact.after)):
            market, other = state.market, baseline.market
            assert float(market.residual) < 1e-12
            names = ("supply", "task_price", "output", "fixed_pay", "assessment_scale", "human_capital", "screening")
            for name in names:
                for one, two in zip(*map(jax.tree.leaves, (getattr(market, name), getattr(other, name))), strict=True):
                    np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-12, err_msg=name)
            for one, two in zip(*map(jax.tree.leaves, (market.prices, other.prices)), strict=True):
                np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(state.asset_path, baseline.asset_path, rtol=1e-10)
