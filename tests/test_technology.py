"""Mechanisms and levers from outside the package, those that the guide shows among them."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from documents import GUIDE

import aigini
from aigini.analysis import levers
from aigini.config.load import again
from aigini.economy import mechanisms
from aigini.economy.economy import Scenario, solve
from aigini.economy.interventions import CapitalDividend, Instrument, Intervention
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.task_technology import TaskTechnology
from aigini.economy.workers import in_occupation, outcomes
from aigini.errors import AnalysisError, ConfigError, EquilibriumError
from aigini.statistics.moments import moments_and_jacobian, six_moments
from aigini.statistics.report import statistics

EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)


def example(word):
    (text,) = [text for text in EXAMPLES if word in text]
    return text


def lines(text):
    return [line for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module", autouse=True)
def registries():
    """What these tests register is gone after them."""
    kept = [mechanisms.MECHANISMS["technology"], levers.LEVERS, levers.INSTRUMENTS]
    before = [dict(registry) for registry in kept]
    yield
    for registry, content in zip(kept, before, strict=True):
        registry.clear()
        registry.update(content)


@pytest.fixture(scope="module")
def ces(registries):
    """The guide's technology, and its configuration."""
    names = {}
    exec(compile(example("TaskTechnology"), "README.md", "exec"), names)
    return names["Ces"], names["config"]


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


def test_the_additive_technology_by_its_output_alone_has_the_moments_of_the_baseline(
    baseline, population, statistics_of
):
    # m1 and m2 come from the histogram instead of Σ h and Σ h².
    scenario = Scenario(mechanisms=Mechanisms(technology=AdditiveByTask()))
    ours = jax.jit(lambda params: statistics(params, population, scenario))(baseline)
    for (mine, _), (exact, _) in zip(ours, statistics_of(baseline), strict=True):
        for name, value in mine.as_dict().items():
            assert float(value) == pytest.approx(float(exact.as_dict()[name]), rel=2e-6, abs=1e-10), name


def test_the_readme_promises_few_lines(ces):
    assert len(lines(example("TaskTechnology"))) <= 13
    assert len(lines(example("register_lever"))) <= 7


def ces_output(p, h, a, level, skill, exposed, rho=0.5):
    """The README's technology in NumPy."""
    guided, used = h * skill * (1 + p["beta"] * level), p["alpha"] * a
    return (1 - exposed) * h * skill + exposed * (guided**rho + used**rho) ** (1 / rho)


def test_factor_prices_are_those_of_the_formulas(ces, points, solved):
    technology, config = ces
    assert isinstance(config.scenario.mechanisms.technology, technology)
    rho = 0.5
    for params in points(3):
        market = solved(params, config.scenario).after.market
        assert float(market.residual) < 1e-9
        p = params.as_dict()
        tasks = market.tasks
        skill, exposed, bundles = (np.asarray(x) for x in (tasks.skill, tasks.deployed, tasks.bundles))
        weights = bundles * np.asarray(market.task_price)[None, :]
        h = np.asarray(market.human_capital)[:, None]
        factor = skill * (1 + p["beta"])

        def power(a, h=h, factor=factor, p=p):
            return ((factor * h) ** rho + (p["alpha"] * a) ** rho) ** (1 / rho)

        eta0, every = p["eta0"], p["eta0"] + p["eta1"]
        marginal = (1 - exposed) * skill + exposed * power(eta0) ** (1 - rho) * factor**rho * h ** (rho - 1)
        human_return = (weights * marginal).sum(axis=1)
        ai = exposed * power(every) ** (1 - rho) * p["alpha"] ** rho * every ** (rho - 1)
        value = (weights * ces_output(p, h, eta0, 1.0, skill, exposed)).sum(axis=1)
        np.testing.assert_allclose(market.prices.human_return, human_return, rtol=1e-12)
        np.testing.assert_allclose(market.prices.ai_return, (weights * ai).sum(axis=1), rtol=1e-12)
        np.testing.assert_allclose(market.prices.fixed_value, value - human_return * h[:, 0], rtol=1e-11, atol=1e-14)
        assert np.all(np.asarray(market.prices.ai_rent) > 0)
        # Tasks are paid their product, and the product is shared out among workers and rents.
        assert float(jnp.sum(market.task_price * market.supply)) == pytest.approx(float(market.output), rel=1e-12)


def test_income_is_output_and_moments_are_those_of_the_workers(ces, baseline, population, solved):
    """On every worker in NumPy: mean income is Y + q0, and the histogram gives m1 and m2."""
    _, config = ces
    economy = solved(baseline, config.scenario)

    def row(occupation, workers):
        own = (jnp.arange(16) == occupation).astype(jnp.float64)
        return outcomes(in_occupation(economy.environment, own, np.dtype("float64")), workers)

    states = jax.jit(jax.vmap(row, out_axes=1))(jnp.arange(16), population.workers)
    states = [jax.tree.map(lambda leaf, k=k: leaf[k], states) for k in (0, 1)]
    p, tasks = baseline.as_dict(), economy.after.market.tasks
    skill, reach = np.asarray(tasks.skill), np.asarray(tasks.exposure)
    weights = np.asarray(tasks.bundles) * reach[None, :]
    weights /= weights.sum()
    cells = []
    for outcome, level in zip(states, (0.0, 1.0), strict=True):
        h = np.exp(np.asarray(outcome.log_human))
        exposed = np.asarray((economy.after if level else economy.before).market.tasks.exposure)
        y = np.stack(
            [ces_output(p, h, level, level, s, m) for s, m in zip(skill, exposed, strict=True)], axis=2
        )  # [occupations, workers, tasks]
        cells.append(((weights * y.std(axis=1) / y.mean(axis=1)).sum(), (weights * y.mean(axis=1)).sum()))
        state = economy.after if level else economy.before
        wage, rents = np.asarray(outcome.wage), np.asarray(outcome.rent_pay)
        market = state.market
        # The wage bill is product at commodity AI, by Monte Carlo, plus the workers' share of rents.
        bundle = np.asarray(market.tasks.bundles) * np.asarray(market.task_price)[None, :]
        used = np.asarray(market.tasks.deployed)
        made = np.stack(
            [ces_output(p, h, p["eta0"] * level, level, s, m) for s, m in zip(skill, used, strict=True)], axis=2
        )
        product = np.einsum("owz,oz->ow", made, bundle)
        assert np.mean(wage - rents) == pytest.approx(np.mean(product), rel=2e-3)
        q = float(jnp.mean(market.prices.ai_rent))
        assert np.mean(product) + q == pytest.approx(float(market.output), rel=2e-3)
    moments = np.asarray(jax.jit(six_moments)(baseline, population, config.scenario))
    expected = [cells[1][k] / cells[0][k] - 1 for k in (0, 1)]
    np.testing.assert_allclose(moments[:2], expected, atol=1e-4)


def test_the_exact_jacobian_is_that_of_central_differences(ces, baseline, population):
    technology, config = ces
    free = ("alpha", "beta", "sigma", "eta1", "xi", "signal_exposure", "schooling_return")
    at = jnp.asarray([float(getattr(baseline, name)) for name in free])

    def place(point):
        return baseline.replace(**{name: point[k] for k, name in enumerate(free)})

    value, matrix = jax.jit(lambda point, scenario: moments_and_jacobian(point, place, population, scenario))(
        at, config.scenario
    )
    compiled = jax.jit(lambda point, scenario: six_moments(place(point), population, scenario))
    np.testing.assert_allclose(value, compiled(at, config.scenario), rtol=1e-12, atol=1e-14)
    step = 1e-5
    for k, name in enumerate(free):
        ahead, behind = (
            np.asarray(compiled(at.at[k].add(sign * step), config.scenario)) / (2 * step) for sign in (1, -1)
        )
        scale = np.abs(np.asarray(matrix)).max(axis=1)
        gap = np.abs(ahead - behind - np.asarray(matrix[:, k])) / scale
        assert np.all(gap < 1e-5), (name, gap)

    # The technology's own number is an argument of the compiled program, and can be differentiated as well.
    def of_rho(rho):
        scenario = dataclasses.replace(config.scenario, mechanisms=Mechanisms(technology=technology(rho=rho)))
        return compiled(at, scenario)

    slope = np.asarray(jax.jvp(of_rho, (jnp.asarray(0.5),), (jnp.asarray(1.0),))[1])
    difference = (np.asarray(of_rho(jnp.asarray(0.5 + step))) - np.asarray(of_rho(jnp.asarray(0.5 - step)))) / (
        2 * step
    )
    np.testing.assert_allclose(slope, difference, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["technology", "human_capital", "ability", "reach", "skills"])
def test_the_configuration_names_mechanisms_and_refuses_others(kind):
    with pytest.raises(ConfigError, match=rf"model\.{kind} = 'nonesuch': expected one of '"):
        aigini.load(None, {f"model.{kind}": "nonesuch"})
    with pytest.raises(ConfigError, match="there is nothing called"):
        aigini.load(None, {"model.technolgy": "additive"})
    (name, *_) = mechanisms.MECHANISMS[kind]
    assert aigini.load(None, {f"model.{kind}": name}).digest == aigini.load().digest


def test_the_mechanisms_are_part_of_the_configuration(ces):
    _, config = ces
    assert config.source["model"]["technology"] == "my_ces"
    assert 'technology = "my_ces"' in config.to_toml()
    same = {"model.technology": "additive", "population.n_workers": 16384}
    assert config.digest != aigini.load(None, same).digest


def test_numbers_of_a_mechanism_are_part_of_the_configuration(ces, population):
    kind, config = ces
    named = {"model.technology": "my_ces", "population.n_workers": 16384}
    other = aigini.load(None, {**named, "mechanisms.technology.rho": 0.4})
    assert other.scenario.mechanisms.technology == kind(rho=0.4)
    assert config.scenario.mechanisms.technology == kind(rho=0.5)
    assert other.digest != config.digest
    assert "mechanisms" not in config.source
    assert again(other.source, "here").digest == other.digest
    assert aigini.load(None, {**named, "mechanisms.technology.rho": 1}).source["mechanisms"]["technology"]["rho"] == 1.0


@pytest.fixture(scope="module")
def picky(ces):
    """A technology that says itself which of its numbers are allowed."""

    class Picky(ces[0]):
        def __check_init__(self):
            if self.rho < 0:
                raise ValueError("rho must be positive")

    aigini.register_mechanism("technology", "picky", Picky)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mechanisms.technology.sigma": 2.0}, "has no such number; it has no numbers"),
        ({"mechanisms.nonesuch.rho": 2.0}, r"mechanisms\.nonesuch: there is nothing called nonesuch"),
        ({"model.technology": "my_ces", "mechanisms.technology.ro": 0.4}, "no such number; its numbers are rho"),
        ({"model.technology": "my_ces", "mechanisms.technology.rho": "high"}, "mechanisms.technology.rho = 'high'"),
        ({"model.technology": "my_ces", "mechanisms.technology.rho": float("nan")}, "mechanisms.technology.rho = nan"),
        ({"model.technology": "picky", "mechanisms.technology.rho": -1.0}, r"refuses .* \(rho must be positive\)"),
    ],
)
def test_numbers_that_a_mechanism_does_not_have_are_refused(picky, settings, message):
    with pytest.raises(ConfigError, match=message):
        aigini.load(None, settings)


def test_what_is_no_mechanism_is_not_registered(ces):
    with pytest.raises(ConfigError, match="exists already"):
        aigini.register_mechanism("technology", "additive", AdditiveByTask)
    with pytest.raises(ConfigError, match="subclass Reach"):
        aigini.register_mechanism("reach", "everywhere", AdditiveByTask)
    with pytest.raises(ConfigError, match="nothing called technolgy"):
        aigini.register_mechanism("technolgy", "mine", AdditiveByTask)


class Abstract(TaskTechnology):
    pass


class Unnumbered(AdditiveByTask):
    rho: float


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (AdditiveByTask(), "with a AdditiveByTask itself, expected its class"),
        (Abstract, "cannot be made without arguments .*abstract"),
        (Unnumbered, "cannot be made without arguments .*rho.*give every field a default"),
        (3, "cannot be made without arguments"),
    ],
)
def test_what_makes_no_mechanism_is_refused_in_a_sentence(ces, make, message):
    with pytest.raises(ConfigError, match=f"mechanisms: mine was registered as technology.* {message}"):
        aigini.register_mechanism("technology", "mine", make)
    assert "mine" not in mechanisms.MECHANISMS["technology"]


def again_in_a_notebook(kind):
    """A class of the same name in the same notebook, as when a cell is run again."""
    return type(kind.__name__, (kind,), {"__module__": "__main__", "__qualname__": "Cell"})


def test_a_mechanism_that_a_notebook_defines_again_takes_the_place_of_the_first():
    first, second, other = (again_in_a_notebook(AdditiveByTask) for _ in range(3))
    other.__qualname__ = "Other"
    aigini.register_mechanism("technology", "mine", first)
    aigini.register_mechanism("technology", "mine", second)
    assert mechanisms.MECHANISMS["technology"]["mine"] is second
    with pytest.raises(ConfigError, match="exists already"):
        aigini.register_mechanism("technology", "mine", other)


def test_the_digest_of_a_configuration_is_of_what_a_name_stands_for():
    class First(AdditiveByTask):
        def task_output(self, params, tasks, exposed, human, ai):
            return 2 * super().task_output(params, tasks, exposed, human, ai)

    class Second(AdditiveByTask):
        def task_output(self, params, tasks, exposed, human, ai):
            return 3 * super().task_output(params, tasks, exposed, human, ai)

    def loaded(kind):
        mechanisms.MECHANISMS["technology"]["doubled"] = kind
        return aigini.load(None, {"model.technology": "doubled"})

    first, second = loaded(First), loaded(Second)
    assert loaded(First).digest == first.digest != second.digest
    assert "definitions" not in aigini.load().source
    with pytest.raises(ConfigError, match=r"here: model\.technology\.doubled is defined otherwise here than there"):
        again(second.source, "here")
    assert again(first.source, "here").digest == first.digest
    assert "definitions" not in first.to_toml()


@pytest.mark.parametrize("at", [0.0, 1.0])
def test_output_that_is_not_finite_is_blamed_on_its_technology(at):
    class Broken(AdditiveByTask):
        def task_output(self, params, tasks, exposed, human, ai):
            output = super().task_output(params, tasks, exposed, human, ai)
            return jnp.where((tasks.level == at) & (human > 2), jnp.log(-human), output)

    mechanisms.MECHANISMS["technology"]["broken"] = Broken
    settings = {"model.technology": "broken", "population.n_workers": 4096, "population.n_firms": 60}
    for verb in (aigini.simulate, aigini.calibrate, aigini.channels):
        with pytest.raises(
            EquilibriumError, match=r"technology Broken: output on task 0 .* is not finite at effective AI"
        ):
            verb(**settings)


# --- levers -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(registries):
    """A small economy at its estimates, once the README's levers are there."""
    exec(compile(example("register_lever"), "README.md", "exec"), {})
    return aigini.at_estimates(aigini.load(None, {"population.n_workers": 4096, "population.n_firms": 60}))


def test_the_levers_of_the_readme_do_what_they_say(model):
    taxed = levers.combination(model, ["wage_tax"], [0.3])
    assert taxed["wage_tax"] == 0.3
    narrow = levers.combination(model, ["narrow_reach"], [0.5])
    assert narrow["exposed_share"] == 0.5 * model.values["exposed_share"]
    names, strengths, step = ["wage_tax", "narrow_reach", "capital_dividend"], np.array([0.3, 0.4, 0.2]), 1e-5
    found, slopes = levers.goals(model, names)(strengths)
    moved = [strengths + sign * step * np.eye(3)[k] for k in range(3) for sign in (1, -1)]
    rows = levers.tile(model, [levers.combination(model, names, s.tolist()) for s in [strengths, *moved]])
    np.testing.assert_allclose(found, rows[0, [0, 2]], rtol=1e-9)
    differences = (rows[1::2] - rows[2::2])[:, [0, 2]].T / (2 * step)
    np.testing.assert_allclose(slopes, differences, rtol=2e-5, atol=1e-7)
    # A tax moves neither wages nor output.
    untaxed = levers.tile(model, [levers.combination(model, names, [0.0, 0.4, 0.2])])[0]
    np.testing.assert_allclose(rows[0, 1:], untaxed[1:], rtol=1e-12)


def test_a_tax_on_all_wages_leaves_capital_income_and_an_equal_sum(model, population):
    """On every worker: what is taken is paid out, and mean income stays what it was."""

    def all_outcomes(scenario):
        (before, _), (after, _) = jax.jit(lambda p: statistics(p, population, scenario))(aigini.Parameters())
        return before, after

    wage_tax = levers.INSTRUMENTS["wage_tax"]
    none = all_outcomes(Scenario())
    both = all_outcomes(Scenario(intervention=Intervention((wage_tax(0.5), CapitalDividend(0.5)))))
    for free, taxed in zip(none, both, strict=True):
        assert float(taxed.mean_income) == pytest.approx(float(free.mean_income), rel=1e-12)
        assert float(taxed.gini_wage) == float(free.gini_wage)
        # Half of every income is left, and half of the mean comes on top.
        assert float(taxed.gini_total) == pytest.approx(float(free.gini_total) / 2, rel=1e-5)


def test_levers_with_a_name_that_is_taken_or_that_are_not_linear_are_refused(model):
    for name in ("antitrust", "xi"):
        with pytest.raises(AnalysisError, match="already"):
            aigini.register_lever(name, lambda values, _: values)
    aigini.register_lever("curved", lambda values, s: {**values, "xi": values["xi"] * (1 - s) ** 2})
    with pytest.raises(AnalysisError, match="curved does not move parameters in proportion"):
        levers.goals(model, ["curved"])
    del levers.LEVERS["curved"]


class Nothing(Instrument):
    pass


class Twofold(CapitalDividend):
    second: float


@pytest.mark.parametrize(
    ("lever", "message"),
    [
        (CapitalDividend(0.5), "with a CapitalDividend itself, expected a function"),
        ("xi", "with a str itself, expected a function"),
        (Nothing, "Nothing cannot be made from a strength alone .*abstract"),
        (Twofold, "Twofold cannot be made from a strength alone .*second"),
        (float, "float is no instrument"),
    ],
)
def test_what_is_no_lever_is_refused_in_a_sentence(lever, message):
    with pytest.raises(AnalysisError, match=f"levers: mine.* {message}"):
        aigini.register_lever("mine", lever)
    assert "mine" not in {*levers.LEVERS, *levers.INSTRUMENTS}


def test_a_lever_that_a_notebook_defines_again_takes_the_place_of_the_first():
    first, second = (again_in_a_notebook(CapitalDividend) for _ in range(2))
    aigini.register_lever("mine", first)
    before = levers.definitions()["mine"]
    aigini.register_lever("mine", second)
    assert levers.INSTRUMENTS["mine"] is second
    assert levers.definitions()["mine"] == before
    with pytest.raises(AnalysisError, match="already"):
        aigini.register_lever("mine", CapitalDividend)


@pytest.mark.parametrize(
    ("lever", "message"),
    [
        (lambda values, s: {**values, "xii": s}, "moves xii, which is no parameter"),
        (lambda values, s: {**values, "xi": 0.5 + 0.3 * s}, "at strength 0 already"),
        (lambda values, s: {**values, "adoption": values["adoption"] + 2 * s}, "leaves the bounds.*adoption"),
        # Linear at 0, 1/2 and 1, and nowhere else.
        (lambda values, s: {**values, "xi": values["xi"] * (1 - s * (s - 0.5) * (s - 1))}, "in proportion"),
    ],
)
def test_levers_that_are_no_moves_of_parameters_within_bounds_are_refused(model, monkeypatch, lever, message):
    monkeypatch.setitem(levers.LEVERS, "wrong", lever)
    with pytest.raises(AnalysisError, match=rf"levers: wrong .*{message}"):
        levers.goals(model, ["wrong"])


@pytest.mark.parametrize("output", [lambda human, tasks: human, lambda human, tasks: (human * tasks.skill)[None]])
def test_output_that_is_not_one_number_a_task_is_refused(population, output):
    class Wrong(TaskTechnology):
        def task_output(self, params, tasks, exposed, human, ai):
            return output(human, tasks)

    with pytest.raises(EquilibriumError, match=r"Wrong\.task_output: has shape .*, expected \(24,\)"):
        jax.eval_shape(
            lambda params, shocks: solve(params, Scenario(mechanisms=Mechanisms(technology=Wrong())), shocks),
            aigini.Parameters(),
            population.firm_shocks,
        )
