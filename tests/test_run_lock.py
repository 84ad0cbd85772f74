"""Two runs never write in one folder, and what is kept for resumption never comes from two."""

import errno
import json
import multiprocessing
import os
import resource
import socket
import time

import matplotlib.figure
import numpy as np
import pytest

import aigini
from aigini.commands.calibrate import blank_progress
from aigini.config import load
from aigini.errors import CheckpointError, FolderInUseError, OutputError
from aigini.figures import save
from aigini.runtime import atomic
from aigini.storage import checkpoint, folder, lock
from aigini.storage.ledger import Ledger, evaluations_in
from aigini.storage.netcdf import array_writer, build_tree, tree_writer


def hold(place, ready):
    """A process that holds the lock of a folder, with a temporary file half-written, until it is killed."""
    with folder.writing(place, "aigini calibrate"):
        (place / f".result.json.{os.getpid()}-abc123.tmp").write_text("half")
        ready.set()
        time.sleep(600)


@pytest.fixture
def holder(tmp_path):
    """A living process that holds the lock of `tmp_path`."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=hold, args=(tmp_path, ready), daemon=True)
    process.start()
    assert ready.wait(300)
    yield process
    process.kill()
    process.join()


class TestTheLock:
    def test_names_the_process_that_holds_it_and_the_remedy_and_is_free_after_its_death(self, tmp_path, holder):
        with pytest.raises(FolderInUseError) as refused, folder.writing(tmp_path, "aigini channels"):
            pass
        text = str(refused.value)
        assert f"aigini calibrate (process {holder.pid} on {socket.gethostname()}, since 20" in text
        assert "wait until it has ended, or choose another --out" in text
        with pytest.raises(FolderInUseError):
            aigini.reproduce(out=tmp_path)
        holder.kill()
        holder.join()
        with folder.writing(tmp_path, "aigini channels"):
            assert [path.name for path in tmp_path.iterdir()] == [lock.NAME]
        assert list(tmp_path.iterdir()) == []

    def test_is_held_against_the_same_process_too(self, tmp_path):
        with folder.writing(tmp_path, "one"):
            with pytest.raises(FolderInUseError, match="one \\(process"), folder.writing(tmp_path, "other"):
                pass
            with pytest.raises(FolderInUseError), folder.writing(tmp_path, "other"):
                pass

    def test_is_released_by_an_error(self, tmp_path):
        with pytest.raises(ZeroDivisionError), folder.writing(tmp_path, "one"):
            raise ZeroDivisionError
        assert list(tmp_path.iterdir()) == []

    def test_without_a_record_is_still_one(self, tmp_path):
        with folder.writing(tmp_path, "one"):
            (tmp_path / lock.NAME).write_text("")
            with pytest.raises(FolderInUseError, match="another process is writing"), folder.writing(tmp_path, "two"):
                pass

    @pytest.mark.parametrize("leftover", ["", "nonsense", "[]", '{"pid": 1, "host": "elsewhere"}'])
    def test_of_the_kernel_does_not_mind_what_a_dead_process_left(self, tmp_path, leftover):
        (tmp_path / lock.NAME).write_text(leftover)
        with folder.writing(tmp_path, "one"):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_in_a_folder_that_cannot_be_written_is_a_sentence(self, tmp_path, monkeypatch):
        def fail(*_, **__):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(lock.os, "open", fail)
        with pytest.raises(OutputError, match=r"Permission denied.*choose a folder"), lock.locked(tmp_path, "one"):
            pass


class TestTheLockWhereTheFileSystemHasNone:
    @pytest.fixture(autouse=True)
    def no_locks(self, monkeypatch):
        monkeypatch.setattr(lock, "fcntl", None)

    @staticmethod
    def leave(place, **changes):
        """A lock file as another process would have left it; by default this process, alive."""
        record = lock._self("aigini calibrate") | changes
        (place / lock.NAME).write_text(json.dumps(record))

    @staticmethod
    def refused(place, pattern):
        with pytest.raises(FolderInUseError, match=pattern), folder.writing(place, "two"):
            pass

    def test_is_held_and_released(self, tmp_path):
        with folder.writing(tmp_path, "one"):
            self.refused(tmp_path, r"remove .*\.aigini\.lock")
        assert list(tmp_path.iterdir()) == []

    def test_respects_a_process_of_another_machine(self, tmp_path):
        self.leave(tmp_path, host="elsewhere")
        self.refused(tmp_path, r"on elsewhere.*if that process does not exist any more, remove")

    @pytest.mark.parametrize("changes", [{"pid": 2**22 + 1}, {"process_started": 0.0}, {"pid": "x"}, {"pid": None}])
    def test_is_not_held_by_a_process_that_has_ended(self, tmp_path, changes):
        self.leave(tmp_path, **changes)
        with folder.writing(tmp_path, "two"):
            pass
        assert list(tmp_path.iterdir()) == []


class TestTemporaryFiles:
    def test_have_names_that_nothing_shares(self, tmp_path):
        names = {atomic.temporary_beside(tmp_path / "a.json") for _ in range(100)}
        assert len(names) == 100

    def test_of_killed_runs_are_swept_and_nothing_else(self, tmp_path):
        (tmp_path / "figures").mkdir()
        for name in ("..checkpoint.new.123.tmp", ".a.json.7-0af3.tmp", "figures/.wage_density.9-12.tmp"):
            (tmp_path / name).write_text("half")
        mine = {"notes.tmp", ".hidden", "a.json", ".mine.tmp"}
        for name in mine:
            (tmp_path / name).write_text("mine")
        with folder.writing(tmp_path, "one"):
            pass
        assert {path.name for path in tmp_path.iterdir()} == mine | {"figures"}
        assert list((tmp_path / "figures").iterdir()) == []

    def test_are_gone_when_a_process_ends_without_unwinding(self, tmp_path):
        with atomic.transient(tmp_path / "half") as path:
            path.write_text("half")
            atomic.remove_transient()
            assert not path.exists()

    def test_that_belong_together_are_replaced_together_or_not_at_all(self, tmp_path):
        for name in ("a", "b"):
            (tmp_path / name).write_text("old")

        def fail(path):
            path.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

        with pytest.raises(OSError, match="No space"):
            atomic.replace_files({tmp_path / "a": lambda path: path.write_text("new"), tmp_path / "b": fail})
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old", "b": "old"}


@pytest.fixture
def full_disk():
    """Files cannot grow beyond 2 KB, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def figure():
    drawn = matplotlib.figure.Figure()
    drawn.subplots().plot(np.arange(100) ** 2)
    return drawn


class TestAFullDisk:
    @pytest.mark.parametrize(
        "write",
        [
            lambda place: folder.write_json(place / "a.json", {"a": list(range(2000))}),
            lambda place: folder.write_atomically(place / "a.nc", array_writer({"before": {"x": np.zeros(2000)}})),
            lambda place: folder.write_atomically(
                place / "p.nc",
                tree_writer(build_tree({"posterior": {"xi": np.random.default_rng(0).random((4, 900))}})),
            ),
            lambda place: save(figure(), place, "a"),
        ],
    )
    def test_is_a_sentence_and_leaves_nothing(self, tmp_path, full_disk, write):
        with pytest.raises(OutputError, match="cannot be written"):
            write(tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_during_an_analysis_is_a_sentence_and_what_is_finished_goes_on(self, tmp_path, full_disk):
        config = load()
        ledger = Ledger(tmp_path, config, "all", resume=False)
        ledger.get("part/0", lambda: 1.0)
        with pytest.raises(OutputError, match=r"evaluations\.jsonl: cannot be written .*--resume"):
            ledger.get("part/1", lambda: [0.1] * 1000)
        again = Ledger(tmp_path, config, "all", resume=True)
        assert again.count == evaluations_in(tmp_path) == 1
        assert again.get("part/1", lambda: 2.0) == 2.0
        assert Ledger(tmp_path, config, "all", resume=True).count == 2

    def test_during_a_calibration_is_a_sentence_and_keeps_the_checkpoint_before(self, tmp_path):
        config = load(None, {"calibration.free": ["alpha"], "calibration.starts": 1})
        checkpoint.save(tmp_path, config, blank_progress(config))
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        try:
            with pytest.raises(OutputError, match="cannot be written"):
                checkpoint.save(tmp_path, config, blank_progress(config))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


class TestEvaluationsForResumption:
    """Locks can fail; digests cannot: two runs that write in one folder are never resumed as one."""

    @pytest.mark.parametrize("survivor", [0, 1])
    def test_of_two_configurations_in_one_folder_are_refused(self, tmp_path, survivor):
        configs = [load(None, {"targets.m5.value": 0.12}), load()]
        first = Ledger(tmp_path, configs[0], "channels", resume=False)
        second = Ledger(tmp_path, configs[1], "channels", resume=False)
        first.get("estimates", lambda: {"xi": 0.5})
        second.get("coalitions", lambda: 1.0)
        with pytest.raises(CheckpointError, match=r"evaluations\.jsonl: the evaluations .*without --resume"):
            Ledger(tmp_path, configs[survivor], "channels", resume=True)

    def test_that_were_changed_or_left_out_are_refused(self, tmp_path):
        config = load()
        ledger = Ledger(tmp_path, config, "channels", resume=False)
        for index in range(3):
            ledger.get(f"part/{index}", lambda index=index: {"ξ": [0.1 * index, None, "}"]})
        path = tmp_path / "evaluations.jsonl"
        content = path.read_text()
        assert Ledger(tmp_path, config, "channels", resume=True).count == 3
        lines = content.splitlines(keepends=True)
        for wrong in (
            [lines[0], *lines[2:]],
            [lines[0], lines[2], lines[1], lines[3]],
            [*lines[:2], lines[2].replace("0.1", "0.2"), lines[3]],
            [*lines, lines[3]],
            [line.partition(', "sha256"')[0] + "}\n" for line in lines],
        ):
            path.write_text("".join(wrong))
            with pytest.raises(CheckpointError, match="damaged"):
                Ledger(tmp_path, config, "channels", resume=True)

    def test_cut_off_anywhere_go_on_or_are_refused_but_never_differ(self, tmp_path):
        config = load()
        ledger = Ledger(tmp_path, config, "channels", resume=False)
        for index in range(3):
            ledger.get(f"part/{index}", lambda index=index: index / 3)
        path = tmp_path / "evaluations.jsonl"
        content = path.read_bytes()
        head = content.index(b"\n") + 1
        for length in range(head, len(content) + 1):
            path.write_bytes(content[:length])
            again = Ledger(tmp_path, config, "channels", resume=True)
            for index in range(3):
                assert again.get(f"part/{index}", lambda index=index: index / 3) == index / 3
            assert path.read_bytes() == content


def test_a_process_that_ends_while_it_writes_who_it_is_leaves_no_lock(tmp_path, monkeypatch):
    def ends(command):
        atomic.remove_transient()  # what a signal does before the process ends
        return {"command": command}

    monkeypatch.setattr(lock, "_self", ends)
    with lock.locked(tmp_path, "simulate"):
        assert not (tmp_path / lock.NAME).exists()
