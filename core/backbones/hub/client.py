"""HTTP to the hub: where it is, the token, redirects, retries, and what each refusal means.

``GRAFT_HUB_URL`` names a mirror. ``HF_TOKEN`` is read from the environment for each request, goes to the hub's own host
only, and is neither stored nor logged.
"""

import http.client
import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit

from core.backbones import network
from core.errors import InvalidInput, NotFound, Unavailable
from core.settings import VERSION

DEFAULT_ENDPOINT = "https://huggingface.co"
TIMEOUT_SECONDS = 20.0
"""Without a byte for so long, a connection counts as broken."""

ATTEMPTS = 5
"""Requests in a row that fail without a byte received, before the hub counts as unreachable."""

LONGEST_WAIT = 60.0
"""Seconds that are waited where the hub asks to; with more to wait the request fails."""

LARGEST_ANSWER = 32 * 10**6
"""Bytes of an answer that is read into memory."""

_BROKEN = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError)
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Statuses after which the same request may succeed."""


def endpoint() -> str:
    """Address of the hub, without a slash at its end.

    Raises:
        InvalidInput: ``GRAFT_HUB_URL`` is no address.
    """
    url = (os.environ.get("GRAFT_HUB_URL") or DEFAULT_ENDPOINT).rstrip("/")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise InvalidInput(f"GRAFT_HUB_URL must be an address such as {DEFAULT_ENDPOINT}. Received: {url!r}")
    return url


class BrokenConnectionError(Exception):
    """The connection broke, or the hub could not answer now; the same request may succeed later.

    Args:
        wait: seconds that the hub asks to wait; None where it does not say.
    """

    def __init__(self, cause: str, wait: float | None = None) -> None:
        super().__init__(cause)
        self.wait = wait


class HubClient:
    """Requests to one hub, for one model.

    Args:
        name: of the model, for messages. sleep: waits between attempts.
    """

    def __init__(self, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.name = name
        self.endpoint = endpoint()
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_Redirects(self.endpoint))

    def json(self, path: str) -> Any:
        """The JSON at a path of the hub.

        Raises:
            NotFound, Unavailable: see ``open``.
        """
        content = self.retried(lambda: self._whole(path))
        try:
            return json.loads(content)
        except ValueError:
            raise Unavailable(
                f"{self.endpoint} sent no JSON for {self.name}, so it is no hub. Check GRAFT_HUB_URL."
            ) from None

    def _whole(self, path: str) -> bytes:
        with self.open(path) as response:
            return self.read(response, LARGEST_ANSWER)

    def read(self, response: IO[bytes], limit: int) -> bytes:
        """All of a response.

        Raises:
            Unavailable: it is larger than ``limit`` bytes. BrokenConnectionError: the connection broke.
        """
        with _as_broken():
            content = response.read(limit + 1)
            if len(content) > limit:
                raise Unavailable(
                    f"{self.endpoint} sent more than {limit / 1e6:.0f} MB where a small file is expected."
                )
            expected = (
                response.headers.get("Content-Length") if isinstance(response, http.client.HTTPResponse) else None
            )
            if expected is not None and len(content) < int(expected):
                raise ConnectionError(f"the connection ended after {len(content):,} of {int(expected):,} bytes")
        return content

    def chunk(self, read: Callable[[int], bytes], limit: int) -> bytes:
        """The next bytes of a response; empty at its end.

        Raises:
            BrokenConnectionError: the connection broke.
        """
        with _as_broken():
            return read(limit)

    @contextmanager
    def open(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[http.client.HTTPResponse]:
        """The response to a GET of a path of the hub, after redirects.

        Raises:
            BrokenConnectionError: the request may be repeated.
            NotFound: the hub has no such model or revision. Unavailable: it refuses, or downloads are forbidden.
        """
        if network.forbidden():
            raise Unavailable(
                f"GRAFT_OFFLINE forbids downloading {self.name}. Unset it, or add the model as a file of your own."
            )
        request = urllib.request.Request(self.endpoint + path, headers=_headers() | dict(headers or {}))
        with _as_broken():
            try:
                response = self._opener.open(request, timeout=TIMEOUT_SECONDS)
            except urllib.error.HTTPError as error:
                with error:
                    raise self._refusal(error) from None
        with response:
            yield response

    def retried(self, act: Callable[[], Any], progressed: Callable[[], bool] | None = None) -> Any:
        """``act()``, repeated with growing pauses while the connection breaks.

        Args:
            progressed: of a download that goes on where it broke, whether anything was received since it was asked
                last; then the attempts are counted anew.

        Raises:
            Unavailable: the hub is still not reachable.
        """
        failed = 0
        while True:
            try:
                return act()
            except BrokenConnectionError as error:
                failed = 1 if progressed and progressed() else failed + 1
                wait = min(2.0 ** (failed - 1), 8.0) if error.wait is None else error.wait
                if failed >= ATTEMPTS or wait > LONGEST_WAIT:
                    raise Unavailable(self._unreachable(error, kept=progressed is not None)) from error
                self._sleep(wait)

    def _refusal(self, error: urllib.error.HTTPError) -> Exception:
        """What a status other than 2xx means."""
        page = f"{self.endpoint}/{self.name}"
        if error.code in _PASSING:
            return BrokenConnectionError(f"the server responded {error.code} {error.reason}", _wait(error.headers))
        if error.code == 404:
            return NotFound(
                f"{self.endpoint} has no model {self.name}, or not this revision or file. Check the address: {page}"
            )
        if error.code in (401, 403):
            return Unavailable(_forbidden(self.name, page, has_token=bool(_token())))
        return Unavailable(f"{self.endpoint} refused {self.name}: it responded {error.code} {error.reason}.")

    def _unreachable(self, error: BrokenConnectionError, *, kept: bool) -> str:
        rest = "; what was downloaded is kept" if kept else ""
        if error.wait is not None and error.wait > LONGEST_WAIT:
            return (
                f"{self.endpoint} limits the number of requests and asks to wait {error.wait:.0f} seconds. Try again "
                f"then{rest}."
            )
        return (
            f"{self.name} could not be read from {self.endpoint}: {error}. Check the network (or GRAFT_HUB_URL) and "
            f"try again{rest}."
        )


def _forbidden(name: str, page: str, *, has_token: bool) -> str:
    if has_token:
        return (
            f"The hub does not give {name} to the owner of HF_TOKEN. Accept its terms at {page} with this account, and "
            "check that the token may read it."
        )
    return (
        f"The hub does not give {name} without an account: it is gated, private or does not exist. Check the name, "
        f"accept its terms at {page}, set HF_TOKEN to an access token of your account, and start Graft again."
    )


def _token() -> str:
    return os.environ.get("HF_TOKEN", "").strip()


def _headers() -> dict[str, str]:
    known = {"User-Agent": f"graft/{VERSION}", "Accept-Encoding": "identity"}
    return known | ({"Authorization": f"Bearer {_token()}"} if _token() else {})


def _wait(headers: Message) -> float | None:
    """Seconds of a ``Retry-After``; None without one (dates are not read)."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None


@contextmanager
def _as_broken() -> Iterator[None]:
    """Errors of the connection as ``BrokenConnectionError``."""
    try:
        yield
    except _BROKEN as error:
        reason = getattr(error, "reason", error)
        raise BrokenConnectionError(
            getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        ) from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to files elsewhere, without the token, and never from https to http."""

    def __init__(self, endpoint: str) -> None:
        self._home = _origin(endpoint)

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            raise Unavailable(f"{req.host} redirects to an unencrypted address, {urlsplit(newurl).netloc}; refused.")
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and _origin(newurl) != self._home:
            new.remove_header("Authorization")
        return new


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
