"""Programs that speak TUS, against running servers: tuspy, two web processes on one home, and the memory they need."""

import base64
import hashlib
import random
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient

from core.files.home import registry_file, upload_folder, uploads_folder
from core.registry import Registry
from tests.browser.conftest import Server, start_server, stop_server

TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Content-Type": "application/offset+octet-stream"}
LARGE_BYTES = 300 * 2**20
MOST_GROWTH_BYTES = 48 * 2**20


@pytest.fixture(scope="module")
def second(server, tmp_path_factory):
    """Another web process on the home of the first."""
    found = start_server(server.settings.home, tmp_path_factory.mktemp("second") / "server.log")
    yield found
    stop_server(found)


@pytest.fixture
def bearer(server) -> dict[str, str]:
    registry = Registry.open(registry_file(server.settings))
    secret = registry.create_token(f"tus-{random.random()}", "train")[1]
    registry.close()
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "holiday.zip"
    path.write_bytes(random.Random(0).randbytes(5 * 2**20 + 17))
    return path


def content(server: Server, url: str) -> Path:
    return upload_folder(server.settings, url.rpartition("/")[2]).content


def uploader(server: Server, bearer: dict[str, str], file: Path, **options):
    client = TusClient(f"{server.url}/api/v1/uploads", headers=bearer)
    return client.uploader(str(file), metadata={"filename": file.name}, **{"chunk_size": 2**20} | options)


@pytest.mark.parametrize("checksums", [False, True])
def test_tuspy_uploads_a_file_with_a_token(server, bearer, file, checksums):
    sent = uploader(server, bearer, file, upload_checksum=checksums)
    sent.upload()
    assert content(server, sent.url).read_bytes() == file.read_bytes()
    httpx.delete(sent.url, headers=TUS | bearer)


def test_tuspy_continues_in_another_web_process(server, second, bearer, file):
    begun = uploader(server, bearer, file)
    begun.upload(stop_at=2 * 2**20)
    assert 0 < content(server, begun.url).stat().st_size < file.stat().st_size
    continued = uploader(second, bearer, file, url=begun.url.replace(server.url, second.url))
    assert continued.offset == 2 * 2**20
    continued.upload()
    assert content(server, begun.url).read_bytes() == file.read_bytes()
    httpx.delete(begun.url, headers=TUS | bearer)


def begin(server: Server, bearer: dict[str, str], size: int, **metadata: str) -> str:
    pairs = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in metadata.items())
    headers = TUS | bearer | {"Upload-Length": str(size), "Upload-Metadata": pairs}
    answer = httpx.post(f"{server.url}/api/v1/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return f"/api/v1/{answer.headers['Location']}"


def test_two_web_processes_take_turns_and_none_writes_what_does_not_follow(server, second, bearer, file):
    data = file.read_bytes()
    path = begin(server, bearer, len(data), filename="holiday.zip", sha256=hashlib.sha256(data).hexdigest())
    offset = 0
    for number, one in enumerate((server, second) * 3):
        end = len(data) if number == 5 else offset + 900_000
        headers = PART | bearer | {"Upload-Offset": str(offset)}
        for address, status in ((one.url, 204), (server.url, 409), (second.url, 409)):
            if end < len(data) or status == 204:
                answer = httpx.patch(address + path, content=data[offset:end], headers=headers)
                assert answer.status_code == status, answer.text
        offset = end
    assert content(server, path).read_bytes() == data
    httpx.delete(second.url + path, headers=TUS | bearer)
    assert httpx.head(server.url + path, headers=TUS | bearer).status_code == 404


def test_a_large_file_in_one_request_does_not_grow_the_web_process(server, bearer):
    """What was measured with 2 GiB is in decision 29."""
    block = random.Random(0).randbytes(2**20)
    whole = hashlib.sha256()
    for _ in range(LARGE_BYTES // len(block)):
        whole.update(block)
    path = begin(server, bearer, LARGE_BYTES, filename="large.zip", sha256=whole.hexdigest())
    before = server.health()["rss_bytes"]
    body = (block for _ in range(LARGE_BYTES // len(block)))
    headers = PART | bearer | {"Upload-Offset": "0"}
    answer = httpx.patch(server.url + path, content=body, headers=headers, timeout=300)
    assert answer.status_code == 204, answer.text
    assert server.health()["rss_bytes"] - before < MOST_GROWTH_BYTES
    assert content(server, path).stat().st_size == LARGE_BYTES
    assert httpx.delete(server.url + path, headers=TUS | bearer).status_code == 204
    assert list(uploads_folder(server.settings).glob("upload-*")) == []
