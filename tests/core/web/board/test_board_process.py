"""TensorBoard's process: started on first need, ended when idle or with the web process, noticed when killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from core.settings import REPOSITORY
from core.web.board import board_process
from core.web.board.board_process import TensorBoard, target_of
from tests.factories import fill

FAKE = "tests.fake_board"


@pytest.fixture
def start(settings, monkeypatch, tmp_path_factory):
    """Starts boards whose process tells what it was asked; ``real=True``: TensorBoard's."""
    made = []
    folder = tmp_path_factory.mktemp("sockets")  # other servers of the machine have boards in the usual one
    monkeypatch.setattr(board_process.tempfile, "tempdir", str(folder))

    def start(*, real: bool = False, **options) -> tuple[TensorBoard, TestClient]:
        if not real:
            monkeypatch.setattr(board_process, "MODULE", FAKE)
        board = TensorBoard(look_seconds=0.05, **options)
        board.start(settings)
        made.append(board)
        return board, TestClient(Starlette(routes=[Mount("/tb", board)]))

    yield start
    for board in made:
        board.stop()


def eventually(true, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def folders() -> set[Path]:
    return set(Path(board_process.tempfile.gettempdir()).glob("graft-board-*"))


def test_until_it_is_started_and_after_it_was_stopped_the_board_says_so(start):
    before = TestClient(Starlette(routes=[Mount("/tb", TensorBoard())]))
    board, after = start()
    assert after.get("/tb/").status_code == 200
    board.stop()
    for answer in (before.get("/tb/"), after.get("/tb/")):
        assert answer.status_code == 503
        assert "starting" in answer.text


def test_no_process_is_started_before_somebody_asks_and_then_one_answers_all(start):
    board, client = start()
    assert board.pid is None
    pids = {client.get("/tb/").json()["pid"] for _ in range(3)}
    assert pids == {board.pid} != {os.getpid()}


def test_path_query_and_body_come_through_and_neither_cookie_nor_token(start):
    _, client = start()
    headers = {"Cookie": "graft=secret", "Authorization": "Bearer secret", "Accept-Encoding": "gzip", "X-Own": "1"}
    sent = {"Tensorboard-Experiment-Id": "r-9", **headers}
    told = client.post("/tb/of/r-1,r-2/data%20b?x=1&y=%2F", content=b"asked", headers=sent).json()
    assert (told["method"], told["path"], told["query"]) == ("POST", "/of/r-1,r-2/data b", "x=1&y=%2F")
    assert told["body"] == "asked"
    assert "gzip" in told["headers"].values() and not {"secret", "r-9", "1"} & set(told["headers"].values())


def test_status_headers_and_a_large_body_come_back_as_they_were(start):
    _, client = start()
    answer = client.get("/tb/large")
    assert answer.status_code == 418
    assert answer.headers["x-told"] == "yes" and "transfer-encoding" not in answer.headers
    assert answer.content == b"0123456789abcdef" * 100_000


def test_a_killed_process_is_started_again_with_the_next_request(start):
    board, client = start()
    first = client.get("/tb/").json()["pid"]
    os.kill(first, signal.SIGKILL)
    eventually(lambda: not alive(first))
    assert client.get("/tb/").json()["pid"] not in (first, None)


def test_an_idle_process_ends_and_leaves_nothing_and_the_next_request_starts_another(start):
    before = folders()
    board, client = start(idle_seconds=0.2)
    first = client.get("/tb/").json()["pid"]
    eventually(lambda: board.pid is None and not alive(first))
    eventually(lambda: folders() == before)
    assert client.get("/tb/").json()["pid"] != first


def test_a_request_that_runs_keeps_the_process(start):
    _, client = start(idle_seconds=0.2)
    assert client.get("/tb/slow").json()["pid"]


def test_stopping_ends_the_process_at_once_and_leaves_nothing(start):
    before = folders()
    board, client = start()
    pid = client.get("/tb/").json()["pid"]
    board.stop()
    assert not alive(pid)
    eventually(lambda: folders() == before)


def test_it_ends_with_a_web_process_that_was_killed_and_leaves_nothing(settings, tmp_path):
    code = (
        "import os, sys, time; from core.settings import load_settings; from core.web.board import board_process\n"
        f"board_process.MODULE = {FAKE!r}; print(board_process.started(load_settings()).process.pid, flush=True)\n"
        "time.sleep(600)"
    )
    web = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=REPOSITORY,
        env=os.environ | {"GRAFT_HOME": str(settings.home), "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    pid = int(web.stdout.readline())
    assert alive(pid)
    web.kill()
    web.wait()
    web.stdout.close()
    eventually(lambda: not alive(pid))
    assert not list(tmp_path.glob("graft-board-*"))


def test_a_process_that_cannot_answer_is_told_as_a_board_that_starts(start, monkeypatch):
    board, client = start()
    monkeypatch.setattr(board_process, "MODULE", "tests.no_such_module")
    assert client.get("/tb/").status_code == 503


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [("/tb/", b"", "/"), ("/tb", b"", "/"), ("/tb/of/r-1/x y?", b"a=b", "/of/r-1/x%20y%3F?a=b"),
     ("/tb/a\r\nHost: b", b"", "/a%0D%0AHost:%20b")],
)  # fmt: skip
def test_a_path_cannot_end_the_line_of_the_request(path, query, target):
    assert target_of({"type": "http", "path": path, "root_path": "/tb", "query_string": query}) == target


def test_the_web_process_never_imports_tensorboard():
    code = "import sys, core.web.server.application; print([m for m in ('tensorboard', 'grpc') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=REPOSITORY)
    assert done.stdout.strip() == "[]", done.stderr


def test_tensorboard_itself_answers_with_the_runs_of_the_registry(start, bench):
    run = fill(bench.registry, bench.settings).runs[0]
    board, client = start(real=True)
    assert client.get(f"/tb/of/{run.id}/data/runs").json() == [run.name.replace("/", "∕")]
    page = client.get(f"/tb/of/{run.id}/?smoothing=0")
    assert page.status_code == 200 and "<title>TensorBoard</title>" in page.text
    pids = [board.pid, *map(int, Path(f"/proc/{board.pid}/task/{board.pid}/children").read_text().split())]
    board.stop()
    eventually(lambda: not any(map(alive, pids)))
