"""The drop zone for files of any size, in a real browser."""

import hashlib
import random
import re
from pathlib import Path

import pytest

from core.files.home import uploads_folder
from tests.browser.proxy import Reply, stripping_proxy
from tests.jobs_home import eventually


@pytest.fixture
def archive(tmp_path) -> Path:
    """Two slices and a bit; not a real ZIP, which the box need not know."""
    path = tmp_path / "holiday photos.zip"
    path.write_bytes(random.Random(0).randbytes(34 * 2**20))
    return path


def stored(server) -> Path:
    (path,) = uploads_folder(server.settings).glob("upload-*")
    return path


def choose(visit, archive: Path) -> None:
    page = visit.open("/datasets")  # without a dataset the box is open
    page.locator('input[type="file"]').first.set_input_files(archive)


def discard(visit, server) -> None:
    visit.page.get_by_role("button", name="Discard").click()
    eventually(lambda: list(uploads_folder(server.settings).glob("upload-*")) == [], "what was uploaded is gone")


@pytest.mark.parametrize("broken_slices", [0, 2])
def test_a_file_arrives_whole_even_when_the_connection_breaks(visit, server, archive, broken_slices):
    broken = []

    def break_off(route):
        broken.append(route.request.url)
        route.abort("connectionreset")

    if broken_slices:  # only what breaks is intercepted: each slice that is would travel through the test once more
        visit.page.route(re.compile(r"/api/v1/uploads/.*\boffset=[1-9]"), break_off, times=broken_slices)
    choose(visit, archive)
    visit.page.get_by_role("button", name="Discard").wait_for(timeout=60_000)
    assert len(broken) == broken_slices
    assert hashlib.sha256(stored(server).read_bytes()).digest() == hashlib.sha256(archive.read_bytes()).digest()
    discard(visit, server)


def test_looking_at_another_page_meanwhile_loses_nothing(visit, server, archive):
    later_slices = re.compile(r"/api/v1/uploads/.*\boffset=[1-9]")
    visit.page.route(later_slices, lambda route: route.abort("connectionreset"))
    choose(visit, archive)
    visit.page.get_by_text("Trying again").wait_for()
    for name in ("Train", "Datasets"):
        visit.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        visit.page.get_by_role("heading", name=name).first.wait_for()
        visit.settle()
    visit.page.unroute(later_slices)
    visit.page.get_by_role("button", name="Discard").wait_for(timeout=60_000)
    assert hashlib.sha256(stored(server).read_bytes()).digest() == hashlib.sha256(archive.read_bytes()).digest()
    discard(visit, server)


def test_another_kind_of_file_is_refused_before_it_is_sent(visit, server, tmp_path):
    other = tmp_path / "photos.rar"
    other.write_bytes(b"Rar!")
    choose(visit, other)
    visit.page.get_by_role("alert").get_by_text(".zip").wait_for()
    assert list(uploads_folder(server.settings).glob("upload-*")) == []


# --- behind a proxy ---


def choose_behind(visit, address: str, archive: Path) -> None:
    visit.page.goto(f"{address}/datasets")
    visit.page.locator('input[type="file"]').first.set_input_files(archive)


def limited_to(most: int, abrupt: bool):
    def answer(method: str, path: str, length: int) -> Reply | None:
        return Reply(status="413 Request Entity Too Large", abrupt=abrupt) if length > most else None

    return answer


@pytest.mark.parametrize("abrupt", [False, True])
def test_a_proxy_that_limits_requests_gets_smaller_slices(visit, server, archive, abrupt):
    """As nginx does, with its default of 1 MB; it may close the connection before the browser has read the 413."""
    sizes = []

    def answer(method: str, path: str, length: int) -> Reply | None:
        if method == "PUT":
            sizes.append(length)
        return limited_to(2**20, abrupt)(method, path, length)

    archive.write_bytes(archive.read_bytes()[: 5 * 2**20])
    with stripping_proxy(server.settings.port, answer=answer) as address:
        choose_behind(visit, address, archive)
        visit.page.get_by_role("button", name="Discard").wait_for(timeout=120_000)
        assert sizes[0] > 2**20 >= max(sizes[-3:])
        assert hashlib.sha256(stored(server).read_bytes()).digest() == hashlib.sha256(archive.read_bytes()).digest()
        discard(visit, server)


def test_a_proxy_that_takes_no_slice_at_all_is_told_what_to_change(visit, server, archive):
    with stripping_proxy(server.settings.port, answer=limited_to(1000, abrupt=False)) as address:
        choose_behind(visit, address, archive)
        alert = visit.page.get_by_role("alert").filter(has_text="client_max_body_size")
        alert.wait_for(timeout=120_000)
        assert "refuses requests of 66 kB (413)" in alert.inner_text()
        assert visit.page.get_by_role("button", name="Go on").is_visible()


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(status="502 Bad Gateway"), "answered 502: it does not reach Graft"),
        (Reply(status="200 OK"), "a page of its own, perhaps because its login has expired"),
        (Reply(status="302 Found", headers="Location: /login\r\n"), "redirects the upload, perhaps"),
        (Reply(status="405 Not Allowed"), "Allow PUT requests to api/v1/uploads"),
    ],
)
def test_what_a_proxy_answers_is_told_and_the_upload_goes_on_afterwards(visit, server, archive, reply, sentence):
    broken = [True]

    def answer(method: str, path: str, length: int) -> Reply | None:
        return reply if method == "PUT" and broken[0] else None

    with stripping_proxy(server.settings.port, answer=answer) as address:
        choose_behind(visit, address, archive)
        alert = visit.page.get_by_role("alert").filter(has_text=sentence)
        alert.wait_for(timeout=60_000)
        assert "Unexpected token" not in alert.inner_text()
        broken[0] = False
        if "502" not in sentence:  # that one tries again by itself
            visit.page.get_by_role("button", name="Go on").click()
        visit.page.get_by_role("button", name="Discard").wait_for(timeout=120_000)
        assert hashlib.sha256(stored(server).read_bytes()).digest() == hashlib.sha256(archive.read_bytes()).digest()
        discard(visit, server)
