"""The routes Graft adds to Streamlit, and how it is started."""

import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import jobs
from core.errors import Conflict, InvalidInput, Unavailable
from core.jobs import SupervisorStatus
from core.people.acting import NOBODY, SERVER, acting
from core.runs.values import Status
from core.web.parts.frame import SECTIONS
from core.web.server import application, base_path, serve
from core.web.server.serve import asked_base_path, refuse_taken_port
from core.web.server.state import process_singleton
from core.web.server.visits import ask_visitors


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "home"))
    return TestClient(
        Starlette(routes=application.ROUTES, middleware=application.MIDDLEWARE), base_url="http://127.0.0.1:8501"
    )


def test_a_killed_supervisor_is_started_again_only_where_runs_wait_for_it(monkeypatch):
    started = []

    def ensure(settings):
        started.append(settings)
        return SupervisorStatus(running=True)

    def revives(killed: bool, *waiting: Status) -> bool:
        registry = SimpleNamespace(runs=lambda status, limit: [status] * (status in waiting))
        monkeypatch.setattr(application, "workbench", lambda: SimpleNamespace(settings="home", registry=registry))
        monkeypatch.setattr(jobs, "was_killed", lambda settings: killed)
        return application.revive_supervisor()

    monkeypatch.setattr(jobs, "ensure_supervisor", ensure)
    assert not revives(False, Status.RUNNING)
    assert not revives(True)
    assert started == []
    assert revives(True, Status.RUNNING) and revives(True, Status.SCHEDULED)
    assert started == ["home", "home"]


def test_boards_are_read_at_the_start_before_a_page_needs_them(bench, filled, monkeypatch):
    monkeypatch.setattr(application, "workbench", lambda: bench)
    application.read_boards()
    monkeypatch.setattr(bench.registry, "board_changes", None)
    assert bench.verdict(filled.dataset.id) is not None


def test_the_board_can_be_reached_without_its_slash(client):
    assert client.get("/tb", follow_redirects=False).headers["location"] == "tb/"  # a proxy may have put a path before


def test_graft_can_lie_below_a_path(client, monkeypatch):
    monkeypatch.setattr(base_path.config, "get_option", {"server.baseUrlPath": "/graft/"}.get)
    for path in ("/healthz", "/graft/healthz"):
        assert client.get(path).json()["status"] == "ok"
    assert client.get("/graft/assets/fonts/inter-latin.woff2").status_code == 200
    assert str(client.get("/graft/tb").url).endswith("/graft/tb/")
    assert client.get("/other/healthz").status_code == 404
    unknown = client.delete("/graft/api/v1/uploads/unknown", headers={"Tus-Resumable": "1.0.0"})
    assert "This upload is not known" in unknown.json()["detail"]


@pytest.mark.parametrize(("asked", "path"), [("graft", "/graft"), ("/a/b/", "/a/b"), ("/", ""), ("", "")])
def test_slashes_around_the_base_path_do_not_matter(monkeypatch, asked, path):
    monkeypatch.setenv("GRAFT_BASE_PATH", asked)
    assert asked_base_path() == path


@pytest.mark.parametrize("asked", ["a b", "https://host/graft", "../etc", "a//b", "ä", "a?b"])
def test_what_is_no_path_is_refused(monkeypatch, asked):
    monkeypatch.setenv("GRAFT_BASE_PATH", asked)
    with pytest.raises(InvalidInput, match="base path"):
        asked_base_path()


def test_only_our_own_assets_are_served(client):
    assert client.get("/assets/fonts/inter-latin.woff2").status_code == 200
    for path in ("/assets/../server.py", "/assets/%2e%2e/server.py", "/assets/fonts/", "/assets/"):
        assert client.get(path).status_code == 404


def test_every_page_of_the_frame_exists_and_is_guarded():
    from core.settings import REPOSITORY

    names = {name for entries in SECTIONS.values() for name, _, _ in entries}
    assert names == {path.stem for path in (REPOSITORY / "pages").glob("*.py")}
    for name in names:
        assert "require_frame()" in (REPOSITORY / "pages" / f"{name}.py").read_text(), name


def test_streamlit_finds_the_app_and_not_a_plain_script():
    from streamlit.web.server.app_discovery import discover_asgi_app

    from core.settings import REPOSITORY

    found = discover_asgi_app(REPOSITORY / "app.py")
    assert found.is_asgi_app
    assert found.import_string == "app:app"


def test_a_home_that_cannot_be_opened_is_one_sentence(monkeypatch):
    def lost():
        raise Unavailable("The registry is missing.")

    monkeypatch.setattr(serve, "workbench", lost)
    monkeypatch.setattr(serve, "asked_address", lambda: "127.0.0.1")
    monkeypatch.setattr(serve, "refuse_taken_port", lambda *_: None)
    with pytest.raises(SystemExit, match="The registry is missing"):
        serve.run(app=None)


def test_a_taken_port_is_refused_with_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=rf"Port {port} .* GRAFT_PORT"):
            refuse_taken_port("127.0.0.1", port)
    refuse_taken_port("127.0.0.1", port)


def test_a_process_singleton_is_made_once():
    made = []
    assert process_singleton("test", lambda: made.append(1) or "x") == "x"
    assert process_singleton("test", lambda: made.append(1) or "y") == "x"
    assert made == [1]


def test_the_store_is_kept_up_by_the_server_itself_also_where_people_sign_in(accounts, monkeypatch):
    class Slept(Exception):
        pass

    def sleep(_seconds):
        raise Slept

    asked = []
    ask_visitors()
    monkeypatch.setattr(application, "keep_up", lambda settings, registry: asked.append(acting()))
    monkeypatch.setattr(application.time, "sleep", sleep)
    with pytest.raises(Slept):
        application.keep_up_with_others()
    assert asked == [SERVER] and acting() == NOBODY


def test_without_the_driver_the_package_for_gpus_takes_no_memory(tmp_path):
    """In a process of its own: what cannot be imported any more would be missed by other tests."""
    code = (
        "import ctypes, sys\n"
        "from core.jobs.slots import discover_slots\n"
        "from core.web.server.application import leave_out_gpu_package, trim_heap\n"
        "def no_driver(name): raise OSError(name)\n"
        "ctypes.CDLL = no_driver\n"
        "leave_out_gpu_package(); trim_heap()\n"
        "print([slot.name for slot in discover_slots()], sys.modules['pynvml'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "['cpu'] None"
