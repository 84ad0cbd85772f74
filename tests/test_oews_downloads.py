"""Downloads of published files from a server on this machine: whole, resumed, checked, and refused in a sentence."""

import http.server
import json
import threading

import pytest

pytest.importorskip("pandas")
pytest.importorskip("python_calamine")

import oews_files as files

from aigini import oews
from aigini.errors import DataError
from aigini.oews.downloads import RECORD, download


class Server(http.server.ThreadingHTTPServer):
    """Serves `contents` by name, with ranges; `cut` is how many bytes of an answer it sends before it hangs up."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.contents, self.requests, self.cut, self.tag = {}, [], None, '"one"'

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, content = self.server, self.server.contents.get(self.path.strip("/"))
        server.requests.append((self.path.strip("/"), self.headers.get("Range")))
        if content is None:
            self.send_error(404, "Not Found")
            return
        start = 0
        if self.headers.get("Range") and self.headers.get("If-Range") == server.tag:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("ETag", server.tag)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: server.cut])

    def log_message(self, *words):
        pass


@pytest.fixture
def server():
    with Server() as one:
        thread = threading.Thread(target=one.serve_forever, daemon=True)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def archive(year):
    name = f"oesm{year % 100}nat/national_M{year}_dl.csv"
    return files.as_zip(name, files.as_csv(files.rows(year)))


def fetch(server, folder, years):
    lines = []
    download(folder, years, server.base, lines.append)
    return lines


def test_archives_arrive_whole_and_are_read(server, tmp_path):
    server.contents = {"oesm22nat.zip": archive(2022), "oesm23nat.zip": archive(2023)}
    lines = fetch(server, tmp_path / "new", (2022, 2023))
    assert len(lines) == 2
    assert sorted(oews.read(tmp_path / "new")["year"].unique()) == [2022, 2023]
    record = json.loads((tmp_path / "new" / RECORD).read_text())
    assert record["oesm22nat.zip"]["bytes"] == len(archive(2022))
    assert {path.name for path in (tmp_path / "new").iterdir()} == {*server.contents, RECORD}


def test_what_is_there_is_not_asked_for_again(server, tmp_path):
    (tmp_path / "national_M2022_dl.csv").write_bytes(files.as_csv(files.rows(2022)))
    server.contents = {"oesm23nat.zip": archive(2023)}
    fetch(server, tmp_path, (2022, 2023))
    fetch(server, tmp_path, (2022, 2023))
    assert [name for name, _ in server.requests] == ["oesm23nat.zip"]


def test_a_broken_download_goes_on_where_it_was(server, tmp_path):
    whole = archive(2023)
    server.contents, server.cut = {"oesm23nat.zip": whole}, 1000
    with pytest.raises(DataError, match="broke off after 1,000 bytes, which are kept"):
        fetch(server, tmp_path, (2023,))
    assert not (tmp_path / "oesm23nat.zip").exists()
    server.cut = None
    fetch(server, tmp_path, (2023,))
    assert server.requests == [("oesm23nat.zip", None), ("oesm23nat.zip", "bytes=1000-")]
    assert (tmp_path / "oesm23nat.zip").read_bytes() == whole
    assert {path.name for path in tmp_path.iterdir()} == {"oesm23nat.zip", RECORD}


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(server, tmp_path):
    server.contents, server.cut = {"oesm23nat.zip": archive(2022)}, 1000
    with pytest.raises(DataError, match="broke off"):
        fetch(server, tmp_path, (2023,))
    server.contents, server.cut, server.tag = {"oesm23nat.zip": archive(2023)}, None, '"two"'
    fetch(server, tmp_path, (2023,))
    assert (tmp_path / "oesm23nat.zip").read_bytes() == archive(2023)


def test_what_is_no_archive_is_refused_and_leaves_nothing(server, tmp_path):
    server.contents = {"oesm23nat.zip": b"<html>Access denied</html>"}
    with pytest.raises(DataError, match=r"no whole zip archive.*by hand from https://www.bls.gov"):
        fetch(server, tmp_path, (2023,))
    assert list(tmp_path.iterdir()) == []
    damaged = bytearray(archive(2023))
    damaged[200] ^= 0xFF
    server.contents = {"oesm23nat.zip": bytes(damaged)}
    with pytest.raises(DataError, match="no whole zip archive"):
        fetch(server, tmp_path, (2023,))
    assert list(tmp_path.iterdir()) == []


def test_without_such_a_file_or_a_network_there_is_a_sentence(server, tmp_path):
    with pytest.raises(DataError, match="the server answers 404"):
        fetch(server, tmp_path, (2023,))
    with pytest.raises(DataError, match=r"cannot be reached.*try again with a network, or download the file by hand"):
        download(tmp_path, (2023,), "http://127.0.0.1:9", lambda line: None)


def test_a_file_that_is_not_the_downloaded_one_is_noticed(server, tmp_path):
    server.contents = {"oesm23nat.zip": archive(2023)}
    fetch(server, tmp_path, (2023,))
    (tmp_path / "oesm23nat.zip").write_bytes(archive(2022))
    with pytest.raises(DataError, match="is not the file that was downloaded"):
        fetch(server, tmp_path, (2023,))


def test_the_command_downloads_first(server, tmp_path, monkeypatch):
    pytest.importorskip("pyfixest")
    from aigini.commands.command import Run
    from aigini.commands.oews import OEWS
    from aigini.commands.source import Source
    from aigini.config import load

    monkeypatch.setattr("aigini.oews.downloads.BASE", server.base)
    options = {"data": tmp_path / "data", "exposure": None, "download": True, "simulated": False}
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="the server answers 404"):
        OEWS.perform(Run(Source(load()), tmp_path / "out", False, lambda line: None), options)
    assert server.requests
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("record", ["[]", "null", '{"a.zip": {}}', '{"a.zip": 3}', '{"a.zip": {"sha256": 3}}'])
def test_a_record_that_is_none_is_a_sentence(tmp_path, record):
    (tmp_path / RECORD).write_text(record)
    (tmp_path / "a.zip").write_bytes(b"any")
    with pytest.raises(DataError, match=r"downloads.json: is damaged \(got .*, expected .*\); delete it"):
        download(tmp_path, (), "http://127.0.0.1:9", lambda line: None)


def test_a_table_by_sector_is_not_the_national_one(server, tmp_path):
    (tmp_path / "natsector_M2022_dl.csv").write_bytes(files.as_csv(files.rows(2022)))
    (tmp_path / "oesm22in4.zip").write_bytes(files.as_zip("natsector_M2022_dl.csv", files.as_csv(files.rows(2022))))
    server.contents = {"oesm22nat.zip": archive(2022)}
    fetch(server, tmp_path, (2022,))
    assert [name for name, _ in server.requests] == ["oesm22nat.zip"]


def test_downloads_need_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="is no folder for the files"):
        download(tmp_path / "file", (2022,), "http://127.0.0.1:9", lambda line: None)
