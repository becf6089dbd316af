"""Reruns of pages over a real server's websocket, without a browser: time of the script and data sent."""

import base64
import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.browser.conftest import Server, end_server, start_server


@dataclass
class Rerun:
    """One run of a script: milliseconds to its end (``cpu``: of the server's CPU meanwhile), bytes sent,
    points of every chart, errors shown."""

    milliseconds: float
    cpu: float = 0.0
    sent: int = 0
    points: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass
class Visitor:
    """One open page."""

    socket: ClientConnection
    server: Server

    def rerun(self, page: str, query: str = "") -> Rerun:
        """Requests a page and waits for the end of its script."""
        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = page, query
        seen, started, spent = Rerun(0.0), time.perf_counter(), self._cpu_seconds()
        self.socket.send(message.SerializeToString())
        while True:
            data = self.socket.recv(timeout=120)
            answer = ForwardMsg.FromString(data)
            seen.sent += len(data)
            if answer.WhichOneof("type") == "script_finished":
                seen.milliseconds = 1000 * (time.perf_counter() - started)
                seen.cpu = 1000 * (self._cpu_seconds() - spent)
                return seen
            if answer.WhichOneof("type") == "delta" and answer.delta.WhichOneof("type") == "new_element":
                look_at(answer.delta.new_element, seen)

    def measure(self, page: str, query: str = "", reruns: int = 15) -> "Measured":
        """A first visit and some reruns.

        Raises:
            SystemExit: the page showed an error.
        """
        first = self.rerun(page, query)
        if first.failures:
            sys.exit(f"/{page}?{query} shows: {first.failures[0]}")
        return measured(first, [self.rerun(page, query) for _ in range(reruns)])

    def _cpu_seconds(self) -> float:
        return time.clock_gettime(~self.server.process.pid << 3 | 2)  # as clock_getcpuclockid(3), to the nanosecond


@dataclass
class Measured:
    """Milliseconds of a page: the first visit, medians of reruns (``cpu``: of the server), 90th percentile (``most``).

    CPU time depends less on other load.
    """

    first: Rerun
    median: float
    most: float
    cpu: float

    def __str__(self) -> str:
        return (
            f"median {self.median:.0f} ms (CPU {self.cpu:.0f}), nine in ten under {self.most:.0f} ms, "
            f"first {self.first.milliseconds:.0f} ms, {self.first.sent / 1000:.0f} kB, "
            f"{len(self.first.points)} charts of up to {max(self.first.points, default=0)} points"
        )


def measured(first: Rerun, reruns: list[Rerun]) -> Measured:
    times = sorted(rerun.milliseconds for rerun in reruns)
    cpu = statistics.median(rerun.cpu for rerun in reruns)
    return Measured(first=first, median=statistics.median(times), most=times[int(0.9 * len(times))], cpu=cpu)


def look_at(element: Any, seen: Rerun) -> None:
    kind = element.WhichOneof("type")
    if kind == "plotly_chart":
        seen.points.append(points_of(json.loads(element.plotly_chart.spec)))
    elif kind == "exception":
        seen.failures.append(f"{element.exception.type}: {element.exception.message}")
    elif kind == "alert" and element.alert.format == Alert.ERROR:
        seen.failures.append(element.alert.body)


def points_of(figure: Mapping[str, Any]) -> int:
    """Points sent to a browser: the longest list of every trace, or the cells of a matrix."""
    return sum(max((_size(trace.get(axis)) for axis in "xyz"), default=0) for trace in figure.get("data", ()))


def _size(values: Any) -> int:
    if isinstance(values, Mapping) and "bdata" in values:
        return len(base64.b64decode(values["bdata"])) // np.dtype(values["dtype"]).itemsize
    if isinstance(values, list) and values and isinstance(values[0], list):
        return sum(map(len, values))
    return len(values) if isinstance(values, list) else 0


@contextmanager
def served(home: Path, log: Path) -> Iterator[Server]:
    server = start_server(home, log)
    try:
        yield server
    finally:
        end_server(server)


@contextmanager
def visiting(server: Server) -> Iterator[Visitor]:
    address = server.url.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(address, origin=server.url, max_size=None) as socket:
        yield Visitor(socket, server)
