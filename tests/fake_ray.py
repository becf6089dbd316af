"""A server that answers as the dashboard of Ray 2.60 does, with jobs that the test moves on.

Behaviour that was found by running Ray: a second submission of one id is answered with 500; ``num_gpus=-1`` is
accepted; a job may be FAILED while its process lives; without a token the answer is 401, with a wrong one 403; the
mode of authentication is told to everybody.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "secret-of-the-cluster"


class FakeRay:
    """The cluster.

    Args:
        protected: whether it asks for a token. host, port: where it listens; 0 for any free port.
    """

    def __init__(self, protected: bool = True, host: str = "127.0.0.1", port: int = 0) -> None:
        self.protected, self.host, self.port = protected, host, port
        self.nodes: list[dict] = []
        self.used: dict[str, dict] = {}
        self.jobs: dict[str, dict] = {}
        self.stopped: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.submit_seconds = 0.0
        self.fails_after_submit = False
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> "FakeRay":
        self._server = ThreadingHTTPServer((self.host, self.port), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_exception) -> None:
        self.shut_down()

    def shut_down(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self._server.server_port}"

    def add_node(self, name: str, *, cpus: float = 2, gpus: int = 0, kind: str = "", state: str = "ALIVE") -> str:
        """Another machine; its id is returned."""
        node = f"{len(self.nodes):02d}{name.encode().hex()}".ljust(56, "0")
        resources = {"CPU": cpus, f"node:{name}": 1.0, "memory": 8e9}
        resources |= ({"GPU": float(gpus)} if gpus else {}) | ({f"accelerator_type:{kind}": 1.0} if kind else {})
        self.nodes.append(
            {
                "node_id": node, "node_ip": name, "node_name": name, "is_head_node": len(self.nodes) == 0,
                "state": state, "resources_total": resources, "labels": {"ray.io/node-id": node},
                "start_time_ms": 1000 + len(self.nodes),
            }
        )  # fmt: skip
        return node

    def end(self, job_id: str, status: str, message: str = "", code: int | None = None) -> None:
        self.jobs[job_id] |= {"status": status, "message": message, "driver_exit_code": code}

    def asking(self) -> list[str]:
        """Ids of the jobs that ask machines."""
        return [job_id for job_id in self.jobs if job_id.startswith("graft-machine-")]

    # --- what it answers ---

    def answer(self, method: str, path: str, body: dict) -> tuple[int, object]:
        self.requests.append((method, path))
        if path.startswith("/api/v0/nodes"):
            return 200, {"result": True, "data": {"result": {"total": len(self.nodes), "result": self.nodes}}}
        if path == "/api/cluster_status":
            usage = {node: {name: [used, 99.0] for name, used in of.items()} for node, of in self.used.items()}
            return 200, {"data": {"clusterStatus": {"loadMetricsReport": {"usageByNode": usage}}}}
        if path == "/api/jobs/":
            return (200, list(self.jobs.values())) if method == "GET" else self._submit(body)
        job_id, _, verb = path.removeprefix("/api/jobs/").partition("/")
        if job_id not in self.jobs:
            return 404, f"Job {job_id} does not exist"
        if verb == "stop":
            self.stopped.append(job_id)
            return 200, {"stopped": True}
        return 200, self.jobs[job_id]

    def _submit(self, body: dict) -> tuple[int, object]:
        time.sleep(self.submit_seconds)
        job_id = body["submission_id"]
        if job_id in self.jobs:
            error = f"ValueError: Job with submission_id {job_id} already exists. Please use a different submission_id."
            return 500, f"Traceback (most recent call last):\n  File ...\n{error}\n."
        self.jobs[job_id] = {
            "type": "SUBMISSION", "job_id": None, "submission_id": job_id, "status": "PENDING",
            "entrypoint": body["entrypoint"], "message": "Job has not started yet.", "driver_exit_code": None,
            "metadata": body.get("metadata"), "request": body,
        }  # fmt: skip
        if self.fails_after_submit:
            return 500, "No available agent to submit job, please try again later."
        return 200, {"job_id": job_id, "submission_id": job_id}


def _handler(ray: FakeRay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._send(*self._answer(json.loads(body) if body else {}))

        def _answer(self, body: dict) -> tuple[int, object]:
            if self.path == "/api/authentication_mode":
                return 200, {"authentication_mode": "token" if ray.protected else "disabled"}
            given = self.headers.get("Authorization")
            if ray.protected and not given:
                return 401, "Unauthorized: Missing authentication token"
            if ray.protected and given != f"Bearer {TOKEN}":
                return 403, "Forbidden: Invalid authentication token"
            return ray.answer(self.command, self.path, body)

        def _send(self, status: int, content: object) -> None:
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:  # the client did not wait
                return

        def log_message(self, *_arguments) -> None:
            pass

    return Handler
