"""Every mistake in a configuration is named, with its place and a remedy; the rest loads."""

import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm

from aigini.config import baseline_path, load, parse_overrides
from aigini.errors import ConfigError
from aigini.parameters import SPECS
from aigini.statistics.moments import MOMENT_NAMES

CONFIGS = Path(__file__).resolve().parent.parent / "configs"

TWO_MOMENTS = '[calibration]\nfree = ["alpha", "beta"]\nmoments = ["m1", "m2"]\n'
CORRELATED = TWO_MOMENTS + "correlation = [[1.0, 0.2], [0.2, 1.0]]\n"

# (what is wrong, the file, what the message must contain: the place and the remedy)
MISTAKES = [
    ("unknown section", "[populaton]\nseed = 1", ["populaton", "did you mean population?"]),
    ("unknown moment", '[calibration]\nmoments = ["top5_share"]', ["top5_share", "aigini.register_moment"]),
    ("unknown target", "[targets.top5_share]\nvalue = 0.1\nse = 0.1", ["top5_share", "aigini.register_moment"]),
    ("unknown key", "[population]\nn_worker = 5000", ["population.n_worker", "did you mean n_workers?"]),
    ("unknown parameter", "[params]\nalhpa = 0.8", ["params.alhpa", "did you mean alpha?"]),
    ("unknown moment", "[targets.m7]\nvalue = 0.1\nse = 0.1", ["targets.m7", "m1", "m6"]),
    ("section is a value", "params = 3", ["params = 3", "[params]"]),
    ("target is a value", "[targets]\nm1 = 3", ["targets.m1 = 3", "table"]),
    ("not TOML", "[params\nxi = 0.1", ["not valid TOML", "line 1"]),
    (
        "text for a whole number",
        '[population]\nn_workers = "many"',
        ["population.n_workers = 'many'", "integer"],
    ),
    ("fraction for a whole number", "[population]\nn_workers = 1e5", ["population.n_workers", "integer"]),
    ("truth value for a whole number", "[population]\nn_firms = true", ["population.n_firms", "integer"]),
    ("text for a parameter", '[params]\nxi = "a"', ["params.xi = 'a'", "number"]),
    ("table for a parameter", "[params.xi]\nvalue = 1.0", ["params.xi", "number"]),
    ("out of bounds", "[params]\nxi = 2.0", ["params.xi = 2 ", "[0, 1]", "baseline is 0.12"]),
    ("not a number", "[params]\nxi = nan", ["params.xi = nan", "finite number"]),
    ("infinite", "[params]\nsigma = inf", ["params.sigma = inf", "finite number"]),
    (
        "sorting leaves no ability",
        "[params]\noccupation_sorting = 0.8\nfirm_sorting = 0.6",
        ["params.occupation_sorting", "params.firm_sorting", "below 1", "lower either"],
    ),
    (
        "firm growth overflows",
        "[params]\ncumulative_advantage = 10.0",
        ["firm growth overflows", "params.cumulative_advantage = 10", "lower cumulative_advantage"],
    ),
    (
        "firm growth overflows over many years",
        "[params]\ncumulative_advantage = 5.0\n[scenario]\nyears = 40",
        ["firm growth overflows", "for 40 years"],
    ),
    (
        "no human output",
        "[params]\nbeta = -0.6\n[scenario]\nA1 = 2.0",
        ["params.beta", "raise beta above -0.5"],
    ),
    ("no workers", "[population]\nn_workers = 0", ["population.n_workers = 0", "262144"]),
    ("fewer than no workers", "[population]\nn_workers = -4", ["population.n_workers = -4", "262144"]),
    ("no firms", "[population]\nn_firms = 0", ["population.n_firms = 0", "at least 1"]),
    ("fewer than no firms", "[population]\nn_firms = -1", ["population.n_firms = -1", "at least 1"]),
    (
        "more firms than workers",
        "[population]\nn_workers = 1000\nn_firms = 2000",
        ["population.n_firms = 2000", "n_workers = 1000", "at most 500 firms", "4000 workers"],
    ),
    ("negative seed", "[population]\nseed = -1", ["population.seed = -1"]),
    ("no years", "[scenario]\nyears = 0", ["scenario.years = 0", "1"]),
    ("too many years", "[scenario]\nyears = 41", ["scenario.years = 41", "1 .. 40"]),
    ("negative AI", "[scenario]\nA1 = -1.0", ["scenario.A1 = -1.0", "0"]),
    ("unknown income", '[income]\nconcept = "pay"', ["income.concept = 'pay'", "'total'", "'wage'"]),
    ("no standard error", "[targets.m1]\nvalue = 0.1", ["targets.m1.se is missing", "add it"]),
    ("standard error of 0", "[targets.m1]\nvalue = 0.1\nse = 0.0", ["targets.m1.se = 0.0", "greater than 0"]),
    (
        "negative standard error",
        "[targets.m1]\nvalue = 0.1\nse = -1.0",
        ["targets.m1.se = -1.0", "greater than 0"],
    ),
    (
        "unknown standard error",
        "[targets.m1]\nvalue = 0.1\nse = nan",
        ["targets.m1.se = nan", "finite number"],
    ),
    (
        "indefinite weights",
        TWO_MOMENTS + "weighting = [[1.0, 2.0], [2.0, 1.0]]",
        ["calibration.weighting", "not positive definite", "inverse of a covariance matrix"],
    ),
    (
        "zero weights",
        TWO_MOMENTS + "weighting = [[0.0, 0.0], [0.0, 0.0]]",
        ["calibration.weighting", "not positive definite"],
    ),
    (
        "asymmetric weights",
        TWO_MOMENTS + "weighting = [[1.0, 0.5], [0.0, 1.0]]",
        ["calibration.weighting", "make it symmetric"],
    ),
    (
        "weights of another shape",
        TWO_MOMENTS + "weighting = [[1.0]]",
        ["calibration.weighting has shape (1, 1)", "2 targets"],
    ),
    ("ragged weights", TWO_MOMENTS + "weighting = [[1.0], [0.0, 1.0]]", ["calibration.weighting is ragged"]),
    (
        "weights that are not numbers",
        TWO_MOMENTS + "weighting = [[nan, 0.0], [0.0, 1.0]]",
        ["calibration.weighting", "finite number"],
    ),
    (
        "unknown weights",
        '[calibration]\nweighting = "diag"',
        ["calibration.weighting", "'diagonal'", "'identity'", "'optimal'", "'two_step'", "'iterated'"],
    ),
    *(
        (
            f"{kind} weights without correlations",
            f'[calibration]\nweighting = "{kind}"',
            [f'calibration.weighting = "{kind}"', "needs the covariance", "calibration.correlation", '"diagonal"'],
        )
        for kind in ("optimal", "two_step", "iterated")
    ),
    *(
        (
            f"{kind} weights without replications",
            CORRELATED + f'weighting = "{kind}"\nreplications = 1',
            [f'calibration.weighting = "{kind}"', "calibration.replications = 1", "raise it to 2"],
        )
        for kind in ("two_step", "iterated")
    ),
    (
        "correlations of another shape",
        TWO_MOMENTS + "correlation = [[1.0, 0.2]]",
        ["calibration.correlation has shape (1, 2)", "2 targets", "m1 ... m6"],
    ),
    ("no correlations", TWO_MOMENTS + "correlation = []", ["calibration.correlation has shape (0,)", "2 targets"]),
    (
        "a variance that is none",
        '[calibration]\nfree = ["alpha"]\nmoments = ["m1"]\ncovariance = [[-1.0]]',
        ["calibration.covariance of m1 with itself is -1", "a variance is greater than 0"],
    ),
    (
        "covariances of another shape",
        TWO_MOMENTS + "covariance = [[1.0]]",
        ["calibration.covariance has shape (1, 1)", "2 targets"],
    ),
    (
        "covariances that are no numbers",
        TWO_MOMENTS + "covariance = [['x', 1.0], [1.0, 1.0]]",
        ["calibration.covariance is not usable", "matrix of finite numbers"],
    ),
    ("ragged covariances", TWO_MOMENTS + "covariance = [[1.0], [0.2, 1.0]]", ["calibration.covariance is ragged"]),
    (
        "ragged correlations",
        TWO_MOMENTS + "correlation = [[1.0], [0.2, 1.0]]",
        ["calibration.correlation is ragged", "one row and one column"],
    ),
    (
        "correlations that are not numbers",
        TWO_MOMENTS + 'correlation = [[1.0, nan], ["a", 1.0]]',
        ["calibration.correlation is not usable", "finite numbers", "leave it out if unknown"],
    ),
    (
        "correlations that cannot be read, and weights that need them",
        TWO_MOMENTS + 'weighting = "optimal"\ncorrelation = 0.3',
        ["calibration.correlation is not usable"],
    ),
    (
        "asymmetric correlations",
        TWO_MOMENTS + "correlation = [[1.0, 0.2], [0.3, 1.0]]",
        ["calibration.correlation is not symmetric", "m1 and m2 have 0.2", "0.3", "make them equal"],
    ),
    (
        "a covariance for correlations",
        TWO_MOMENTS + "correlation = [[1.0, 0.2], [0.2, 0.04]]",
        ["calibration.correlation of m2 with itself is 0.04", "only 1", "correct the diagonal"],
    ),
    (
        "a correlation above one",
        TWO_MOMENTS + "correlation = [[1.0, -1.5], [-1.5, 1.0]]",
        ["calibration.correlation of m1 and m2 is -1.5", "from -1 to 1"],
    ),
    (
        "perfect correlations",
        TWO_MOMENTS + "correlation = [[1.0, 1.0], [1.0, 1.0]]",
        ["calibration.correlation is not positive definite", "m1, m2", "lower the correlations"],
    ),
    (
        "impossible correlations",
        '[calibration]\nfree = ["alpha"]\nmoments = ["m1", "m2", "m3", "m4"]\n'
        "correlation = [[1, 0.9, 0, 0], [0.9, 1, 0, -0.9], [0, 0, 1, 0], [0, -0.9, 0, 1]]",
        ["calibration.correlation is not positive definite", "m1, m2, m4", "lower the correlations"],
    ),
    (
        "misspelt correlations",
        TWO_MOMENTS + "correlations = [[1.0, 0.2], [0.2, 1.0]]",
        ["calibration.correlations", "did you mean correlation?"],
    ),
    ("unknown free parameter", '[calibration]\nfree = ["alfa"]', ["calibration.free", "did you mean alpha?"]),
    ("free twice", '[calibration]\nfree = ["alpha", "alpha"]', ["calibration.free", "name each once"]),
    ("nothing free", "[calibration]\nfree = []", ["calibration.free", "at least 1"]),
    (
        "more free parameters than moments",
        '[calibration]\nfree = ["alpha", "beta"]\nmoments = ["m1"]',
        ["calibration.free has 2 parameters for 1 targets"],
    ),
    (
        "a moment twice",
        '[calibration]\nfree = ["alpha", "beta"]\nmoments = ["m1", "m1"]',
        ["calibration.moments", "twice"],
    ),
    ("tied and free", '[calibration]\nfree = ["eta0"]', ["calibration.free has eta0", 'tie = "none"']),
    (
        "no iterations",
        "[calibration]\ndescent_steps = 0\npolish_steps = 0",
        ["calibration has no iterations", "descent_steps"],
    ),
    (
        "unknown optimiser",
        '[calibration]\noptimizer = "lbfgs"',
        ["calibration.optimizer = 'lbfgs'", "'adam'"],
    ),
    (
        "two ways to say asset dispersion",
        "[params]\nasset_gini = 0.5\nasset_sd = 1.0",
        ["asset_gini", "asset_sd", "keep one"],
    ),
    ("impossible Gini of assets", "[params]\nasset_gini = 1.0", ["params.asset_gini = 1 ", "[0, 1)"]),
    (
        "Gini of assets that needs an endless dispersion",
        "[params]\nasset_gini = 0.5\npsi = 1e-310",
        ["params.asset_", "inf"],
    ),
    (
        "Gini of assets that do not count",
        "[params]\nasset_gini = 0.5\npsi = 0.0",
        ["params.asset_gini", "params.psi above 0"],
    ),
]


@pytest.fixture
def message(tmp_path):
    """`message(text)`: the lines of the error that a file of this text gives some command, without the file's name."""

    def fail(text):
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load(path).require()
        lines = str(caught.value).split("\n")
        assert all(line.startswith(f"{path}: ") for line in lines)
        return [line.removeprefix(f"{path}: ") for line in lines]

    return fail


def assert_is_a_sentence(line):
    assert line.endswith((".", "?"))


@pytest.mark.parametrize(("text", "fragments"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
class TestAMistake:
    def test_is_named_with_its_place_and_a_remedy(self, message, text, fragments):
        (line,) = message(text)
        assert [fragment for fragment in fragments if fragment not in line] == []

    def test_is_told_in_a_sentence_of_the_users_words(self, message, text, fragments):
        for line in message(text):
            assert_is_a_sentence(line)
            for inside in ("[key]", "literal[", "list[", "_Target", "dictionary", "validation", "Traceback"):
                assert inside not in line


def test_all_mistakes_are_reported_at_once_whatever_their_kind(message):
    lines = message(
        """
        [params]
        xi = 2.0
        sigma = -1.0
        alpha = nan
        retooling = "little"
        alhpa = 1.0
        [population]
        n_workers = 0
        n_firm = 3
        [scenario]
        A1 = -1.0
        [targets.m1]
        value = 0.1
        [targets.m2]
        value = 0.1
        se = 0.0
        [calibration]
        free = ["bta"]
        [income]
        concept = "pay"
        """
    )
    places = [
        "params.xi",
        "params.sigma",
        "params.alpha",
        "params.retooling",
        "params.alhpa",
        "population.n_workers",
        "population.n_firm:",
        "scenario.A1",
        "targets.m1.se",
        "targets.m2.se",
        "calibration.free",
        "income.concept",
    ]
    assert [place for place in places if not any(place in line for line in lines)] == []


def test_all_mistakes_about_correlations_and_weights_are_reported_at_once(message):
    lines = message(
        """
        [calibration]
        free = ["alpha"]
        moments = ["m1", "m2", "m3"]
        correlation = [[1.0, 0.2, 0.0], [0.3, 0.9, 1.1], [0.0, 1.1, 1.0]]
        weighting = "iterated"
        replications = 0
        """
    )
    assert len(lines) == 4
    for line in lines:
        assert_is_a_sentence(line)


def test_mistakes_of_one_kind_are_reported_at_once(message):
    lines = message("[params]\nxi = 2.0\nsigma = -1.0\nalpha = -3.0\n[population]\nn_workers = 0\nn_firms = -1")
    assert len(lines) == 5


def test_an_unknown_parameter_does_not_hide_the_bounds_of_the_others(message):
    assert len(message("[params]\nalhpa = 1.0\nxi = 2.0")) == 2


@pytest.mark.parametrize("name", ["nowhere.toml", ".", "regular/below.toml", "binary"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    (tmp_path / "regular").write_text("")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="TOML file") as caught:
        load(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def outside(spec):
    """Values that `spec` does not admit, the very bounds among them."""
    ranges = [st.sampled_from([math.nan, math.inf, -math.inf, spec.lower, spec.upper])]
    if math.isfinite(spec.lower):
        ranges.append(st.floats(max_value=spec.lower, allow_nan=False))
    if math.isfinite(spec.upper):
        ranges.append(st.floats(min_value=spec.upper, allow_nan=False))
    return st.one_of(ranges).filter(lambda value: not spec.admits(value))


class TestEveryParameter:
    @pytest.mark.parametrize("name", SPECS)
    @given(data=st.data())
    def test_outside_its_bounds_is_refused_by_name(self, name, data):
        value = data.draw(outside(SPECS[name]))
        with pytest.raises(ConfigError, match=rf"params\.{name} = "):
            load(None, {f"params.{name}": value})

    @given(st.fixed_dictionaries({name: st.floats(*spec.box) for name, spec in SPECS.items()}))
    def test_inside_its_box_loads(self, values):
        assert load(None, values).params.as_dict() == values

    @pytest.mark.parametrize("name", SPECS)
    def test_is_set_by_its_bare_name_and_by_its_full_name(self, name):
        value = SPECS[name].box[0]
        bare, full = (load(None, parse_overrides([f"{key}={value!r}"])) for key in (name, f"params.{name}"))
        assert bare.digest == full.digest
        assert float(getattr(bare.params, name)) == value


@given(st.floats(-1, 1, exclude_min=True, exclude_max=True), st.floats(-1, 1, exclude_min=True, exclude_max=True))
def test_sorting_loads_exactly_when_its_squares_leave_room(occupation, firm):
    values = {"occupation_sorting": occupation, "firm_sorting": firm}
    if occupation**2 + firm**2 < 1:
        assert load(None, values).params.as_dict().items() >= values.items()
    else:
        with pytest.raises(ConfigError, match="impossible together"):
            load(None, values)


ANY_VALUE = st.one_of(
    st.floats(),
    st.integers(),
    st.text(max_size=5),
    st.booleans(),
    st.lists(st.floats(), max_size=3),
    st.just({}),
)
ANY_NAME = st.one_of(
    st.sampled_from([*SPECS, *(f"params.{name}" for name in SPECS), "asset_gini", "params", "population"]),
    st.sampled_from(
        [
            f"{section}.{key}"
            for section, content in load().source.items()
            for key in content
            if section in ("population", "scenario", "calibration", "income", "targets")
        ]
    ),
    st.text("abc.m1 ", max_size=8),
)


@given(st.dictionaries(ANY_NAME, ANY_VALUE, min_size=1, max_size=4))
def test_whatever_is_set_either_loads_or_gives_a_configuration_error(overrides):
    try:
        config = load(None, overrides)
        values = config.params.as_dict()
        config.require()
    except ConfigError as error:
        complaint = str(error)
        assert_is_a_sentence(complaint)
    else:
        assert all(spec.admits(values[name]) for name, spec in SPECS.items())


class TestSet:
    def test_changes_one_value(self):
        config = load(None, parse_overrides(["params.xi=0.2", "population.seed=3", "calibration.free=['alpha']"]))
        assert float(config.params.xi) == 0.2
        assert config.population["seed"] == 3
        assert config.free == ("alpha",)

    def test_comes_after_the_file(self, tmp_path):
        (tmp_path / "c.toml").write_text("[params]\nxi = 0.3\nalpha = 0.9")
        config = load(tmp_path / "c.toml", {"xi": 0.2})
        assert (float(config.params.xi), float(config.params.alpha)) == (0.2, 0.9)

    def test_value_that_is_not_toml_is_text(self):
        assert load(None, parse_overrides(["income.concept=wage"])).income == "wage"

    def test_value_of_a_target_keeps_its_standard_error(self):
        target = load(None, {"targets.m1.value": 0.1}).targets["m1"]
        assert (target.value, target.se) == (0.1, load().targets["m1"].se)

    @pytest.mark.parametrize(
        ("item", "fragments"),
        [
            ("params.alhpa=1.0", ["params.alhpa", "did you mean alpha?"]),
            ("alhpa=1.0", ["alhpa", "did you mean alpha?"]),
            ("population.n_worker=1", ["population.n_worker", "did you mean n_workers?"]),
            ("populaton.n_workers=1", ["populaton", "did you mean population?"]),
            ("params.xi.y=1", ["params.xi.y", "section.key=value"]),
            ("xi=abc", ["params.xi = 'abc'", "number"]),
            ("xi", ["--set xi", "name=value"]),
            ("=1", ["--set =1", "name=value"]),
        ],
    )
    def test_mistake_is_named(self, item, fragments):
        with pytest.raises(ConfigError) as caught:
            load(None, parse_overrides([item]))
        assert "--set" in str(caught.value)
        assert [fragment for fragment in fragments if fragment not in str(caught.value)] == []

    def test_of_a_whole_section_says_to_name_a_key_of_it(self):
        with pytest.raises(ConfigError) as caught:
            load(None, parse_overrides(["population=1"]))
        assert "did you mean population?" not in str(caught.value)
        assert "population." in str(caught.value)


class TestAssetGini:
    def test_stands_in_place_of_the_standard_deviation(self, tmp_path):
        (tmp_path / "c.toml").write_text("[params]\nasset_gini = 0.4")
        config = load(tmp_path / "c.toml")
        assert config.digest == load(None, {"asset_gini": 0.4}).digest
        assert config.digest == load(None, {"asset_sd": float(config.params.asset_sd)}).digest
        assert float(config.params.asset_sd) != SPECS["asset_sd"].default

    @given(st.floats(0.05, 0.95), st.floats(0.5, 1.5))
    def test_is_the_gini_of_capital_intensity(self, gini, psi):
        sd = float(load(None, {"asset_gini": gini, "psi": psi}).params.asset_sd) * psi
        # Gini = 2 P(X < Y e^σ²) - 1 for independent lognormal X and Y: Y e^σ² is Y weighted by its size.
        assert 2 * lognorm.cdf(math.exp(sd**2), math.sqrt(2) * sd) - 1 == pytest.approx(gini, abs=1e-12)

    def test_of_zero_makes_firms_equal(self):
        assert float(load(None, {"asset_gini": 0.0}).params.asset_sd) == 0.0

    def test_set_on_top_of_a_file_with_the_standard_deviation_replaces_it(self, tmp_path):
        (tmp_path / "c.toml").write_text("[params]\nasset_sd = 0.3")
        both = load(tmp_path / "c.toml", {"params.asset_gini": 0.4})
        assert both.digest == load(None, {"asset_gini": 0.4}).digest


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """`written(text)`: the path of a file with this text; hypothesis needs one that outlives an example."""
    path = tmp_path_factory.mktemp("config") / "c.toml"

    def write(text):
        path.write_text(text, encoding="utf-8")
        return path

    return write


@given(
    values=st.fixed_dictionaries({name: st.floats(*spec.box) for name, spec in SPECS.items() if name != "asset_sd"}),
    dispersion=st.sampled_from([{"asset_gini": 0.3}, {"asset_sd": 1}, {"asset_sd": 0.7}]),
    population=st.fixed_dictionaries(
        {
            "population.n_workers": st.integers(2**12, 2**31),
            "population.seed": st.integers(0, 2**63 - 1),
            "population.chunk": st.sampled_from([256, 1024]),
            "population.draws": st.sampled_from(["qmc", "pseudo"]),
            "population.precision": st.sampled_from(["float32", "float64"]),
        }
    ),
    target=st.floats(-1, 1),
    source=st.text(st.characters(blacklist_categories=["Cs"]), max_size=20),
    weighting=st.sampled_from(
        ["diagonal", "identity", "optimal", "iterated", np.diag([1.0, 2, 3, 4, 5, 6.5]).tolist()]
    ),
)
def test_a_configuration_written_out_loads_as_itself(
    written, values, dispersion, population, target, source, weighting
):
    overrides = {**values, **dispersion, **population}
    overrides |= {
        "targets.m1": {"value": target, "se": 0.1, "source": source},
        "calibration.weighting": weighting,
        "calibration.correlation": (0.8 * np.eye(6) + 0.2).tolist(),
    }
    config = load(None, overrides)
    again = load(written(config.to_toml()))
    assert again.digest == config.digest
    assert again.params.as_dict() == config.params.as_dict()
    assert again.targets == config.targets


def test_any_change_of_a_value_changes_the_digest():
    digests = {load(None, {name: spec.box[0]}).digest for name, spec in SPECS.items()}
    digests |= {load(None, {"population.seed": 1}).digest, load(None, {"targets.m1.value": 0.0}).digest}
    assert len(digests | {load().digest}) == len(SPECS) + 3


class TestTheFilesOfTheRepository:
    @pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
    def test_load_with_a_source_and_a_standard_error_for_every_target(self, path):
        config = load(path)
        # With sigma on an axis of a map the college premium is no target.
        left_out = {"two_skills": {"m3"}}.get(path.stem, set())
        assert tuple(config.targets) == tuple(name for name in MOMENT_NAMES if name not in left_out)
        for target in config.targets.values():
            assert target.se > 0
            assert target.source
            assert target.seen

    @pytest.mark.parametrize(
        ("name", "value", "concept"),
        [
            ("baseline", 0.004, "total"),
            ("m6_minus002", -0.002, "total"),
            ("m6_zero", 0.0, "total"),
            ("m6_plus004", 0.004, "total"),
            ("m6_plus008", 0.008, "total"),
            ("wage_gini_imf", -0.0173, "wage"),
            ("correlated_targets", 0.004, "total"),
        ],
    )
    def test_aim_at_the_stated_change_of_the_gini(self, name, value, concept):
        config = load(CONFIGS / f"{name}.toml")
        assert (config.targets["m6"].value, config.income) == (value, concept)

    def test_change_nothing_else(self):
        baseline = load().source
        for path in [*CONFIGS.glob("m6_*.toml"), CONFIGS / "wage_gini_imf.toml"]:
            source = load(path).source
            targets = {name: target for name, target in source["targets"].items() if name != "m6"}
            assert targets == {name: t for name, t in baseline["targets"].items() if name != "m6"}
            assert {k: source[k] for k in source if k not in ("targets", "income")} == {
                k: baseline[k] for k in baseline if k not in ("targets", "income")
            }

    def test_correlated_targets_change_only_how_the_estimation_is_posed(self):
        baseline, source = (load(CONFIGS / f"{name}.toml").source for name in ("baseline", "correlated_targets"))
        assert {key for key in source if source[key] != baseline[key]} == {"params", "calibration"}
        assert {k: v for k, v in source["params"].items() if v != baseline["params"][k]} == {"sigma": 1.0}
        assert len(source["calibration"]["free"]) < len(source["calibration"]["moments"])
        assert source["calibration"]["weighting"] == "two_step"

    @pytest.mark.parametrize(
        ("name", "section"),
        [
            ("belief_unknown", "posterior"),
            ("belief_scenarios", "posterior"),
            ("xi_patent_rents", "priors"),
            ("xi_anything", "priors"),
        ],
    )
    def test_beliefs_change_only_what_is_believed(self, name, section):
        baseline, source = (load(CONFIGS / f"{which}.toml").source for which in ("baseline", name))
        assert {key for key in source if source[key] != baseline[key]} == {section}
        changed = {key for key in source[section] if source[section][key] != baseline[section][key]}
        assert changed == ({"m6"} if section == "posterior" else {"xi"})

    def test_baseline_states_the_default_of_every_parameter(self):
        stated = tomllib.loads(baseline_path().read_text(encoding="utf-8"))["params"]
        assert stated == {name: spec.default for name, spec in SPECS.items()}

    def test_baseline_is_what_loads_without_a_file(self):
        assert load().digest == load(CONFIGS / "baseline.toml").digest


def test_a_target_in_a_file_replaces_the_whole_target(written):
    target = load(written("[targets.m1]\nvalue = 0.3\nse = 0.2")).targets["m1"]
    assert (target.value, target.se, target.source, target.seen) == (0.3, 0.2, "changed by the user", "")


def test_only_the_chosen_moments_are_targets():
    config = load(None, {"calibration.moments": ["m5", "m2"], "calibration.free": ["alpha", "beta"]})
    assert tuple(config.targets) == ("m2", "m5")


def test_values_that_contradict_the_tie_are_refused_before_any_estimation():
    with pytest.raises(ConfigError, match="do not add up to 1"):
        load(None, {"eta1": 1.5, "calibration.free": ["alpha", "beta"]}).require("estimation")
    # A free eta1 only starts there: the tie sets eta0 along with it.
    assert load(None, {"eta1": 0.7}).tie == "eta0 = 1 - eta1"


@pytest.mark.parametrize("value", ["[" * 5000 + "]" * 5000, "{a = " * 3000 + "1" + "}" * 3000])
def test_values_that_are_nested_too_deeply_are_one_sentence(tmp_path, value):
    (tmp_path / "deep.toml").write_text(f"[params]\nxi = {value}")
    with pytest.raises(ConfigError, match=r"deep\.toml: is nested too deeply"):
        load(tmp_path / "deep.toml")
    with pytest.raises(ConfigError, match=r"--set params\.xi: is nested too deeply"):
        parse_overrides([f"params.xi={value}"])


@pytest.mark.parametrize("value", ["1" * 5000, "0x" + "f" * 5000])
def test_integers_of_too_many_digits_are_one_sentence(tmp_path, value):
    (tmp_path / "long.toml").write_text(f"[posterior]\nseed = {value}")
    with pytest.raises(ConfigError, match=r"long\.toml: is not valid TOML"):
        load(tmp_path / "long.toml")
    with pytest.raises(ConfigError, match=r"posterior\.seed"):
        load(None, parse_overrides([f"posterior.seed={value}"]))


def test_text_that_is_not_utf_8_is_refused_before_it_gets_into_a_result():
    with pytest.raises(ConfigError, match="no text in UTF-8"):
        parse_overrides(["targets.m1.source=\udcff"])
