"""What can move a number is recorded, and a run is resumed only where its numbers go on as they began."""

import pytest

from aigini.commands.calibrate import blank_progress
from aigini.config import load
from aigini.errors import CheckpointError
from aigini.storage import checkpoint, environment, folder
from aigini.storage.ledger import Ledger


@pytest.fixture
def plain(monkeypatch):
    """`plain(flags)`: the compiler's flags are these and no others."""
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    return lambda flags: monkeypatch.setenv("XLA_FLAGS", flags)


def test_evaluations_of_another_environment_are_refused_with_what_differs(tmp_path, plain):
    config = load()
    plain("")
    Ledger(tmp_path, config, "s", resume=False).get("part", lambda: 1.5)
    plain("--xla_cpu_enable_fast_math=true")
    with pytest.raises(
        CheckpointError, match=r"XLA_FLAGS was '' and is '--xla_cpu_enable_fast_math=true'.* restore it"
    ):
        Ledger(tmp_path, config, "s", resume=True)
    plain(" ")
    assert Ledger(tmp_path, config, "s", resume=True).count == 1


def test_a_checkpoint_of_another_environment_is_refused_with_what_differs(tmp_path, plain):
    config = load(None, {"calibration.starts": 1, "calibration.descent_steps": 1, "calibration.polish_steps": 1})
    state = blank_progress(config)
    plain("--xla_cpu_enable_fast_math=true")
    checkpoint.save(tmp_path, config, state)
    assert checkpoint.load(tmp_path, config, state) is not None
    plain("")
    with pytest.raises(CheckpointError, match=r"rounds differently .*XLA_FLAGS"):
        checkpoint.load(tmp_path, config, state)


def test_the_record_has_the_settings_of_the_verbs_and_the_variables_of_the_user(monkeypatch):
    monkeypatch.setenv("JAX_THREEFRY_PARTITIONABLE", "0")
    found = environment.record()
    assert found["settings"]["jax_threefry_partitionable"] is True
    assert found["settings"]["jax_default_prng_impl"] == "threefry2x32"
    assert found["settings"]["jax_default_matmul_precision"] == "highest"
    assert found["settings"]["jax_enable_x64"] is True
    assert found["environment"]["JAX_THREEFRY_PARTITIONABLE"] == "0"


def test_variables_that_are_no_text_are_recorded_with_escapes(tmp_path, monkeypatch):
    monkeypatch.setenv("JAX_DUMMY", "caf\udce9")
    path = folder.write_json(tmp_path / "run.json", environment.record())
    assert "caf\\\\udce9" in path.read_text(encoding="utf-8")


def test_versions_and_optimisations_are_part_of_the_arithmetic(plain, monkeypatch):
    plain("")
    before = environment.arithmetic()
    assert {"jax", "jaxlib", "aigini", "device"} <= set(before)
    monkeypatch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    assert "JAX_DISABLE_MOST_OPTIMIZATIONS" in (environment.difference(before) or "")
    assert "jaxlib was '0.0'" in (environment.difference({**before, "jaxlib": "0.0"}) or "")
