"""The requests of this process, counted: how long they took, which were refused, and how many WebSockets are open."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.text.prometheus import Gauge, Histogram, Metric

BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Seconds: upper ends of the groups that durations are counted in."""
AREAS = {"api": "rest", "mcp": "mcp", "tb": "tensorboard", "metrics": "monitoring"} | dict.fromkeys(
    ("healthz", "readyz"), "monitoring"
)
"""First part of a path, and what it is counted as; everything else is ``pages``."""
REASONS = {
    401: "not_signed_in",
    403: "not_allowed",
    413: "too_large",
    415: "wrong_type",
    421: "unknown_host",
    429: "too_many",
    507: "no_space",
}
"""Of a status that refuses a request. Heads that are too large (431) end before they are counted."""


class Traffic:
    """Counts since the process began. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: dict[str, list[int]] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._answers: Counter[tuple[str, ...]] = Counter()
        self._refusals: Counter[str] = Counter(dict.fromkeys(REASONS.values(), 0))
        self._sockets = 0

    def answered(self, area: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            area: of ``AREAS``. seconds: until the whole answer was sent.
        """
        with self._lock:
            groups = self._groups.setdefault(area, [0] * (len(BOUNDS) + 1))
            groups[sum(seconds > bound for bound in BOUNDS)] += 1
            self._seconds[area] += seconds
            self._answers[area, f"{status // 100}xx"] += 1
        if status in REASONS:
            self.refused(REASONS[status])

    def refused(self, reason: str) -> None:
        with self._lock:
            self._refusals[reason] += 1

    def opened(self, sockets: int) -> None:
        """A WebSocket was opened (1) or closed (-1)."""
        with self._lock:
            self._sockets += sockets

    def metrics(self) -> Sequence[Metric]:
        """All counts, for Prometheus."""
        with self._lock:
            return (
                Gauge(
                    name="graft_requests_total",
                    help="Requests of this web process by area and class of the status.",
                    labels=("area", "status"),
                    samples=dict(self._answers),
                    counts=True,
                ),
                Histogram(
                    name="graft_request_seconds",
                    help="Seconds until the whole answer was sent, by area; WebSockets are not counted.",
                    label="area",
                    bounds=BOUNDS,
                    groups={area: tuple(groups) for area, groups in self._groups.items()},
                    sums=dict(self._seconds),
                ),
                Gauge(
                    name="graft_refusals_total",
                    help="Refused requests and WebSockets of this web process by reason.",
                    labels=("reason",),
                    samples={(reason,): number for reason, number in self._refusals.items()},
                    counts=True,
                ),
                Gauge(
                    name="graft_websockets",
                    help="Open WebSockets: one for each open page.",
                    samples={(): self._sockets},
                ),
            )


class CountedRequests:
    """The middleware; outside of those that refuse."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app, self._traffic = app, traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, began = 500, time.perf_counter()

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            self._traffic.answered(area_of(scope["path"]), status, time.perf_counter() - began)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = False

        async def send_and_see(message: Message) -> None:
            nonlocal is_open
            if message["type"] == "websocket.accept":
                is_open = True
                self._traffic.opened(1)
            elif message["type"] == "websocket.close" and not is_open:
                self._traffic.refused(REASONS[403])
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            if is_open:
                self._traffic.opened(-1)


def area_of(path: str) -> str:
    """What a path is counted as; also one below a base path, of which the first part is another."""
    parts = path.split("/")[1:3]
    return next((AREAS[part] for part in parts if part in AREAS), "pages")
