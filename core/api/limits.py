"""What one request and one token may ask for."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_PHOTOS = 500
"""In one request."""
MOST_PHOTO_BYTES = 100 * 10**6
"""Of the body of a prediction: all its photos."""
MOST_JSON_BYTES = 2**20
"""Of every other body, but the archive of an import."""
MOST_TOOL_PHOTOS, MOST_TOOL_BYTES = 50, 20 * 10**6
"""Of a prediction by MCP, whose photos are base64 in one JSON document."""

REQUESTS_A_SECOND, REQUESTS_AT_ONCE = 100, 1000
"""Of one token, and of one person on the pages."""
FAILURES_A_SECOND, FAILURES_AT_ONCE = 1, 30
"""Requests without a valid token, of one address."""

_MOST_BUCKETS = 10_000


class TokenBuckets:
    """One token bucket a key: ``at_once`` requests, refilled with ``a_second`` (Turner, 1986: the leaky bucket as a
    meter). The least recently used keys are forgotten, which fills them up.
    """

    def __init__(self, a_second: float, at_once: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_second, self._at_once, self._clock = a_second, at_once, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> float:
        """Take one of the key's; returns 0.0, or the seconds after which there is one again."""
        with self._lock:
            level = self._level(key)
            left = level - 1 if level >= 1 else level
            self._levels[key] = (left, self._clock())
            while len(self._levels) > _MOST_BUCKETS:
                self._levels.popitem(last=False)
        return 0.0 if level >= 1 else (1 - level) / self._a_second

    def wait(self, key: str) -> float:
        """Seconds until the key has one; none is taken."""
        with self._lock:
            level = self._level(key, keep=True)
        return max(0.0, (1 - level) / self._a_second)

    def _level(self, key: str, *, keep: bool = False) -> float:
        found = self._levels.get(key) if keep else self._levels.pop(key, None)
        level, at = found or (self._at_once, self._clock())
        return min(self._at_once, level + (self._clock() - at) * self._a_second)
