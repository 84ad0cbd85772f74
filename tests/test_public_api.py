"""What `import aigini` gives, and what it leaves alone."""

import importlib.metadata
import inspect
import json
import subprocess
import sys

import jax
import pytest

import aigini
from aigini import errors

EXCEPTIONS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]

_AFTER_IMPORT = """
import json
import jax
before = {name: value for name, value in jax.config.values.items()}
import aigini, aigini.cli
from jax._src import xla_bridge
changed = [name for name, value in jax.config.values.items() if before.get(name, value) != value]
print(json.dumps({"backends": xla_bridge.backends_are_initialized(), "changed": changed}))
"""


@pytest.mark.parametrize("name", aigini.__all__)
def test_every_public_name_is_bound_and_documented(name):
    assert inspect.getdoc(getattr(aigini, name))


def test_star_import_gives_the_public_names():
    space = {}
    exec("from aigini import *", space)
    assert set(aigini.__all__) <= set(space)
    assert sorted(aigini.__all__) == aigini.__all__


def test_the_version_is_that_of_the_package():
    assert aigini.__version__ == importlib.metadata.version("aigini")


def test_importing_starts_no_device_and_changes_no_setting_of_jax():
    done = subprocess.run([sys.executable, "-c", _AFTER_IMPORT], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"backends": False, "changed": []}
    assert done.stderr == ""


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_every_exception_is_an_aigini_error_and_says_when_it_is_raised(kind):
    assert issubclass(kind, errors.AiginiError)
    assert kind.__doc__


def test_there_are_exceptions_beside_the_base():
    assert len(EXCEPTIONS) >= 8


class TestTheVerbs:
    @pytest.mark.parametrize("verb", [aigini.simulate, aigini.calibrate, aigini.reproduce])
    def test_refuse_a_bad_keyword_before_computing(self, verb, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(
            errors.ConfigError, match=r"params\.xi = 2 .*\n.*params\.alhpa|params\.alhpa.*\n.*params\.xi"
        ):
            verb(xi=2.0, **{"params.alhpa": 1.0})
        with pytest.raises(errors.ConfigError, match="did you mean alpha"):
            verb(alhpa=1.0)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("verb", [aigini.simulate, aigini.calibrate, aigini.reproduce])
    def test_refuse_keywords_beside_a_loaded_configuration(self, verb):
        with pytest.raises(TypeError, match="load the file with them"):
            verb(aigini.load(), xi=0.2)

    def test_switch_64_bit_mode_on_for_themselves_only(self):
        with jax.enable_x64(False):
            with pytest.raises(errors.PopulationError, match="n_workers = 20 "):
                aigini.simulate(**{"population.n_workers": 20, "population.n_firms": 3})
            assert not jax.config.jax_enable_x64

    def test_say_when_they_are_called_without_it_underneath(self, population):
        with jax.enable_x64(False), pytest.raises(errors.PrecisionError, match="jax_enable_x64"):
            aigini.six_moments(aigini.Parameters(), population)
