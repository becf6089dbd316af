"""The stand-in for a Ray cluster: it answers as Ray's dashboard does, and starts jobs as processes of places.

What it has of Ray, as it was found by running Ray (``tests/fake_ray``): the Jobs API and the list of nodes; ids of
nodes that change when a machine comes back; a node that counts as dead after it was silent for some seconds, and its
jobs as FAILED although their processes may live; SIGTERM and later SIGKILL by a stop; a head that forgets all jobs when
it is restarted. What it leaves out: Ray's own processes, their memory and their failures, the order and delays in which
its parts hear of each other, and a raylet that ends with its jobs when its machine was taken for dead.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.fake_ray import FakeRay

SILENT_SECONDS = 8.0
"""A node that was not heard of for so long counts as dead."""
STOP_SECONDS = 20.0
"""Between SIGTERM and SIGKILL, as ``RAY_JOB_STOP_WAIT_TIME_S`` is recommended."""
OF_RAY = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
"""What Ray sets for a job without a GPU."""


class Host(Protocol):
    """A machine on which jobs are started (``places.Place``)."""

    name: str
    boots: int

    @property
    def answers(self) -> bool: ...

    def spawn(self, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen: ...


@dataclass
class _Node:
    """A machine between two times that Ray was started on it."""

    id: str
    host: Host
    boots: int
    heard_at: float
    is_alive: bool = True


class StandIn(FakeRay):
    """
    Args:
        hosts: the machines; each has one CPU. folder: for the logs of the jobs.
    """

    def __init__(self, hosts: Sequence[Host], folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        folder.mkdir(parents=True, exist_ok=True)
        self._hosts, self._folder = hosts, folder
        self._nodes: dict[str, _Node] = {}
        self._processes: dict[str, subprocess.Popen] = {}
        self._stops: dict[str, float] = {}
        self._lock = threading.RLock()

    def answer(self, method: str, path: str, body: dict) -> tuple[int, object]:
        with self._lock:
            status, content = super().answer(method, path, body)
            if path.endswith("/stop") and status == 200:
                self._stops.setdefault(self.stopped[-1], 0.0)
            self.look()
            return status, content

    def look(self) -> None:
        """See what has happened to machines and jobs; to be called again and again."""
        with self._lock:
            for host in self._hosts:
                self._look_at(host)
            for job_id in list(self.jobs):
                self._look_after(job_id)
            self.used = {node.id: {"CPU": self._reserved(node.id)} for node in self._nodes.values()}

    def restart(self) -> None:
        """The head ends with all jobs that it can reach and knows nothing afterwards."""
        with self._lock:
            for job_id, process in self._processes.items():
                if self._reaches(job_id):
                    _signal(process, signal.SIGKILL)
            self.jobs, self.nodes, self._nodes, self._processes, self._stops = {}, [], {}, {}, {}

    def _look_at(self, host: Host) -> None:
        node, now = self._nodes.get(host.name), time.monotonic()
        if node is not None and node.is_alive:
            if host.answers and host.boots == node.boots:
                node.heard_at = now
                return
            if host.boots == node.boots and now - node.heard_at < SILENT_SECONDS:
                return
            self._lose(node)
        if host.answers:
            node_id = self.add_node(host.name, cpus=1)
            self._nodes[host.name] = _Node(node_id, host, host.boots, now)

    def _lose(self, node: _Node) -> None:
        node.is_alive = False
        for one in self.nodes:
            if one["node_id"] == node.id:
                one["state"] = "DEAD"
        for job_id, job in self.jobs.items():
            if self._node_id(job_id) == node.id and job["status"] in ("PENDING", "RUNNING"):
                self.end(job_id, "FAILED", "The node of this job died.")
                self._processes.pop(job_id, None)  # it may live

    def _look_after(self, job_id: str) -> None:
        job, process = self.jobs[job_id], self._processes.get(job_id)
        if job["status"] == "PENDING" and job_id not in self._stops:
            self._start(job_id)
        elif job["status"] == "PENDING":
            self.end(job_id, "STOPPED")
        elif job["status"] == "RUNNING" and process is not None and process.poll() is not None:
            status = "STOPPED" if job_id in self._stops else "FAILED" if process.returncode else "SUCCEEDED"
            self.end(job_id, status, self._log(job_id).read_text(errors="replace")[-2000:], process.returncode)
            del self._processes[job_id]
        elif job["status"] == "RUNNING" and job_id in self._stops and self._reaches(job_id):
            self._stop(job_id, process)

    def _start(self, job_id: str) -> None:
        node = self._node(job_id)
        if node is None:
            self.end(job_id, "FAILED", "There is no such node.")
        elif node.host.answers:
            command = ["bash", "-c", self.jobs[job_id]["entrypoint"]]
            try:
                process = node.host.spawn(command, self._log(job_id), OF_RAY)
            except (AssertionError, OSError) as error:  # it was killed meanwhile
                self.end(job_id, "FAILED", str(error))
                return
            self._processes[job_id] = process
            self.jobs[job_id]["status"] = "RUNNING"

    def _stop(self, job_id: str, process: subprocess.Popen | None) -> None:
        if process is None:
            return
        if not self._stops[job_id]:
            self._stops[job_id] = time.monotonic()
            _signal(process, signal.SIGTERM)
        elif time.monotonic() - self._stops[job_id] > STOP_SECONDS:
            _signal(process, signal.SIGKILL)

    def _reserved(self, node_id: str) -> float:
        running = [job for job_id, job in self.jobs.items() if self._node_id(job_id) == node_id]
        return sum(job["request"]["entrypoint_num_cpus"] for job in running if job["status"] in ("PENDING", "RUNNING"))

    def _node_id(self, job_id: str) -> str:
        return self.jobs[job_id]["request"]["entrypoint_label_selector"]["ray.io/node-id"]

    def _node(self, job_id: str) -> _Node | None:
        """None where Ray was started again on its machine."""
        return next((one for one in self._nodes.values() if one.id == self._node_id(job_id)), None)

    def _reaches(self, job_id: str) -> bool:
        node = self._node(job_id)
        return node is not None and node.host.answers

    def _log(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.log"


def _signal(process: subprocess.Popen, number: signal.Signals) -> None:
    """To what ``nsenter`` has started, its session, and itself only where it is the program."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    with suppress(OSError):
        for child in [int(word) for word in children.read_text().split()] or [process.pid]:
            os.killpg(os.getpgid(child), number)
