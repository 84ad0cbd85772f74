"""`aigini explain` knows every name that configurations, results and the command line use."""

import pytest

from aigini import explain
from aigini.analysis.levers import LEVERS
from aigini.commands.purposes import PURPOSES
from aigini.commands.without_computing import WITHOUT_COMPUTING
from aigini.config.explain import SECTIONS
from aigini.config.schema import FileSchema
from aigini.economy.channels import CHANNEL_NAMES
from aigini.errors import ConfigError
from aigini.parameters import SPECS
from aigini.statistics import catalogue
from aigini.statistics.outcomes import OUTCOME_NAMES

KEYS = {f"{section}.{name}" for section, schema in SECTIONS.items() for name in schema.model_fields}


def test_every_name_is_explained():
    table = explain()
    kinds, meanings = {}, table.columns[2].values
    for name, kind in zip(table.columns[0].values, table.columns[1].values, strict=True):
        kinds.setdefault(name, []).append(kind)
    assert all(meanings)
    expected = {*SPECS, *catalogue.names(), *OUTCOME_NAMES, *LEVERS, *CHANNEL_NAMES, *PURPOSES, *WITHOUT_COMPUTING}
    assert expected | set(FileSchema.model_fields) <= kinds.keys()
    assert {key.partition(".")[2] for key in KEYS} <= kinds.keys()


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_is_explained_with_its_section(section):
    for name in SECTIONS[section].model_fields:
        names, kinds, *_ = (column.values for column in explain([f"{section}.{name}"]).columns)
        assert set(names) == {name}
        assert all(f"[{section}]" in kind for kind in kinds)


def test_names_may_be_in_brackets_and_mistakes_are_answered():
    assert "draws of workers and firms" in str(explain(["[population]"]))
    with pytest.raises(ConfigError, match="did you mean n_workers"):
        explain(["n_worker"])
    with pytest.raises(ConfigError, match=r"\[scenario\] has no draws"):
        explain(["scenario.draws"])
