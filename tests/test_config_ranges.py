"""Every number of a configuration is judged when it is read: it loads, or is refused by its name; nothing overflows."""

import math
import typing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from aigini.bayes.settings import NutsSettings
from aigini.config import load
from aigini.config.schema import FileSchema
from aigini.errors import ConfigError
from aigini.estimation.descent import DescentSettings
from aigini.estimation.least_squares import LeastSquaresSettings
from aigini.parameters import SPECS

TABLES = {"targets": "m1", "ranges": "xi", "priors": "sigma", "alternatives": "xi.patent_rents"}


def _types(annotation):
    """The types that an annotation is made of."""
    inside = typing.get_args(annotation)
    return {annotation} if not inside else set().union(*(_types(part) for part in inside if part is not Ellipsis))


def _leaves():
    """The dotted name of every number that a file can have, each with the shape that it has there."""
    for section, field in FileSchema.model_fields.items():
        if section == "params":
            yield from ((f"params.{name}", lambda x: x) for name in (*SPECS, "asset_gini"))
            continue
        if section == "mechanisms":  # the baseline's have no numbers; those of others are in tests/test_technology.py
            continue
        (schema,) = {t for t in _types(field.annotation) if isinstance(t, type) and issubclass(t, BaseModel)}
        for key, leaf in schema.model_fields.items():
            where = ".".join([section, TABLES[section], key] if section in TABLES else [section, key])
            if key in ("weighting", "correlation"):
                yield where, lambda x: [[x if i == j == 0 else float(i == j) for j in range(6)] for i in range(6)]
            elif key == "scenarios":
                yield where, lambda x: [x]
            elif _types(leaf.annotation) & {int, float}:
                yield where, lambda x: x


LEAVES = dict(_leaves())
EXTREMES = [
    *(0, -1, 10**9, 2**63, -(2**128), 10**400, 10**5000),
    *(1e308, -1e150, 1e12, 5e-324, 1e-12, math.nan, -math.inf),
    *(True, "3", None),
]


def test_the_leaves_are_those_of_the_schema():
    assert len(LEAVES) > 80
    for name in ("posterior.seed", "calibration.learning_rate", "targets.m1.se", "priors.sigma.a", "scenario.A0"):
        assert name in LEAVES


def judge(name, value):
    """Load `value` at `name`; every complaint names it."""
    try:
        config = load(None, {name: LEAVES[name](value)})
        config.require()
    except ConfigError as error:
        complaint = str(error)
        section, *_, key = name.split(".")
        # What is wrong with two numbers of a table together names the table.
        assert key in complaint or (section in TABLES and name.rpartition(".")[0] in complaint)
        assert len(complaint) < 2000
        return None
    return config


@pytest.mark.parametrize("name", LEAVES)
def test_an_extreme_value_loads_or_is_refused_by_name(name):
    for value in EXTREMES:
        judge(name, value)


@settings(max_examples=150)
@given(st.sampled_from(sorted(LEAVES)), st.one_of(st.integers(), st.floats(), st.integers(-(2**200), 2**200)))
@example("posterior.seed", 2**128)
def test_any_value_loads_or_is_refused_by_name(name, value):
    config = judge(name, value)
    if config is not None:
        config.to_toml()


@pytest.mark.parametrize("name", ["population.seed", "calibration.start_seed", "posterior.seed"])
def test_seeds_are_what_every_generator_takes(name):
    assert judge(name, 2**63 - 1) is not None
    assert judge(name, 0) is not None
    for value in (-1, 2**63, 2**128):
        assert judge(name, value) is None


def test_other_draws_of_the_largest_seed_exist():
    config = load(None, {"population.seed": 2**63 - 1, "population.n_workers": 4096, "population.n_firms": 60})
    other = config.draw(config.population["seed"] + 1)
    assert other.n_workers == 4096


def test_what_would_not_fit_into_memory_is_refused_at_once():
    for change, words in (
        ({"population.n_workers": 2**31, "population.n_firms": 10**9}, "shocks of firms"),
        ({"posterior.chains": 1000, "posterior.draws": 100_000}, "iterations, more than 10,000,000"),
        ({"calibration.starts": 10**6}, "calibration.starts"),
        ({"population.chunk": 2**40}, "population.chunk"),
    ):
        with pytest.raises(ConfigError, match=words):
            load(None, change)


def test_the_baseline_asks_for_what_the_estimators_do_by_default():
    config = load(None)
    assert config.descent == DescentSettings()
    assert config.polish == LeastSquaresSettings()
    assert config.posterior.nuts == NutsSettings()
