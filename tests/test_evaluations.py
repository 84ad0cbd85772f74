"""Evaluations that are kept: the same bits, for the same question only, in this process or another."""

import functools
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from aigini.analysis.levers import INSTRUMENTS
from aigini.config import load
from aigini.economy.economy import Scenario
from aigini.estimation.outcome_map import OutcomeMap
from aigini.parameters import Parameters
from aigini.population import draw_population
from aigini.runtime.evaluations import Cache, block, fingerprint, kept_in
from aigini.statistics.catalogue import OUTCOMES
from aigini.storage.ledger import Ledger

SMALL = {"n_workers": 1024, "n_firms": 30}


@pytest.fixture(scope="module")
def small():
    return draw_population(**SMALL)


ASKED = []
"""Questions that `program` was asked."""


@pytest.fixture
def asked():
    ASKED.clear()
    return ASKED


def program(vector, economy, batch=1):
    ASKED.append((vector, batch))
    return jnp.asarray([np.nan, -0.0, np.inf, 0.1]), np.arange(3, dtype=np.int32), np.asarray(0.3)


def same(one, other):
    for a, b in zip(one, other, strict=True):
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


def test_arrays_come_back_from_a_file_to_the_bit(small, asked, tmp_path):
    outcome_map, config = OutcomeMap(small), load()
    fresh = outcome_map.run(program, np.ones(4))
    assert outcome_map.run(program, np.ones(4)) is not fresh
    assert len(asked) == 2  # nothing is kept unless it is asked for
    with kept_in(Ledger(tmp_path, config, "s", resume=False)):
        same(outcome_map.run(program, np.ones(4)), fresh)
    with kept_in(Ledger(tmp_path, config, "s", resume=True)):
        same(outcome_map.run(program, np.ones(4)), fresh)
    assert len(asked) == 3


def test_what_is_asked_is_told_apart_to_the_bit_and_how_it_is_done_is_not(small, asked):
    ones = np.ones(4)
    with kept_in(Cache()):
        for outcome_map in (
            OutcomeMap(small),
            OutcomeMap(draw_population(**SMALL, seed=1)),
            OutcomeMap(draw_population(**SMALL, precision="float64")),
            OutcomeMap(small, Scenario(A1=2.0)),
            OutcomeMap(small, moments=OUTCOMES[:6]),
        ):
            outcome_map.run(program, ones)
        OutcomeMap(small).run(program, np.nextafter(ones, 2))
        OutcomeMap(small).run(program, ones.astype(np.float32))
        assert len(asked) == 7
        for again in (OutcomeMap(small), OutcomeMap(draw_population(**SMALL))):
            again.run(program, ones, batch=7)
        assert len(asked) == 7


def test_a_block_is_kept_as_a_whole(small, asked):
    cache = Cache()

    def work():
        OutcomeMap(small).run(program, np.ones(4))
        return [0.1]

    with kept_in(cache):
        assert block("work", work) == block("work", work) == [0.1]
    assert len(asked) == cache.count == 1


def test_a_block_holds_numbers_that_are_not_finite(tmp_path):
    numbers = {"k": [np.nan, np.inf, -np.inf, -0.0, 5e-324, 0.1], "m": np.inf}
    config = load()
    with kept_in(Ledger(tmp_path, config, "s", resume=False)):
        block("work", lambda: numbers)
    resumed = Ledger(tmp_path, config, "s", resume=True)
    with kept_in(resumed):
        again = block("work", lambda: {})
        block("more", lambda: -np.inf)
    assert repr(again) == repr(numbers)
    assert Ledger(tmp_path, config, "s", resume=True).count == 2


def test_a_question_has_the_same_name_in_another_process():
    """Objects lie elsewhere in memory there, and sets and hashes have another order."""
    command = "import sys; sys.path.insert(0, sys.argv[1]); import test_evaluations; print(test_evaluations.question())"
    folder = str(__file__).rpartition("/")[0]
    names = {
        subprocess.run(
            [sys.executable, "-c", command, folder],
            env={"PYTHONHASHSEED": seed, "JAX_ENABLE_X64": "1", "PATH": "", "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert names == {f"{question()}\n"}


def question():
    """The name of a question about an economy, with everything in it that a program may be asked about."""
    economy = OutcomeMap(draw_population(**SMALL)).economy
    return fingerprint(economy, tuple(INSTRUMENTS.values()), functools.partial(Parameters, xi=0.2), np.ones(3))
