"""The command line: a mistake costs one message and exit code 2, and nothing that was there before."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jaxlib
import pytest

from aigini import cli, errors, simulate
from aigini.commands.calibrate import blank_progress
from aigini.config import load, parse_overrides
from aigini.runtime import backend
from aigini.storage import checkpoint, folder

ROOT = Path(__file__).parent.parent

STUDIES = ("sensitivity", "sign", "regimes", "channels", "policy")
VERBS = ("simulate", "calibrate", "reproduce", *STUDIES)
SMALL = (
    "population.n_workers=4096",
    "population.n_firms=50",
    "calibration.free=['alpha', 'beta']",
    "calibration.moments=['m1', 'm2']",
    "calibration.starts=2",
    "calibration.descent_steps=10",
)

# (arguments, what standard error must contain)
MISTAKES = [
    (["--set", "population.n_worker=1"], ["population.n_worker", "did you mean n_workers?"]),
    (["--set", "population.n_workers=many"], ["population.n_workers = 'many'", "integer"]),
    (["--set", "xi=2.0"], ["params.xi = 2 ", "[0, 1]"]),
    (["--set", "xi=nan"], ["params.xi = nan", "finite"]),
    (["--set", "sigma=1e999"], ["params.sigma = inf", "finite"]),
    (
        ["--set", "occupation_sorting=0.8", "--set", "firm_sorting=0.6"],
        ["impossible together", "lower either"],
    ),
    (["--set", "cumulative_advantage=10.0"], ["firm growth overflows", "lower cumulative_advantage"]),
    (["--set", "population.n_workers=0"], ["population.n_workers = 0"]),
    (["--set", "population.n_workers=-8"], ["population.n_workers = -8"]),
    (["--set", "population.n_firms=0"], ["population.n_firms = 0"]),
    (["--set", "population.n_firms=-8"], ["population.n_firms = -8"]),
    (
        ["--set", "population.n_workers=1000", "--set", "population.n_firms=1001"],
        ["population.n_firms = 1001", "at most 500 firms"],
    ),
    (["--set", "targets.m1={value = 0.1}"], ["targets.m1.se is missing", "add it"]),
    (["--set", "targets.m1.se=0.0"], ["targets.m1.se = 0.0", "greater than 0"]),
    (
        [
            *("--set", "calibration.moments=['m1', 'm2']", "--set", "calibration.free=['alpha']"),
            *("--set", "calibration.weighting=[[1.0, 2.0], [2.0, 1.0]]"),
        ],
        ["calibration.weighting", "not positive definite"],
    ),
    (["--set", "alhpa=0.8"], ["--set alhpa", "did you mean alpha?"]),
    (["--set", "xi"], ["--set xi", "name=value"]),
    (["nowhere.toml"], ["nowhere.toml", "no such file"]),
    (["--nonsense"], ["--nonsense"]),
    (["one.toml", "two.toml"], ["two.toml"]),
]


@pytest.fixture
def aigini(monkeypatch, capsys, tmp_path):
    """`aigini(*arguments)`: exit code, output and error output of the command, run in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIGINI_CACHE", "off")
    monkeypatch.setenv("COLUMNS", "200")

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["aigini", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code, *capsys.readouterr()

    return command


@pytest.fixture
def no_computing(monkeypatch):
    """Whatever would compute fails loudly instead."""

    def fail(*_, **__):
        raise AssertionError("computed although the input is bad")

    for place in (
        "aigini.commands.simulate.simulate_at",
        "aigini.commands.reproduce.simulate",
        "aigini.commands.calibrate.calibrate",
        *(f"aigini.commands.{name}.at_estimates" for name in STUDIES),
    ):
        monkeypatch.setattr(place, fail)


@pytest.fixture
def results(tmp_path):
    """A run folder with results in it, and what its files hold."""
    place = tmp_path / "run"
    place.mkdir()
    names = ("simulate.json", "simulate_at_estimates.json", "simulate.nc", "calibration.json", "run.json")
    for name in names:
        (place / name).write_text(f"earlier {name}")
    return place, lambda: {path.name: path.read_bytes() for path in place.iterdir()}


def assert_is_a_refusal(code, out, err, fragments):
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert [fragment for fragment in fragments if fragment not in err] == []


@pytest.mark.usefixtures("no_computing")
class TestABadInput:
    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize(("arguments", "fragments"), MISTAKES, ids=lambda part: " ".join(part)[:60])
    def test_costs_a_message_and_nothing_that_was_there(self, aigini, results, verb, arguments, fragments):
        place, contents = results
        before = contents()
        assert_is_a_refusal(*aigini(verb, *arguments, "--out", place), fragments)
        assert contents() == before

    @pytest.mark.parametrize("verb", VERBS)
    def test_in_a_file_is_named_with_the_file_and_makes_no_folder(self, aigini, tmp_path, verb):
        (tmp_path / "mine.toml").write_text("[params]\nxi = 2.0\nalpha = -1.0")
        assert_is_a_refusal(*aigini(verb, "mine.toml"), ["mine.toml: params.xi = 2 ", "mine.toml: params.alpha = -1 "])
        assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]

    def test_gives_one_line_for_each_of_several(self, aigini):
        code, out, err = aigini("simulate", "--set", "xi=2.0", "--set", "population.n_workers=0")
        assert_is_a_refusal(code, out, err, ["aigini: ", "params.xi = 2 ", "population.n_workers = 0"])
        assert len(err.splitlines()) == 2

    @pytest.mark.parametrize("plane", ["eta1", "eta1,eta1", "eta1,xi,sigma", ""])
    def test_axes_that_are_not_two_are_refused(self, aigini, plane):
        assert_is_a_refusal(*aigini("regimes", "--plane", plane), ["--plane", "two different axes"])

    def test_an_axis_that_does_not_exist_is_refused(self, aigini):
        code, out, err = aigini("regimes", "--plane", "eta1,x")
        assert_is_a_refusal(code, out, err, ["axis: there is nothing called x"])

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize("place", ["regular", "regular/below", "/proc/aigini/run"])
    def test_out_that_cannot_be_written_is_refused_before_computing(self, aigini, tmp_path, verb, place):
        (tmp_path / "regular").write_text("mine")
        assert_is_a_refusal(*aigini(verb, "--out", place), [f"--out {place}", "choose a folder"])
        assert (tmp_path / "regular").read_text() == "mine"


class TestTheCommand:
    def test_shows_its_verbs(self, aigini):
        code, out, _ = aigini("--help")
        assert code == 0
        assert [verb for verb in (*VERBS, "figures") if verb not in out] == []

    @pytest.mark.parametrize("verb", [*VERBS, "figures"])
    def test_shows_the_help_of_each(self, aigini, verb):
        code, out, _ = aigini(verb, "--help")
        assert code == 0
        assert ("--out" in out) == (verb != "figures")
        assert ("--resume" in out) == (verb not in ("simulate", "figures"))

    @pytest.mark.parametrize("arguments", [[], ["nonsense"]])
    def test_without_a_verb_exits_with_2(self, aigini, arguments):
        code, _, err = aigini(*arguments)
        assert code == 2
        assert "Traceback" not in err

    @pytest.mark.parametrize("kind", errors.AiginiError.__subclasses__())
    def test_ends_every_error_of_aigini_in_a_message_and_code_2(self, aigini, monkeypatch, kind):
        def fail(*_):
            raise kind("here: this is wrong; do that.")

        monkeypatch.setattr("aigini.commands.simulate.simulate_at", fail)
        assert aigini("simulate") == (2, "", "aigini: here: this is wrong; do that.\n")


class TestFigures:
    def test_of_a_folder_without_results_say_so(self, aigini, tmp_path):
        assert_is_a_refusal(*aigini("figures", tmp_path), ["holds no result"])

    def test_of_a_folder_that_is_not_there_say_so(self, aigini, tmp_path):
        assert_is_a_refusal(*aigini("figures", tmp_path / "nowhere"), ["nowhere"])
        assert not (tmp_path / "nowhere").exists()

    @pytest.mark.parametrize("name", ["simulate", "simulate_at_estimates", "calibration", *STUDIES])
    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", "\x00"])
    def test_of_a_damaged_result_name_the_file(self, aigini, tmp_path, name, text):
        (tmp_path / f"{name}.json").write_text(text)
        assert_is_a_refusal(*aigini("figures", tmp_path), [name, "again"])

    @pytest.mark.parametrize("verb", ["figures", "tables"])
    def test_of_the_other_results_are_written_before_a_damaged_one_is_named(self, aigini, tmp_path, verb):
        shutil.copy(ROOT / "experiments" / "baseline" / "sensitivity.json", tmp_path)
        (tmp_path / "calibration.json").write_text("{")
        code, out, err = aigini(verb, tmp_path)
        assert (code, "calibration.json" in err, "again" in err) == (2, True, True)
        assert out.splitlines()
        assert all(Path(line).exists() for line in out.splitlines())

    @pytest.mark.parametrize("error", [KeyError("m6"), ValueError("no axis"), IndexError("3"), TypeError("None")])
    def test_of_a_result_that_lacks_what_they_show_name_the_file(self, aigini, tmp_path, monkeypatch, error):
        def fail(*_):
            raise error

        (tmp_path / "policy.json").write_text("{}")
        monkeypatch.setattr("aigini.storage.results.load", lambda *_: None)
        monkeypatch.setattr("aigini.commands.command.ResultFile.draw", fail)
        assert_is_a_refusal(*aigini("figures", tmp_path), ["policy.json", str(error.args[0]), "again"])


@pytest.mark.usefixtures("no_computing")
@pytest.mark.parametrize("verb", [*VERBS, "figures"])
def test_a_folder_in_which_another_run_writes_is_refused_before_computing(aigini, tmp_path, verb):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "policy.json").write_text("{}")
    with folder.writing(tmp_path / "run", "aigini bench"):
        code, out, err = aigini(verb, *(["run"] if verb == "figures" else ["--out", "run"]))
        assert_is_a_refusal(code, out, err, ["--out run", "aigini bench (process ", "choose another --out"])
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["policy.json"]


@pytest.mark.usefixtures("no_computing")
@pytest.mark.parametrize("wanted", ["cuda", "cuda,cpu", "nonsense"])
@pytest.mark.parametrize("failure", [AssertionError(), RuntimeError("Unable to initialize backend.\nMore.")])
def test_a_platform_that_is_not_there_is_a_sentence_with_the_extra_to_install(aigini, monkeypatch, wanted, failure):
    def fail():
        raise failure

    monkeypatch.setattr(jax, "devices", fail)
    monkeypatch.setattr(backend, "_platforms", lambda: wanted)
    fragments = [f"JAX_PLATFORMS={wanted}", "unset JAX_PLATFORMS", jaxlib.__version__]
    if "cuda" in wanted:
        fragments.append("pip install 'aigini[cuda12]'")
    code, out, err = aigini("simulate")
    assert_is_a_refusal(code, out, err, fragments)
    assert err.count("\n") == 1
    with pytest.raises(errors.BackendError):
        simulate()


def test_neither_the_package_nor_the_help_of_the_command_imports_matplotlib():
    program = (
        "import sys, aigini.cli; print(any(name.startswith('matplotlib') for name in sys.modules));"
        "import aigini.figures; print('matplotlib' in sys.modules)"  # and figures are drawn without that backend
    )
    broken = {**os.environ, "MPLBACKEND": "module://not_installed.backend"}
    done = subprocess.run([sys.executable, "-c", program], env=broken, capture_output=True, text=True, check=True)
    assert done.stdout == "False\nTrue\n"


def test_the_command_draws_whatever_the_notebook_wants(tmp_path):
    program = (
        "import sys; sys.argv = ['aigini', '--help']; from aigini import cli\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    import matplotlib; print(matplotlib.get_backend())"
    )
    broken = {**os.environ, "MPLBACKEND": "module://not_installed.backend", "AIGINI_CACHE": "off"}
    done = subprocess.run([sys.executable, "-c", program], env=broken, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].lower() == "agg"


@pytest.mark.usefixtures("no_computing")
class TestResume:
    """From checkpoints that are no good; `calibration.json` of an earlier run lies beside them."""

    @pytest.fixture
    def place(self, results):
        place, _ = results
        config = load(None, parse_overrides(SMALL))
        checkpoint.save(place, config, blank_progress(config))
        return place

    @staticmethod
    def resume(aigini, place, *more, verb="calibrate"):
        settings = [part for item in (*SMALL, *more) for part in ("--set", item)]
        return aigini(verb, *settings, "--out", place, "--resume")

    @pytest.mark.parametrize("kept", [0, 1, 100, -1])
    def test_refuses_truncated_arrays(self, aigini, place, results, kept):
        (arrays,) = place.glob("checkpoint-*.eqx")
        arrays.write_bytes(arrays.read_bytes()[:kept])
        self.refused(aigini, place, results, [arrays.name, "damaged", "without --resume"])

    def test_refuses_arrays_with_one_bit_changed(self, aigini, place, results):
        (arrays,) = place.glob("checkpoint-*.eqx")
        content = bytearray(arrays.read_bytes())
        content[len(content) // 2] ^= 1
        arrays.write_bytes(content)
        self.refused(aigini, place, results, [arrays.name, "damaged", "without --resume"])

    def test_refuses_missing_arrays(self, aigini, place, results):
        (arrays,) = place.glob("checkpoint-*.eqx")
        arrays.unlink()
        self.refused(aigini, place, results, ["checkpoint.json", "damaged", "without --resume"])

    @pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", "\ufffd", '{"config_sha256": "0"}'])
    def test_refuses_a_garbled_manifest(self, aigini, place, results, text):
        (place / "checkpoint.json").write_text(text, encoding="utf-8")
        self.refused(aigini, place, results, ["checkpoint.json", "damaged", "without --resume"])

    @pytest.mark.parametrize("key", ["config_sha256", "arrays", "sha256"])
    @pytest.mark.parametrize("value", [None, 3, "", [], {}])
    def test_refuses_a_manifest_with_a_wrong_value(self, aigini, place, results, key, value):
        manifest = place / "checkpoint.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), key: value}))
        self.refused(aigini, place, results, ["checkpoint", "without --resume"])

    @pytest.mark.parametrize("verb", ["calibrate", "reproduce"])
    @pytest.mark.parametrize("other", ["xi=0.2", "population.seed=1", "calibration.starts=3", "targets.m1.se=0.05"])
    def test_refuses_a_checkpoint_of_another_configuration(self, aigini, place, results, monkeypatch, verb, other):
        monkeypatch.setattr("aigini.commands.reproduce.simulate", lambda *_: None)
        self.refused(aigini, place, results, ["checkpoint.json", "another configuration"], other, verb=verb)

    def refused(self, aigini, place, results, fragments, *more, verb="calibrate"):
        before = results[1]()
        code, out, err = self.resume(aigini, place, *more, verb=verb)
        assert_is_a_refusal(code, out, err, [*fragments, "--out"])
        assert len(err.splitlines()) <= 1 + (verb == "reproduce") * 2
        assert results[1]() == before


def test_reproduce_refuses_a_bad_checkpoint_before_it_simulates(aigini, tmp_path, no_computing):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.json").write_text("{")
    settings = [part for item in SMALL for part in ("--set", item)]
    assert_is_a_refusal(*aigini("reproduce", *settings, "--out", "run", "--resume"), ["checkpoint.json", "damaged"])
