"""The drop zone for files of any size, in a real browser.

Files and slices are an eighth of their usual size, since Playwright copies every slice through two more processes; the
server that is killed takes slices of the usual size.
"""

import hashlib
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.files.home import uploads_folder
from core.settings import REPOSITORY
from tests.browser.conftest import Server, start_server, stop_server, visit_with
from tests.browser.proxy import Answer, Reply, stripping_proxy
from tests.jobs_home import eventually

SLICE = 2 * 2**20
LIMIT = SLICE // 16
"""Of a request, as 1 MB is of the usual slices."""
SMALLER_SLICES = f"""
import runpy
from core.web.parts import upload_box
upload_box.SLICE_BYTES = {SLICE}
runpy.run_path("app.py", run_name="__main__")
"""
BROKEN, AWAY = Reply(status="", abrupt=True), Reply(status="502 Bad Gateway")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """A server with an empty home that asks for smaller slices."""
    folder = tmp_path_factory.mktemp("server")
    script = folder / "smaller_slices.py"
    script.write_text(SMALLER_SLICES)
    server = start_server(folder / "home", folder / "server.log", script, PYTHONPATH=str(REPOSITORY))
    yield server
    stop_server(server)


@pytest.fixture(scope="module")
def road(server) -> Iterator[SimpleNamespace]:
    """A proxy in front of the server, and how it answers. One for all tests: the browser has its scripts already."""
    road = SimpleNamespace(answer=lambda *_: None)
    with stripping_proxy(server.settings.port, answer=lambda *request: road.answer(*request)) as road.address:
        yield road


@pytest.fixture
def behind(road) -> Iterator[Callable[[Answer], str]]:
    """The address of the proxy, which answers as told until the test ends."""

    def behind(answer: Answer) -> str:
        road.answer = answer
        return road.address

    yield behind
    road.answer = lambda *_: None


@pytest.fixture(autouse=True)
def nothing_before(server):
    """What another test has left would be offered instead of the box."""
    for upload in uploads_folder(server.settings).glob("upload-*"):
        shutil.rmtree(upload)


@pytest.fixture
def archive(tmp_path) -> Path:
    """Two slices and a bit; not a real ZIP, which the box need not know."""
    path = tmp_path / "holiday photos.zip"
    path.write_bytes(random.Random(0).randbytes(SLICE * 17 // 8))
    return path


class Way:
    """What lies between browser and server: lets ``open_for`` slices through, then answers in place of the server."""

    def __init__(self, reply: Reply = AWAY, open_for: float = float("inf")) -> None:
        self.reply, self.open_for = reply, open_for
        self.passed: list[int] = []
        self.refused = 0

    def __call__(self, method: str, path: str, length: int) -> Reply | None:
        if "/api/v1/uploads/" not in path or not length:
            return None
        if len(self.passed) >= self.open_for:
            self.refused += 1
            return self.reply
        self.passed.append(length)
        return None


def stored(server) -> Path:
    (path,) = uploads_folder(server.settings).glob("upload-*/content")
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def choose(visit, archive: Path, address: str) -> None:
    visit.page.set_default_timeout(120_000)  # a busy machine
    visit.page.goto(f"{address}/datasets")  # without a dataset the box is open
    visit.page.locator('input[type="file"]').first.set_input_files(archive)


def arrives(visit, server, archive: Path) -> None:
    """The whole file is there; it is discarded again."""
    visit.page.get_by_role("button", name="Discard").wait_for(timeout=120_000)
    assert digest(stored(server)) == digest(archive)
    visit.page.get_by_role("button", name="Discard").click()
    eventually(lambda: list(uploads_folder(server.settings).glob("upload-*")) == [], "what was uploaded is gone")


def test_a_file_arrives_whole(visit, server, archive):
    choose(visit, archive, server.url)
    arrives(visit, server, archive)


def test_a_file_arrives_whole_when_the_connection_breaks(visit, server, behind, archive):
    way = Way(BROKEN, open_for=1)
    address = behind(way)
    choose(visit, archive, address)
    eventually(lambda: way.refused >= 2, "two slices were broken off")
    way.open_for = float("inf")
    arrives(visit, server, archive)
    assert sum(way.passed) == archive.stat().st_size  # nothing that had arrived was sent again


def test_looking_at_another_page_meanwhile_loses_nothing(visit, server, behind, archive):
    way = Way(open_for=1)
    address = behind(way)
    choose(visit, archive, address)
    visit.page.get_by_text("Trying again").wait_for()
    for name in ("Train", "Datasets"):
        visit.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        visit.page.get_by_role("heading", name=name).first.wait_for()
        visit.settle()
    way.open_for = float("inf")
    arrives(visit, server, archive)


def test_after_a_reload_the_same_file_is_continued_where_it_was(visit, server, behind, archive):
    """So is one after a closed lid, or in another browser of the same person."""
    way = Way(open_for=1)
    address = behind(way)
    choose(visit, archive, address)
    visit.page.get_by_text("Trying again").wait_for()
    visit.page.reload()
    visit.page.get_by_text("holiday photos.zip: 47 % of 4.5 MB has arrived").wait_for()
    visit.page.locator('input[type="file"]').first.set_input_files(archive)
    visit.page.get_by_text("Resumed at 47 %").wait_for()
    way.open_for = float("inf")
    arrives(visit, server, archive)
    assert sum(way.passed) == archive.stat().st_size


def test_another_file_of_the_same_name_is_not_continued(visit, server, behind, archive):
    way = Way(open_for=1)
    address = behind(way)
    choose(visit, archive, address)
    visit.page.get_by_text("Trying again").wait_for()
    visit.page.reload()
    visit.page.get_by_text("47 % of 4.5 MB has arrived").wait_for()
    visit.page.get_by_role("button", name="Remove").click()
    eventually(lambda: list(uploads_folder(server.settings).glob("upload-*")) == [], "the half file is gone")
    archive.write_bytes(random.Random(1).randbytes(SLICE * 17 // 8))
    way.open_for = float("inf")
    visit.page.locator('input[type="file"]').first.set_input_files(archive)
    arrives(visit, server, archive)


def test_a_file_that_has_arrived_is_there_after_a_reload(visit, server, archive):
    choose(visit, archive, server.url)
    visit.page.get_by_role("button", name="Discard").wait_for(timeout=60_000)
    visit.page.reload()
    visit.page.get_by_text("is uploaded, 4.5 MB").wait_for()
    arrives(visit, server, archive)


def test_a_server_that_is_killed_and_started_again_goes_on_with_the_file(context, archive, tmp_path):
    archive.write_bytes(archive.read_bytes() * 8)  # slices of the usual size
    server = start_server(tmp_path / "home", tmp_path / "server.log")
    way = Way(open_for=1)
    try:
        with stripping_proxy(server.settings.port, answer=way) as address:
            visit = visit_with(context, server)
            choose(visit, archive, address)
            visit.page.get_by_text("Trying again").wait_for()
            visit.page.evaluate("window.notReloaded = true")
            server.process.kill()
            server.process.wait()
            server = start_server(tmp_path / "home", tmp_path / "server.log", port=server.settings.port)
            way.open_for = float("inf")
            arrives(visit, server, archive)
            assert visit.page.evaluate("window.notReloaded")
        assert sum(way.passed) == archive.stat().st_size and way.passed[0] == 8 * SLICE
    finally:
        stop_server(server)


def test_another_kind_of_file_is_refused_before_it_is_sent(visit, server, tmp_path):
    other = tmp_path / "photos.rar"
    other.write_bytes(b"Rar!")
    choose(visit, other, server.url)
    visit.page.get_by_role("alert").get_by_text(".zip").wait_for()
    assert list(uploads_folder(server.settings).glob("upload-*")) == []


# --- behind a proxy ---


def limited_to(most: int, abrupt: bool = False):
    def answer(method: str, path: str, length: int) -> Reply | None:
        return Reply(status="413 Request Entity Too Large", abrupt=abrupt) if length > most else None

    return answer


@pytest.mark.parametrize("abrupt", [False, True])
def test_a_proxy_that_limits_requests_gets_smaller_slices(visit, server, behind, archive, abrupt):
    """As nginx does, with its default of 1 MB; it may close the connection before the browser has read the 413."""
    sizes = []

    def answer(method: str, path: str, length: int) -> Reply | None:
        if method == "PATCH":
            sizes.append(length)
        return limited_to(LIMIT, abrupt)(method, path, length)

    archive.write_bytes(archive.read_bytes()[: 7 * LIMIT])
    address = behind(answer)
    choose(visit, archive, address)
    arrives(visit, server, archive)
    assert sizes[0] > LIMIT >= max(sizes[-5:])
    assert sum(size > LIMIT for size in sizes) <= (6 if abrupt else 4)  # it is not tried again and again


def test_slices_grow_again_when_the_way_has_become_better(visit, server, behind, archive):
    archive.write_bytes(archive.read_bytes() * 2)
    way = Way(Reply(status="504 Gateway Timeout"), open_for=0)
    address = behind(way)
    choose(visit, archive, address)
    eventually(lambda: way.refused >= 3, "slices were halved")
    way.open_for = float("inf")
    arrives(visit, server, archive)
    assert way.passed[0] < SLICE
    assert way.passed[0] < max(way.passed) <= SLICE


def test_a_proxy_that_takes_no_slice_at_all_is_told_what_to_change(visit, server, behind, archive):
    address = behind(limited_to(1000))
    choose(visit, archive, address)
    alert = visit.page.get_by_role("alert").filter(has_text="client_max_body_size")
    alert.wait_for(timeout=120_000)
    assert "refuses requests of 66 kB (413)" in alert.inner_text()
    assert visit.page.get_by_role("button", name="Go on").is_visible()
    visit.page.get_by_role("button", name="Remove").click()
    eventually(lambda: list(uploads_folder(server.settings).glob("upload-*")) == [], "it is removed")


def test_a_proxy_that_passes_no_patch_gets_post(visit, server, behind, archive):
    def answer(method: str, path: str, length: int) -> Reply | None:
        return Reply(status="405 Not Allowed") if method == "PATCH" else None

    address = behind(answer)
    choose(visit, archive, address)
    arrives(visit, server, archive)


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (AWAY, "answered 502: it does not reach Graft"),
        (Reply(status="200 OK"), "a page of its own, perhaps because its login has expired"),
        (Reply(status="302 Found", headers="Location: /login\r\n"), "redirects the upload, perhaps"),
        (Reply(status="405 Not Allowed"), "Allow POST, PATCH, HEAD and DELETE requests to api/v1/uploads"),
    ],
)
def test_what_a_proxy_answers_is_told_and_the_upload_goes_on_afterwards(
    visit, server, behind, archive, reply, sentence
):
    way = Way(reply, open_for=0)
    address = behind(way)
    choose(visit, archive, address)
    alert = visit.page.get_by_role("alert").filter(has_text=sentence)
    alert.wait_for(timeout=60_000)
    assert "Unexpected token" not in alert.inner_text()
    way.open_for = float("inf")
    if reply is not AWAY:  # that one tries again by itself
        visit.page.get_by_role("button", name="Go on").click()
    arrives(visit, server, archive)
