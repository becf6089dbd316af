"""Downloading weights, against a server on this machine."""

import contextlib
import dataclasses
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.backbones import Availability, availability, downloads, get, network, obtain
from core.errors import Cancelled, NoSpace, Unavailable
from core.files.home import weights_folder

WEIGHTS = bytes(range(256)) * 16_384  # 4 MiB
MD5 = hashlib.md5(WEIGHTS).hexdigest()


class _Weights(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        if self.path == "/missing.h5":
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(WEIGHTS)))
        self.end_headers()
        content = WEIGHTS[: len(WEIGHTS) // 2] if self.path == "/cut.h5" else WEIGHTS
        with contextlib.suppress(ConnectionError):  # a download that was cancelled
            self.wfile.write(content)
        return None

    def log_message(self, *_args):
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("GRAFT_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(_Weights, "asked", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Weights)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def row(server, file="good.h5", digest=f"md5:{MD5}"):
    return dataclasses.replace(
        get("resnet50"),
        weights_url=f"http://127.0.0.1:{server.server_port}/{file}",
        weights_file=file,
        weights_digest=digest,
        weights_bytes=len(WEIGHTS),
    )


def leftovers(settings):
    return [path.name for path in weights_folder(settings).iterdir() if path.name.endswith((".h5", ".part"))]


def test_a_download_is_verified_kept_and_shows_its_progress(settings, server):
    steps = []
    path = obtain(row(server), settings, lambda done, total: steps.append((done, total)))
    assert path == weights_folder(settings) / "good.h5" and path.read_bytes() == WEIGHTS
    assert steps[0] == (0, len(WEIGHTS)) and steps[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert steps == sorted(steps) and len(steps) > 2
    assert availability(row(server), settings) == Availability.CACHED


def test_weights_are_downloaded_once(settings, server):
    threads = [threading.Thread(target=obtain, args=(row(server), settings)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    obtain(row(server), settings)
    assert _Weights.asked == ["/good.h5"]


def test_a_wrong_checksum_keeps_nothing(settings, server):
    with pytest.raises(Unavailable, match="ResNet50 have a wrong checksum and were deleted"):
        obtain(row(server, digest="md5:" + "0" * 32), settings)
    assert leftovers(settings) == []


def test_where_no_checksum_was_published_the_size_is_checked(settings, server):
    assert obtain(row(server, digest=f"size:{len(WEIGHTS)}"), settings).exists()
    with pytest.raises(Unavailable, match="checksum"):
        obtain(row(server, "other.h5", digest="size:1"), settings)


def test_a_download_that_was_cut_off_keeps_nothing(settings, server):
    with pytest.raises(Unavailable, match="connection ended after 2,097,152 of 4,194,304 bytes"):
        obtain(row(server, "cut.h5"), settings)
    assert leftovers(settings) == []


def test_a_server_that_says_no_is_quoted(settings, server):
    with pytest.raises(Unavailable, match="the server responded 404"):
        obtain(row(server, "missing.h5"), settings)
    assert not (weights_folder(settings) / ".no-network").exists()


def test_a_download_can_be_cancelled(settings, server):
    def cancel(done, total):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        obtain(row(server), settings, cancel)
    assert leftovers(settings) == []


def test_a_refused_connection_is_one_clear_sentence_and_remembered(settings, server):
    backbone = row(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(Unavailable, match=r"ResNet50 \(4 MB\).*Connection refused.*choose a backbone that is ready"):
        obtain(backbone, settings)
    assert availability(backbone, settings) == Availability.NO_NETWORK


def test_a_download_that_works_forgets_the_failure(settings, server):
    network.remember_failure(settings)
    obtain(row(server), settings)
    assert not (weights_folder(settings) / ".no-network").exists()


def test_graft_offline_asks_nobody(settings, server, monkeypatch):
    monkeypatch.setenv("GRAFT_OFFLINE", "1")
    with pytest.raises(Unavailable, match="GRAFT_OFFLINE"):
        obtain(row(server), settings)
    assert _Weights.asked == []


def test_looking_asks_nobody(settings, server):
    availability(row(server), settings)
    assert _Weights.asked == []


def test_weights_that_keras_downloaded_before_are_used(settings, server, tmp_path):
    mine = tmp_path / "keras" / "models" / "good.h5"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(WEIGHTS)
    assert availability(row(server), settings) == Availability.CACHED
    assert obtain(row(server), settings) == mine
    assert _Weights.asked == []


def test_damaged_weights_in_a_cache_are_downloaded_again(settings, server):
    weights_folder(settings).mkdir(parents=True)
    (weights_folder(settings) / "good.h5").write_bytes(b"damaged")
    assert obtain(row(server), settings).read_bytes() == WEIGHTS


def test_a_full_disk_is_noticed_before_the_download(settings, server, monkeypatch):
    usage = downloads.shutil.disk_usage(settings.home.parent)
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(NoSpace, match="need 4 MB and only 0 MB are free"):
        obtain(row(server), settings)
    assert _Weights.asked == []
