"""TUS 1.0 as the server speaks it: parts append, checksums are compared, an upload is its person's alone."""

import asyncio
import base64
import hashlib
import time
from collections import namedtuple
from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.files import uploads as stored
from core.files.home import upload_folder, uploads_folder
from core.files.locks import try_acquire
from core.files.room import MOST_BYTES
from core.web.server import application, uploads
from core.web.server.state import workbench

TUS = {"Tus-Resumable": "1.0.0"}
AT = "/api/v1/uploads"


@pytest.fixture
def client(tmp_path, monkeypatch) -> TestClient:
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "home"))
    app = Starlette(routes=application.ROUTES, middleware=application.MIDDLEWARE)
    return TestClient(app, base_url="http://127.0.0.1:8501")


def told(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def create(client, size=10, headers=None, **metadata):
    given = {"filename": "photos.zip"} | metadata
    return client.post(
        AT, headers=TUS | {"Upload-Length": str(size), "Upload-Metadata": told(**given)} | (headers or {})
    )


def begun(client, size=10, **metadata) -> str:
    """The address of a new upload."""
    answer = create(client, size, **metadata)
    assert answer.status_code == 201, answer.text
    return f"/api/v1/{answer.headers['Location']}"


def patch(client, address, body, offset=0, **headers):
    usual = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.patch(address, content=body, headers=usual | named)


def offset_of(client, address) -> int:
    return int(client.head(address, headers=TUS).headers["Upload-Offset"])


def content_of(address: str) -> bytes:
    return upload_folder(workbench().settings, address.rpartition("/")[2]).content.read_bytes()


def checksum(body: bytes, algorithm="sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}"


def test_parts_become_the_file(client):
    content = bytes(range(256)) * 40
    address = begun(client, len(content))
    first = patch(client, address, content[:5000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "5000")
    assert offset_of(client, address) == 5000
    assert patch(client, address, content[5000:], 5000).headers["Upload-Offset"] == str(len(content))
    assert content_of(address) == content


def test_a_client_learns_what_the_server_can_do(client):
    answer = client.options(AT)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,checksum,expiration,termination"
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert answer.headers["Tus-Max-Size"] == str(MOST_BYTES)


def test_an_upload_says_how_far_it_has_come_and_when_it_goes(client):
    address = begun(client, 10, lastModified="1234")
    patch(client, address, b"abcd")
    headers = client.head(address, headers=TUS).headers
    assert (headers["Upload-Offset"], headers["Upload-Length"]) == ("4", "10")
    assert headers["Cache-Control"] == "no-store"
    assert told(filename="photos.zip") in headers["Upload-Metadata"]
    left = parsedate_to_datetime(headers["Upload-Expires"]).timestamp() - time.time()
    assert stored.KEEP_SECONDS - 600 < left <= stored.KEEP_SECONDS + 1


def test_after_a_day_it_is_gone(client):
    address = begun(client)
    stored.expire_uploads(workbench().settings, now=time.time() + stored.KEEP_SECONDS + 60)
    assert client.head(address, headers=TUS).status_code == 404


@pytest.mark.parametrize("offset", [0, 3, 5])
def test_a_part_at_another_offset_is_a_conflict(client, offset):
    address = begun(client)
    patch(client, address, b"abcd")
    assert patch(client, address, b"xy", offset).status_code == 409
    assert content_of(address) == b"abcd"


def test_a_part_while_another_request_writes_is_told_to_wait(client):
    address = begun(client)
    folder = upload_folder(workbench().settings, address.rpartition("/")[2])
    with try_acquire(folder.path, create=False):  # as another web process holds it
        answer = patch(client, address, b"abcd")
    assert answer.status_code == 423
    assert "Another request" in answer.json()["detail"]
    assert patch(client, address, b"abcd").status_code == 204


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_part_that_was_altered_on_the_way_does_not_count(client, algorithm):
    address = begun(client)
    patch(client, address, b"ab", Upload_Checksum=checksum(b"ab", algorithm))
    answer = patch(client, address, b"cXe", 2, Upload_Checksum=checksum(b"cde", algorithm))
    assert answer.status_code == 460
    assert "altered" in answer.json()["detail"]
    assert offset_of(client, address) == 2
    assert patch(client, address, b"cde", 2, Upload_Checksum=checksum(b"cde", algorithm)).status_code == 204
    assert content_of(address) == b"abcde"


@pytest.mark.parametrize("header", ["md5 abcd", "sha256 *", "sha256", ""])
def test_a_checksum_that_cannot_be_compared_is_refused(client, header):
    address = begun(client)
    answer = patch(client, address, b"abcd", Upload_Checksum=header)
    assert answer.status_code in (400, 460)
    assert offset_of(client, address) == 0


@pytest.mark.parametrize("same_process", [True, False])
def test_the_whole_file_is_compared_with_its_announced_sha256(client, same_process):
    content = b"abcdefghij"
    for sent, status in ((content, 204), (b"abcdefghiX", 460)):
        address = begun(client, sha256=hashlib.sha256(content).hexdigest())
        patch(client, address, sent[:4])
        if not same_process:
            uploads._digests.clear()
        answer = patch(client, address, sent[4:], 4)
        assert answer.status_code == status, answer.text
    assert "not the SHA-256 that was announced" in answer.json()["detail"]
    assert client.head(address, headers=TUS).status_code == 404


def test_more_than_announced_is_refused(client):
    address = begun(client, 4)
    assert patch(client, address, b"abcdef").status_code == 413
    assert patch(client, address, iter([b"abc", b"def"])).status_code in (400, 413)
    assert offset_of(client, address) <= 4


def test_an_upload_can_be_ended(client):
    address = begun(client)
    assert client.delete(address, headers=TUS).status_code == 204
    assert client.head(address, headers=TUS).status_code == 404
    assert patch(client, address, b"abcd").status_code == 404
    assert list(uploads_folder(workbench().settings).iterdir()) == []


def test_a_proxy_that_passes_no_patch_may_be_sent_post(client):
    address = begun(client)
    headers = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.post(address, content=b"abcd", headers=headers).status_code == 405
    answer = client.post(address, content=b"abcd", headers=headers | {"X-HTTP-Method-Override": "PATCH"})
    assert answer.status_code == 204
    assert client.post(address, headers=TUS | {"X-HTTP-Method-Override": "DELETE"}).status_code == 204


@pytest.mark.parametrize("version", [None, "0.2.2"])
def test_another_version_of_the_protocol_is_refused(client, version):
    address = begun(client)
    for method in ("HEAD", "PATCH", "DELETE"):
        answer = client.request(method, address, headers={"Tus-Resumable": version} if version else {})
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert offset_of(client, address) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Offset": "x"}, 400),
        ({"Upload-Offset": "-1"}, 400),
        ({"Upload-Offset": "²"}, 400),
        ({"Content-Type": "application/zip"}, 415),
    ],
)
def test_a_part_with_senseless_headers_is_refused(client, headers, status):
    address = begun(client)
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    usual = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.patch(address, content=b"abcd", headers=usual | encoded).status_code == status
    assert offset_of(client, address) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Length": "many"}, 400),
        ({"Upload-Length": str(MOST_BYTES + 1)}, 413),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Metadata": "filename ???"}, 400),
        ({"Upload-Metadata": f"sha256 {base64.b64encode(b'abc').decode()}"}, 400),
    ],
)
def test_an_upload_that_cannot_be_is_not_begun(client, headers, status):
    answer = create(client, headers=headers)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert list(uploads_folder(workbench().settings).iterdir()) == []


def test_the_name_decides_nothing_but_what_is_shown(client):
    address = begun(client, filename="../../etc/cron.d/x.zip")
    assert told(filename="x.zip") in client.head(address, headers=TUS).headers["Upload-Metadata"]
    folder = upload_folder(workbench().settings, address.rpartition("/")[2])
    assert sorted(path.name for path in folder.path.iterdir()) == ["content", "record.json"]


def test_a_full_disk_is_said_before_anything_is_written(client, monkeypatch):
    workbench()
    usage = namedtuple("usage", "total used free")(10, 9, 1)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    answer = create(client)
    assert answer.status_code == 413
    assert "free" in answer.json()["detail"]
    assert list(uploads_folder(workbench().settings).iterdir()) == []


def test_another_site_cannot_send_anything(client):
    assert create(client, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    address = begun(client)
    assert patch(client, address, b"abc", Sec_Fetch_Site="cross-site").status_code == 403
    assert offset_of(client, address) == 0


def test_a_sender_that_falls_silent_ends_its_request_and_keeps_what_came(client, monkeypatch):
    """A closed lid: the connection is not closed, and nothing comes any more."""
    monkeypatch.setattr(uploads, "IDLE_SECONDS", 0.05)
    address = begun(client)
    sent, messages = [], [{"type": "http.request", "body": b"abcd", "more_body": True}]

    async def receive():
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    headers = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", "Host": "127.0.0.1:8501"}
    scope = {
        "type": "http", "method": "PATCH", "path": address, "raw_path": address.encode(), "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "server": ("127.0.0.1", 8501), "client": ("127.0.0.1", 1), "scheme": "http", "root_path": "",
    }  # fmt: skip
    asyncio.run(client.app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert offset_of(client, address) == 4
    assert patch(client, address, b"efghij", 4).status_code == 204


# --- whose it is ---


def test_an_upload_of_another_person_does_not_exist(client_of):
    address = begun(client_of("tom"))
    for name in ("tom", "ada"):
        expected = 200 if name == "tom" else 404
        assert client_of(name).head(address, headers=TUS).status_code == expected
    assert patch(client_of("ada"), address, b"abcd").status_code == 404
    assert client_of("ada").delete(address, headers=TUS).status_code == 404
    assert patch(client_of("tom"), address, b"abcd").status_code == 204
    for name, status in (("vera", 403), (None, 401)):
        assert patch(client_of(name), address, b"efgh", 4).status_code == status
        assert create(client_of(name)).status_code == status


def test_an_upload_that_a_person_has_no_quota_for_is_refused_before_a_byte(client_of, accounts, monkeypatch):
    monkeypatch.setattr(workbench(), "settings", replace(workbench().settings, user_limit_bytes=1000))
    tom = client_of("tom")
    assert create(tom, 600).status_code == 201
    refused = create(tom, 600)
    assert refused.status_code == 413, refused.text
    assert "tom has 600 bytes of the 1.0 kB that each person may store" in refused.json()["detail"]
    assert "600 bytes would come" in refused.json()["detail"] and "Nothing was uploaded" in refused.json()["detail"]
    assert create(client_of("ada"), 600).status_code == 201, "each has a quota of their own"
    assert "600 bytes of 1.0 kB stored" in tom.get("/account").text


def test_a_token_continues_what_the_page_of_its_owner_has_begun(client_of, accounts, guarded):
    address = begun(client_of("tom"))
    program = client_of(None)
    for owner, status in (("ada", 404), ("tom", 204)):
        secret = accounts.create_token(f"of-{owner}", "train", owner=owner)[1]
        answer = patch(program, address, b"abcdefghij", Authorization=f"Bearer {secret}")
        assert answer.status_code == status, owner
    assert offset_of(client_of("tom"), address) == 10
