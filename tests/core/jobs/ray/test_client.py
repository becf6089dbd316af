"""Requests to a cluster that answers as Ray does, and every way in which it does not."""

import http.server
import os
import threading
import time

import pytest

from core.errors import InvalidInput, Unavailable
from core.jobs.cluster.client import JobRequest, JobStatus
from core.jobs.ray.client import SUBMIT_SECONDS, TOKEN_FILE, RayClient, open_cluster, read_token
from tests.fake_ray import TOKEN


@pytest.fixture
def client(ray):
    return RayClient(ray.address, TOKEN)


def request(job_id="run-1", **values):
    return JobRequest(id=job_id, command="true", node="n", **values)


def test_a_job_is_submitted_and_found(ray, client):
    client.submit(request(cpus=2, gpus=1, metadata={"graft_run": "run"}))
    assert client.job("run-1").status is JobStatus.PENDING
    assert ray.jobs["run-1"]["request"] == {
        "submission_id": "run-1",
        "entrypoint": "true",
        "entrypoint_num_cpus": 2,
        "entrypoint_num_gpus": 1,
        "metadata": {"graft_run": "run"},
        "entrypoint_label_selector": {"ray.io/node-id": "n"},
    }
    ray.end("run-1", "FAILED", "Job entrypoint command failed\nlast words\n", 3)
    ended = client.job("run-1")
    assert (ended.status.has_ended, ended.exit_code, ended.last_line) == (True, 3, "last words")


def test_the_same_job_twice_is_started_once(ray, client):
    client.submit(request())
    client.submit(request())
    assert sum(call == ("POST", "/api/jobs/") for call in ray.requests) == 2
    assert list(ray.jobs) == ["run-1"]


def test_an_error_after_the_start_of_a_job_is_no_error(ray, client):
    ray.fails_after_submit = True
    client.submit(request())


def test_a_submission_that_answers_late_is_looked_up(ray, client, monkeypatch):
    monkeypatch.setattr("core.jobs.ray.client.SUBMIT_SECONDS", 0.1)
    ray.submit_seconds = 0.3
    with pytest.raises(Unavailable, match="does not answer"):
        client.submit(request())  # looked up before the head came to it
    time.sleep(0.4)
    client.submit(request())  # and the next time it is there
    assert list(ray.jobs) == ["run-1"]
    assert SUBMIT_SECONDS < 30


def test_a_job_that_the_cluster_does_not_know(client):
    assert client.job("none") is None
    client.stop("none")


def test_the_machines_of_the_cluster(ray, client):
    ray.add_node("10.0.0.1", cpus=8)
    ray.add_node("node2", cpus=16, gpus=2, kind="A100", state="DEAD")
    first, second = client.nodes()
    assert (first.name, first.cpus, first.gpus, first.is_alive) == ("10.0.0.1", 8, 0, True)
    assert (second.name, second.gpus, second.gpu_kind, second.is_alive) == ("node2", 2, "A100", False)


def test_what_jobs_have_reserved(ray, client):
    node = ray.add_node("n1")
    ray.used[node] = {"CPU": 1.5, "memory": 3.0}
    assert client.used() == {node: {"CPU": 1.5}}


def test_a_wrong_token(ray):
    with pytest.raises(Unavailable, match=r"does not accept the token \(it answered 403\).*GRAFT_RAY_TOKEN_FILE"):
        RayClient(ray.address, "wrong-one").nodes()


def test_a_cluster_without_a_token_is_not_used_and_gets_none(ray):
    ray.protected = False
    client = RayClient(ray.address, TOKEN)
    with pytest.raises(Unavailable, match="asks for no token.*RAY_AUTH_MODE=token"):
        client.submit(request())
    assert ray.jobs == {}


def test_a_cluster_that_is_not_there(ray, client):
    ray.shut_down()
    with pytest.raises(Unavailable, match=r"does not answer \(Connection refused\)"):
        client.job("run-1")


def test_something_else_that_answers():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(Unavailable, match="is no Ray cluster"):
            RayClient(f"http://127.0.0.1:{server.server_port}", TOKEN).nodes()
        server.shutdown()


def test_the_token_follows_no_redirect():
    seen = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("Authorization")))
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(Unavailable):
            RayClient(f"http://127.0.0.1:{server.server_port}", TOKEN).nodes()
        server.shutdown()
    assert seen == [("/api/authentication_mode", None)]


def test_no_message_has_the_token(ray):
    with pytest.raises(Unavailable) as error:
        RayClient(ray.address, "wrong-one").nodes()
    assert "wrong-one" not in str(error.value)


# --- the file with the token ---


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


def test_the_token_is_read_from_its_file(token_file):
    assert read_token({TOKEN_FILE: str(token_file)}) == TOKEN


def test_a_file_that_others_may_read_is_refused(token_file):
    token_file.chmod(0o640)
    with pytest.raises(InvalidInput, match=f"others on this machine may read. Change that: chmod 600 {token_file}"):
        read_token({TOKEN_FILE: str(token_file)})


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe", "äöü".encode()])
def test_a_file_without_one_token(token_file, content):
    token_file.write_bytes(content)
    with pytest.raises(InvalidInput, match=f"{TOKEN_FILE} names"):
        read_token({TOKEN_FILE: str(token_file)})


def test_no_file(tmp_path):
    with pytest.raises(InvalidInput, match=f"{TOKEN_FILE} is not set"):
        read_token({})
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_token({TOKEN_FILE: str(tmp_path / "none")})


@pytest.mark.parametrize("launcher", ["ray:http://", "ray:http:/head", "ray:http://head:x", "ray:http://head/path"])
def test_an_address_that_is_none(launcher, token_file):
    with pytest.raises(InvalidInput, match="GRAFT_LAUNCHER must be"):
        open_cluster(launcher, {TOKEN_FILE: str(token_file)})


def test_the_cluster_that_the_setting_names(token_file):
    assert os.stat(token_file).st_mode & 0o777 == 0o600
    assert open_cluster("ray:http://head:8265/", {TOKEN_FILE: str(token_file)}).address == "http://head:8265"
