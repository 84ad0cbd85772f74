"""Compiled programs on disk: where they are kept, that damaged ones are written anew, that there are not too many."""

import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from aigini.runtime import compilation_cache
from aigini.runtime.compilation_cache import cached_programs, trim
from aigini.runtime.home import usable_home

COMPILING = """
import sys
from pathlib import Path
import jax
from aigini.runtime.compilation_cache import cached_programs
with cached_programs(print):
    assert float(jax.jit(lambda x: x * 3.25 + 1)(2.0)) == 7.5
"""


def compile_once(place, **environment):
    """Compile one program in a process of its own; what it said."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AIGINI", "JAX"))}
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", COMPILING],
        env={**inherited, "JAX_PLATFORMS": "cpu", "HOME": str(place), "XDG_CACHE_HOME": "", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr


def entries(place):
    return {path.name: path.read_bytes() for path in place.glob("*-cache")}


def test_damaged_entries_are_written_anew(tmp_path):
    assert compile_once(tmp_path, AIGINI_CACHE=str(tmp_path)) == ""
    first = entries(tmp_path)
    assert first
    for damage in (
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: content[:-1] + b"?",
    ):
        for name, content in first.items():
            (tmp_path / name).write_bytes(damage(content))
        assert compile_once(tmp_path, AIGINI_CACHE=str(tmp_path)) == ""
        mended = entries(tmp_path)
        assert mended.keys() == first.keys()
        for content in mended.values():
            zlib.decompress(content)


def test_each_variable_is_honoured_in_its_order(tmp_path):
    both = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "jax")}
    compile_once(tmp_path, AIGINI_CACHE=str(tmp_path / "own"), **both)
    assert entries(tmp_path / "own")
    assert not (tmp_path / "jax").exists()
    compile_once(tmp_path, **both)
    assert entries(tmp_path / "jax")
    assert not (tmp_path / ".cache").exists()
    compile_once(tmp_path)
    assert entries(tmp_path / ".cache" / "aigini")


def test_one_that_cannot_be_written_is_said_once_and_the_work_goes_on(tmp_path):
    (tmp_path / "regular").write_text("")
    said = compile_once(tmp_path, AIGINI_CACHE=str(tmp_path / "regular" / "below"))
    assert said == f"{tmp_path}/regular/below: cannot be written; compiled programs are not kept.\n"


def test_without_a_home_nothing_is_kept(monkeypatch):
    def fail():
        raise RuntimeError("Could not determine home directory.")

    for name in ("AIGINI_CACHE", "JAX_COMPILATION_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(compilation_cache.Path, "home", fail)
    with cached_programs(pytest.fail):
        pass


@pytest.mark.parametrize("home", [None, "regular/below"])
def test_libraries_find_a_private_cache_folder_where_the_user_has_none(tmp_path, monkeypatch, home):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    (tmp_path / "regular").write_text("")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if home is None:
        monkeypatch.delenv("HOME")
        monkeypatch.setattr("aigini.runtime.home.Path.home", no_home)
    else:
        monkeypatch.setenv("HOME", str(tmp_path / home))
    before = dict(os.environ)
    with usable_home():
        place = Path(os.environ["XDG_CACHE_HOME"])
        assert place.stat().st_mode & 0o777 == 0o700
        (place / "arviz").mkdir()
    assert not place.exists()
    assert dict(os.environ) == before


def test_the_oldest_entries_go_when_there_are_too_many(tmp_path):
    for index in range(10):
        path = tmp_path / f"jit_{index}-cache"
        path.write_bytes(b"x" * 100)
        (tmp_path / f"jit_{index}-atime").write_bytes(b"x")
        os.utime(path, (index, 0))
    (tmp_path / "mine").write_bytes(b"x" * 10_000)
    trim(tmp_path, 1000)
    assert len(entries(tmp_path)) == 10
    trim(tmp_path, 999)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["mine", *(f"jit_{index}-{kind}" for index in range(3, 10) for kind in ("cache", "atime"))]
    )
