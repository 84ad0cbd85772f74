"""A population on several devices and several hosts: the same numbers, and only sums on the wire."""

import json
import os
import pathlib
import socket
import subprocess
import sys

import jax
import numpy as np
import pytest

from aigini.errors import PopulationError
from aigini.population import draw_population, shard

CACHE = pathlib.Path(__file__).resolve().parent.parent / ".pytest_cache" / "jax"
SCRIPT = pathlib.Path(__file__).parent / "sharded_moments.py"

pytestmark = pytest.mark.slow


def started(place, *arguments):
    environment = {
        **os.environ,
        "CACHE": str(CACHE),
        "OUT": str(place),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *(str(argument) for argument in arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(*processes):
    try:
        printed = [process.communicate(timeout=600)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert all(process.returncode == 0 for process in processes), "\n".join(printed)


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """What four devices of one process find."""
    place = tmp_path_factory.mktemp("four") / "found.json"
    finished(started(place, 4))
    return json.loads(place.read_text())


@pytest.fixture(scope="module")
def two_hosts(tmp_path_factory):
    """What two processes with two devices each find together."""
    place = tmp_path_factory.mktemp("two") / "found.json"
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    finished(*(started(place, 2, port, 2, number) for number in range(2)))
    return json.loads(place.read_text())


def assert_same(one, two):
    """Equal up to the order in which 32 rows are added: each addition rounds by half a unit in the last place.

    Moments are differences of measures of order one, so that is their scale; derivatives get that of their row, times
    the cancellation between rows that reverse and forward mode leave, at most 2^8 here.
    """
    unit = np.finfo(np.float64).eps
    np.testing.assert_allclose(one["moments"], two["moments"], rtol=0, atol=32 * unit)
    expected = np.asarray(two["jacobian"])
    scale = np.abs(expected).max(axis=1, keepdims=True)
    np.testing.assert_allclose(one["jacobian"] / scale, expected / scale, rtol=0, atol=2**8 * 32 * unit)


@pytest.mark.parametrize(("storage", "devices"), [("stored", "3"), ("regenerated", "all")])
def test_devices_change_the_order_of_sums_only(four, storage, devices):
    assert four["devices"] == 4
    assert_same(four[f"{storage} {devices}"], four[f"{storage} 1"])


def test_rows_are_made_up_to_a_multiple_of_the_devices(four):
    assert four["regenerated 1"]["rows"] == four["regenerated all"]["rows"] == 32
    assert four["stored 3"]["rows"] == 33
    assert (four["stored 3"]["placed"], four["regenerated all"]["placed"]) == (3, 4)


def test_gradients_are_the_jacobians(four):
    np.testing.assert_allclose(four["gradient"], four["regenerated 1"]["jacobian"][5], rtol=1e-9, atol=1e-12)


def test_only_sums_travel(four):
    assert four["all-reduce"] >= 1
    assert four["other"] == 0


def test_two_hosts_find_what_one_finds(four, two_hosts):
    assert (two_hosts["devices"], two_hosts["processes"]) == (4, 2)
    for storage in ("stored", "regenerated"):
        assert_same(two_hosts[f"{storage} all"], four[f"{storage} 1"])


def test_devices_that_are_not_there_are_refused():
    population = draw_population(n_workers=2**12, n_firms=64)
    missing = len(jax.devices()) + 1
    with pytest.raises(PopulationError, match=rf"devices = {missing}, but JAX sees {missing - 1} \("):
        shard(population, missing)
    with pytest.raises(PopulationError, match="devices = -1"):
        shard(population, -1)


def test_the_command_divides_workers_among_devices(tmp_path):
    small = {"population.n_workers": 2048, "population.n_firms": 50, "calibration.replications": 0}
    flags = [part for name, value in small.items() for part in ("--set", f"{name}={value}")]
    for devices in (1, 3):
        command = [sys.executable, "-m", "aigini.cli", "simulate", "--out", str(tmp_path / str(devices)), *flags]
        done = subprocess.run(
            [*command, "--set", f"population.devices={devices}"],
            env={**os.environ, "AIGINI_CACHE": str(CACHE)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    one, three = (json.loads((tmp_path / str(devices) / "simulate.json").read_text()) for devices in (1, 3))
    assert (one["run"]["device"]["count"], three["run"]["device"]["count"]) == (1, 3)
    # float32 workers, the same in both; float64 sums in another order.
    for when in ("before", "after"):
        assert three[when] == pytest.approx(one[when], rel=1e-7, abs=1e-12)
