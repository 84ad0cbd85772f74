"""The schema of panels: valid ones become sorted arrays, and malformed ones are refused with every mistake named."""

import numpy as np
import pandas as pd
import pytest

from aigini.errors import DataError
from aigini.panel import COLUMNS, data_dictionary, panel_of
from aigini.panel.data import NEVER

FIRMS, PER_FIRM, TASKS, PERIODS = 6, 4, 2, 5
STARTS = np.array([99, 99, 3, 3, 4, 4])


def frame():
    worker, task, period = (
        part.ravel()
        for part in np.meshgrid(np.arange(FIRMS * PER_FIRM), np.arange(TASKS), np.arange(PERIODS), indexing="ij")
    )
    firm = worker // PER_FIRM
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "worker": worker,
            "firm": firm,
            "occupation": worker % 3,
            "task": task,
            "period": 2020 + period,
            "ai_use": (period >= STARTS[firm]).astype(int),
            "output": rng.lognormal(size=len(worker)),
            "schooling": 12.0 + worker % 5,
            "ai_structure": np.where(firm % 2 == 0, "commodity", "proprietary"),
        }
    )


def refused(table, mapping=None):
    with pytest.raises(DataError) as caught:
        panel_of(table, mapping)
    return str(caught.value).splitlines()


def test_a_panel_is_sorted_whatever_the_order_of_its_rows():
    sorted_, shuffled = panel_of(frame()), panel_of(frame().sample(frac=1, random_state=1))
    for name in sorted_.columns:
        np.testing.assert_array_equal(sorted_[name], shuffled[name])
    assert shuffled.balanced
    assert len(shuffled) == FIRMS * PER_FIRM * TASKS * PERIODS
    assert shuffled.limits == ()
    np.testing.assert_array_equal(shuffled.firm_start, np.where(STARTS == 99, NEVER, 2020 + STARTS))
    pd.testing.assert_frame_equal(shuffled.to_frame(), frame(), check_dtype=False)


def test_a_panel_that_lacks_rows_is_not_balanced():
    assert not panel_of(frame().drop(index=[3, 17])).balanced


def test_columns_of_other_names_are_mapped_and_identifiers_may_be_texts():
    table = frame().rename(columns={"worker": "emp", "firm": "company"})
    table["company"] = "F" + table["company"].astype(str)
    panel = panel_of(table, {"worker": "emp", "firm": "company"})
    assert list(panel.labels["firm"]) == [f"F{firm}" for firm in range(FIRMS)]
    np.testing.assert_array_equal(panel["firm"], panel_of(frame())["firm"])


def test_every_mistake_is_named_at_once():
    table = frame().astype({"schooling": object})
    table.loc[0, "output"] = -1.0
    table.loc[1, "output"] = np.nan
    table.loc[2, "schooling"] = "many"
    table.loc[3, "ai_use"] = 3
    table.loc[4, "ai_structure"] = "rented"
    lines = refused(
        pd.concat([table.drop(columns="occupation"), table.drop(columns="occupation").tail(1)]), {"wage": "pay"}
    )
    for words in (
        "occupation: the column is missing",
        "mapping: wage is to be read from 'pay', which is no column",
        "output: 1 row whose value is not above 0, first in row 1 (-1.0)",
        "output: 1 row without a value, first in row 2",
        "schooling: 1 row whose value is no number, first in row 3 (many)",
        "ai_use: 1 row whose value is neither 0 nor 1, first in row 4 (3)",
        "ai_structure: 1 row whose value is not commodity or proprietary, first in row 5 (rented)",
        "1 row repeated for a worker, task and period that is there before, first worker 23, task 1, period 2024",
    ):
        assert sum(words in line for line in lines) == 1, (words, lines)
    assert all(line.startswith("panel: ") and line.endswith(".") for line in lines)


def test_ai_use_that_ends_is_refused():
    table = frame()
    table.loc[(table["worker"] == 9) & (table["period"] == 2024), "ai_use"] = 0
    (line,) = refused(table)
    assert "ai_use: goes from 1 to 0 in 2 rows, first worker 9, task 0, period 2024" in line


def test_a_column_of_a_worker_is_one_value_for_all_her_tasks():
    table = frame()
    table.loc[7, "schooling"] = 3.0
    (line,) = refused(table)
    assert "schooling: differs within one worker and period in 1 row, first worker 0, task 1, period 2022" in line


def test_an_unknown_name_in_the_mapping_is_refused():
    (line,) = refused(frame(), {"outputs": "y"})
    assert "there is nothing called outputs; did you mean output?" in line


def test_an_empty_table_is_refused():
    assert any("has no rows" in line for line in refused(frame().head(0)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.assign(firm=0, ai_structure="commodity"), "one firm"),
        (lambda t: t[t["firm"] > 1], "no firm that never uses AI"),
        (lambda t: t[t["firm"] != 5], "the cohorts that start in period 2024 are one firm each"),
        (lambda t: t[t["period"] == 2024], "one period"),
        (lambda t: t.assign(ai_use=0), "nobody uses AI"),
        (lambda t: t[t["period"] > 2022], "2 firms use AI in the first period"),
    ],
)
def test_what_a_panel_is_too_small_for_is_said(change, words):
    limits = panel_of(change(frame())).limits
    assert any(words in line for line in limits), limits


def test_a_column_that_is_needed_and_not_there_is_named():
    with pytest.raises(DataError, match=r"has no column wage .*\n.*has no column firm_assets"):
        panel_of(frame()).require("wage", "output", "firm_assets")


def test_the_dictionary_has_a_row_for_each_column_and_everything_that_is_checked():
    table = data_dictionary().to_frame()
    assert list(table["name"]) == list(COLUMNS)
    assert list(table.columns) == [
        "name", "type", "unit", "meaning", "allowed values", "in every panel", "may be missing", "the same within",
    ]  # fmt: skip
    assert (table["meaning"].str.len() > 0).all()


@pytest.mark.slow
def test_ten_million_rows_are_checked():
    workers, tasks, periods = 125_000, 8, 10
    worker = np.repeat(np.arange(workers), tasks * periods)
    period = np.tile(np.arange(periods), workers * tasks)
    firm = worker % 500
    start = np.where(np.arange(500) % 3 == 0, 99, 4)
    table = pd.DataFrame(
        {
            "worker": worker,
            "firm": firm,
            "occupation": worker % 16,
            "task": np.tile(np.repeat(np.arange(tasks), periods), workers),
            "period": period,
            "ai_use": (period >= start[firm]).astype(np.int8),
            "output": 1.0 + worker % 7,
        }
    )
    panel = panel_of(table)
    assert len(panel) == 10_000_000
    assert panel.balanced
    table.loc[5_000_000, "output"] = -1.0
    assert "output: 1 row whose value is not above 0, first in row 5000001 (-1.0)" in refused(table)[0]
