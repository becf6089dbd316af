"""Uploads of any size: only ticket holders write, slices append, everything can go on where it stopped."""

import time
from collections import namedtuple

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.web.server import application, uploads
from core.web.server.uploads import KEEP_SECONDS, Tickets, sweep_folder


@pytest.fixture
def client():
    app = Starlette(routes=application.ROUTES, middleware=application.MIDDLEWARE)
    return TestClient(app, base_url="http://127.0.0.1:8501")


@pytest.fixture
def upload(tmp_path):
    upload = uploads.tickets().issue(tmp_path, (".zip",))
    yield upload
    uploads.tickets().drop(upload.ticket)


def put(client, ticket, body, *, offset=0, size=None, name="photos.zip", headers=None):
    query = {"offset": offset, "size": len(body) if size is None else size, "name": name}
    return client.put(f"/api/v1/uploads/{ticket}", params=query, content=body, headers=headers)


def test_slices_become_the_file(client, upload):
    content = bytes(range(256)) * 40
    assert put(client, upload.ticket, content[:5000], size=len(content)).json()["received"] == 5000
    assert not upload.complete
    assert put(client, upload.ticket, content[5000:], offset=5000, size=len(content)).status_code == 200
    assert upload.complete
    assert upload.path.read_bytes() == content


def test_an_unknown_ticket_writes_nothing(client, tmp_path):
    assert put(client, "x" * 32, b"abc").status_code == 403
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_offset_is_told_the_right_one(client, upload):
    put(client, upload.ticket, b"abcd", size=10)
    answer = put(client, upload.ticket, b"abcd", offset=0, size=10)
    assert answer.status_code == 409
    assert answer.json()["received"] == 4
    assert upload.path.read_bytes() == b"abcd"


def test_what_was_written_but_not_counted_is_overwritten(client, upload):
    put(client, upload.ticket, b"abcd", size=8)
    with upload.path.open("ab") as file:
        file.write(b"half a slice")
    put(client, upload.ticket, b"efgh", offset=4, size=8)
    assert upload.path.read_bytes() == b"abcdefgh"


def test_more_than_announced_is_refused(client, upload):
    assert put(client, upload.ticket, b"abcdef", size=4).status_code == 413
    assert upload.received <= 4


def test_the_name_decides_nothing_but_what_is_shown(client, upload, tmp_path):
    put(client, upload.ticket, b"abc", name="../../etc/cron.d/x.zip")
    assert upload.name == "x.zip"
    assert [path.parent for path in tmp_path.rglob("*")] == [tmp_path]


@pytest.mark.parametrize("name", ["photos.exe", "", "zip"])
def test_another_kind_of_file_is_refused(client, upload, name):
    answer = put(client, upload.ticket, b"abc", name=name)
    assert answer.status_code == 400
    assert ".zip" in answer.json()["error"]
    assert not upload.path.exists()


@pytest.mark.parametrize("query", ["", "offset=0", "offset=a&size=3", "offset=-1&size=3", "offset=4&size=3"])
def test_senseless_numbers_are_refused(client, upload, query):
    assert client.put(f"/api/v1/uploads/{upload.ticket}?{query}", content=b"abc").status_code == 400


def test_a_file_that_changed_meanwhile_is_refused(client, upload):
    put(client, upload.ticket, b"abcd", size=10)
    assert put(client, upload.ticket, b"efgh", offset=4, size=11).status_code == 400


def test_another_file_may_begin_in_place_of_one_that_was_given_up(client, upload):
    put(client, upload.ticket, b"abcd", size=10)
    assert put(client, upload.ticket, b"xyz", name="others.zip").status_code == 200
    assert (upload.name, upload.path.read_bytes()) == ("others.zip", b"xyz")


def test_a_complete_file_is_not_begun_again(client, upload):
    put(client, upload.ticket, b"abcd")
    assert put(client, upload.ticket, b"xyz", name="others.zip").status_code == 400
    assert upload.path.read_bytes() == b"abcd"


def test_a_full_disk_is_said_before_anything_is_written(client, upload, monkeypatch):
    usage = namedtuple("usage", "total used free")(10, 9, 1)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    answer = put(client, upload.ticket, b"abcd")
    assert answer.status_code == 507
    assert "free" in answer.json()["error"]
    assert not upload.path.exists()


def test_another_site_cannot_send_anything(client, upload):
    assert put(client, upload.ticket, b"abc", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert upload.received == 0


def test_untouched_uploads_go_after_a_day(tmp_path):
    tickets = Tickets()
    upload = tickets.issue(tmp_path, (".zip",))
    upload.path.write_bytes(b"half")
    tickets.sweep(now=time.time() + KEEP_SECONDS - 60)
    assert upload.path.exists()
    tickets.sweep(now=time.time() + KEEP_SECONDS + 60)
    assert not upload.path.exists()
    assert tickets.find(upload.ticket) is None


def test_uploads_of_a_former_process_go_at_the_start_and_imports_stay(tmp_path):
    (tmp_path / "upload-old").write_bytes(b"x")
    (tmp_path / "import-1234").mkdir()
    sweep_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["import-1234"]


def test_an_upload_of_another_running_process_is_left_alone(client, tmp_path):
    upload = uploads.tickets().issue(tmp_path, (".zip",))
    put(client, upload.ticket, b"abcd", size=8)
    sweep_folder(tmp_path)
    assert put(client, upload.ticket, b"efgh", offset=4, size=8).status_code == 200
    sweep_folder(tmp_path)
    assert upload.path.read_bytes() == b"abcdefgh"
    uploads.tickets().release(upload.ticket)
    sweep_folder(tmp_path)
    assert not upload.path.exists()


def test_a_released_upload_keeps_its_file(tmp_path):
    tickets = Tickets()
    upload = tickets.issue(tmp_path, (".zip",))
    upload.path.write_bytes(b"whole")
    tickets.release(upload.ticket)
    assert upload.path.exists()
    assert tickets.find(upload.ticket) is None


def test_the_number_of_open_tickets_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_TICKETS", 3)
    tickets = Tickets()
    issued = [tickets.issue(tmp_path, (".zip",)) for _ in range(5)]
    assert sum(tickets.find(upload.ticket) is not None for upload in issued) == 3
    assert tickets.find(issued[-1].ticket) is issued[-1]
