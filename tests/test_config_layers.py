"""What is put on top of the baseline: taken away, from NumPy, with a byte order mark; and which source numbers keep."""

import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.commands.registry import COMMANDS
from aigini.commands.source import as_config
from aigini.config import load, parse_overrides
from aigini.errors import ConfigError
from aigini.estimation.target import CHANGED_BY_USER

WITHOUT_XI = ["alpha", "beta", "sigma", "signal_exposure", "cumulative_advantage", "eta1"]
WITHOUT_M6 = {"targets.m6": "none", "calibration.free": ["alpha", "beta"]}


@pytest.fixture
def written(tmp_path):
    """`written(text)`: the path of a file with this text."""

    def write(text, encoding="utf-8"):
        path = tmp_path / "mine.toml"
        path.write_bytes(text.encode(encoding))
        return path

    return write


# --- taking away ------------------------------------------------------------------------------------------------------

# (the same said in a file, by --set and from Python, and what is gone)
TAKEN_AWAY = [
    ('[targets]\nm6 = "none"', ["targets.m6=none"], {"targets.m6": None}, ("targets", "m6")),
    ('[ranges]\nxi = "none"', ["ranges.xi=none"], {"ranges.xi": None}, ("ranges", "xi")),
    ('[priors]\nxi = "none"', ["priors.xi=none"], {"priors.xi": None}, ("priors", "xi")),
    ('[alternatives]\nxi = "none"', ["alternatives.xi=none"], {"alternatives.xi": None}, ("alternatives", "xi")),
    ('alternatives = "none"', ["alternatives=none"], {"alternatives": None}, ("alternatives", "xi")),
]


@pytest.mark.parametrize(("text", "items", "overrides", "gone"), TAKEN_AWAY)
def test_what_defaults_give_can_be_taken_away_everywhere(written, text, items, overrides, gone):
    section, name = gone
    configs = [load(written(text)), load(None, parse_overrides(items)), load(None, overrides)]
    assert name in load().source[section]
    for config in configs:
        assert name not in config.source[section]
        assert config.digest == configs[0].digest
        assert load(written(config.to_toml())).digest == config.digest


def test_one_of_several_alternatives_can_be_taken_away(written):
    config = load(None, {"alternatives.xi.anything": "none"})
    assert list(config.posterior.alternatives["xi"]) == ["time_savings", "patent_rents"]
    assert load(written(config.to_toml())).digest == config.digest


def test_what_was_taken_away_can_be_put_back_in_another_form():
    items = ["alternatives=none", *(f"alternatives.xi.mine.{key}" for key in ("distribution=beta", "a=2.0", "b=3.0"))]
    assert list(load(None, parse_overrides(items)).posterior.alternatives["xi"]) == ["mine"]


def test_a_prior_can_change_its_family_by_set():
    items = ["priors.xi.distribution=beta", "priors.xi.a=2.0", "priors.xi.b=3.0"]
    with pytest.raises(ConfigError, match=r"drop priors\.xi\.low"):
        load(None, parse_overrides(items))
    config = load(None, parse_overrides([*items, "priors.xi.low=none", "priors.xi.high=none"]))
    assert str(config.posterior.priors["xi"]) == "beta(a 2, b 3)"


def test_keys_that_may_be_left_out_can_be_taken_away_again(written):
    text = (
        "[population]\nchunk = 256\n[posterior]\nn_workers = 4096\n"
        '[calibration]\ncorrelation = [[1.0]]\nmoments = ["m1"]'
    )
    config = load(
        written(text),
        {"population.chunk": "none", "posterior.n_workers": None, "calibration.correlation": "none"}
        | {"calibration.moments": "none"},
    )
    assert config.digest == load().digest
    config.require()


def test_a_target_taken_away_is_no_moment():
    config = load(None, WITHOUT_M6)
    assert list(config.targets) == ["m1", "m2", "m3", "m4", "m5"]
    config.require("estimation")
    with pytest.raises(ConfigError, match=r"calibration\.moments names m6, which has no \[targets\.m6\]"):
        load(None, {**WITHOUT_M6, "calibration.moments": ["m1", "m6"]}).require("estimation")


@pytest.mark.parametrize("name", ["params.xi", "population.n_workers", "targets.m1.se", "calibration.free", "params"])
def test_what_an_economy_cannot_be_without_cannot_be_taken_away(name):
    with pytest.raises(ConfigError, match=name.split(".")[-1]):
        load(None, {name: "none"})


def test_no_tie_is_a_value_and_not_something_taken_away():
    assert load(None, {"calibration.tie": "none"}).tie == "none"


# --- sections and commands --------------------------------------------------------------------------------------------

INCONSISTENT = {
    "estimation": {"calibration.free": ["alpha", "beta"], "calibration.moments": ["m1"]},
    "posterior": {"posterior.free": ["psi"], "alternatives": "none"},
    "alternatives": {"posterior.free": WITHOUT_XI},
}


@pytest.mark.parametrize("topic", INCONSISTENT)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_refuses_only_what_it_reads(command, topic):
    config = load(None, INCONSISTENT[topic])
    if topic in command.needs:
        with pytest.raises(ConfigError, match=r"^baseline with --set: "):
            config.require(*command.needs)
    else:
        as_config(config, {}, *command.needs)


@pytest.mark.parametrize(
    ("verb", "topic"),
    [
        (aigini.calibrate, "estimation"),
        (aigini.reproduce, "estimation"),
        *((getattr(aigini, name), "estimation") for name in ("sensitivity", "sign", "regimes", "channels", "policy")),
        (aigini.at_estimates, "estimation"),
        (aigini.posterior, "posterior"),
        (aigini.beliefs, "posterior"),
        (aigini.beliefs, "alternatives"),
    ],
)
def test_verbs_refuse_before_they_compute(verb, topic, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("calibrate.posed", "at_estimates.estimate_values", "posterior.require_posterior_extra"):
        monkeypatch.setattr(f"aigini.commands.{name}", None)
    monkeypatch.setattr("aigini.commands.beliefs.require_posterior_extra", None)
    with pytest.raises(ConfigError, match="with --set"):
        verb(None, **INCONSISTENT[topic])
    assert list(tmp_path.iterdir()) == []


def test_simulate_takes_a_file_whatever_its_beliefs_and_targets_are(written):
    text = (
        '[posterior]\nfree = ["sigma"]\n[priors]\nsigma = "none"\n[calibration]\nmoments = ["m1"]\n'
        "[population]\nn_workers = 4096\nn_firms = 60\n"
    )
    config = load(written(text))
    assert as_config(config, {}) is config
    for topic in ("estimation", "posterior", "alternatives"):
        with pytest.raises(ConfigError):
            config.require(topic)


def test_xi_can_be_held_fixed_in_a_posterior(numpyro_rules):
    from aigini.commands.posterior_problem import posterior_likelihood, posterior_simulator

    sizes = {"population.n_workers": 4096, "population.n_firms": 60}
    config = load(None, {"posterior.free": WITHOUT_XI, "params.xi": 0.25, **sizes})
    config.require("posterior")
    assert list(config.posterior.priors) == WITHOUT_XI
    assert "xi" not in config.posterior.alternatives
    simulator = posterior_simulator(config, config.draw())
    point = np.array([prior.center for prior in config.posterior.priors.values()])
    assert float(simulator.parameters(jnp.asarray(point)).xi) == 0.25
    assert posterior_likelihood(config).observed == (0, 1, 2, 3, 4, 5)
    with pytest.raises(
        ConfigError, match=r"alternatives\.xi: xi is not in posterior\.free.* alternatives\.xi = \"none\""
    ):
        config.require("alternatives")


def test_a_prior_outside_what_the_tie_allows_is_refused_only_where_it_is_used():
    change = {"priors.eta1.high": 2.0}
    load(None, change).require("estimation")
    with pytest.raises(ConfigError, match=r"priors\.eta1 = \[0, 2\] is not a range inside \(0, 1\)"):
        load(None, change).require("posterior")
    load(None, {**change, "calibration.tie": "none"}).require("posterior")


# --- NumPy ------------------------------------------------------------------------------------------------------------


def test_values_of_numpy_and_jax_are_read_as_those_of_python():
    correlation = 0.8 * np.eye(6) + 0.2
    numpy = {
        "population.n_workers": np.int64(16384),
        "population.n_firms": np.uint16(100),
        "xi": np.float64(0.2),
        "params.sigma": np.float32(1.25),
        "psi": jnp.asarray(0.5),
        "calibration.free": np.array(["alpha", "beta"]),
        "calibration.moments": ("m1", "m2", "m3", "m4", "m5", "m6"),
        "calibration.weighting": np.diag([1.0, 2, 3, 4, 5, 6]),
        "calibration.correlation": jnp.asarray(correlation),
        "posterior.scenarios": np.linspace(0, 0.5, 3),
        "targets.m1": {"value": np.float64(-0.2), "se": np.array(0.05)},
        "income.concept": np.str_("wage"),
    }
    python = {
        "population.n_workers": 16384,
        "population.n_firms": 100,
        "xi": 0.2,
        "params.sigma": 1.25,
        "psi": 0.5,
        "calibration.free": ["alpha", "beta"],
        "calibration.moments": ["m1", "m2", "m3", "m4", "m5", "m6"],
        "calibration.weighting": np.diag([1.0, 2, 3, 4, 5, 6]).tolist(),
        "calibration.correlation": correlation.tolist(),
        "posterior.scenarios": [0.0, 0.25, 0.5],
        "targets.m1": {"value": -0.2, "se": 0.05},
        "income.concept": "wage",
    }
    one, other = load(None, numpy), load(None, python)
    assert one.digest == other.digest
    assert one.to_toml() == other.to_toml()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("population.n_workers", np.float64(16384)),
        ("population.n_workers", np.bool_(True)),
        ("population.n_workers", np.array([16384])),
        ("population.n_workers", np.str_("16384")),
        ("params.xi", np.str_("0.2")),
        ("params.xi", np.float64("nan")),
        ("params.xi", np.array([0.1, 0.2])),
        ("params.xi", np.datetime64(3, "ns")),
        ("calibration.free", np.array([1.0])),
        ("calibration.weighting", np.eye(6, dtype=complex)),
    ],
)
def test_numpy_is_read_as_strictly_as_python(name, value):
    with pytest.raises(ConfigError, match=name):
        load(None, {name: value})


def test_populations_and_parameters_take_numbers_of_numpy():
    sizes = {"n_workers": 2**12, "n_firms": 50, "seed": 3, "chunk": 128, "precision": "float64"}
    numpy = {key: np.int64(value) if isinstance(value, int) else value for key, value in sizes.items()}
    one, other = aigini.draw_population(**sizes), aigini.draw_population(**numpy, years=np.int32(10))
    assert (one.n_workers, one.years) == (other.n_workers, other.years)
    assert type(other.n_workers) is int
    np.testing.assert_array_equal(one.workers.ability, other.workers.ability)
    for number in (np.float32(0.25), np.int64(1)):
        assert aigini.Parameters(xi=number).xi.dtype == np.float64
        assert aigini.Scenario(A1=number).A1.dtype == np.float64


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_a_file(written, encoding):
    text = "[params]\nxi = 0.2\n"
    assert load(written(text, encoding)).digest == load(None, {"xi": 0.2}).digest


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_named(written, encoding):
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load(written('[targets.m1]\nvalue = 1.0\nse = 1.0\nsource = "Müller"', encoding))


def test_a_number_that_python_refuses_to_read_is_no_traceback(written):
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(written(f"[population]\nseed = {'9' * 5000}"))
    with pytest.raises(ConfigError, match=r"population\.seed = '99"):
        load(None, parse_overrides([f"population.seed={'9' * 5000}"]))


# --- sources ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"targets.m1.value": 0.5}, {"targets.m1.se": 0.01}])
def test_a_changed_target_has_no_published_source(written, change):
    config = load(None, change)
    target = config.targets["m1"]
    assert (target.source, target.seen, target.mark) == (CHANGED_BY_USER, "", CHANGED_BY_USER)
    assert config.targets["m2"] == load().targets["m2"]
    again = load(written(config.to_toml()))
    assert (again.targets, again.digest) == (config.targets, config.digest)


def test_a_source_of_ones_own_goes_with_its_numbers(written):
    path = written('[targets.m1]\nvalue = 0.5\nse = 0.1\nsource = "Mine 2030"\nseen = "P"')
    assert (load(path).targets["m1"].source, load(path).targets["m1"].mark) == ("Mine 2030", "P")
    assert load(path, {"targets.m1.se": 0.2}).targets["m1"].source == CHANGED_BY_USER
    both = load(None, {"targets.m1.value": 0.5, "targets.m1.source": "Mine 2030"}).targets["m1"]
    assert (both.source, both.seen, both.mark) == ("Mine 2030", "", "not said")


def test_the_same_numbers_keep_their_source(written):
    published = load().targets["m1"]
    assert load(None, {"targets.m1.value": published.value}).targets["m1"] == published
    same = written(f"[targets.m1]\nvalue = {published.value}\nse = {published.se}")
    assert load(same).targets["m1"] == published


def test_ranges_priors_and_alternatives_lose_their_source_too():
    changes = {"ranges.xi.high": 0.2, "priors.xi.high": 0.2, "alternatives.xi.anything.high": 0.9}
    source = load(None, changes).source
    changed = [source["ranges"]["xi"], source["priors"]["xi"], source["alternatives"]["xi"]["anything"]]
    assert {(table["source"], table["seen"]) for table in changed} == {(CHANGED_BY_USER, "")}
    kept = load().source
    assert source["alternatives"]["xi"]["patent_rents"] == kept["alternatives"]["xi"]["patent_rents"]
    assert load(None, {"ranges.alpha": {"low": 0.5, "high": 1.0}}).source["ranges"]["alpha"]["source"] == ""
