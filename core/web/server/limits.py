"""Limits of what a request may send: the head of every request, and bodies where an application keeps them in memory.

Uploads have limits of their own (``core.web.server.uploads``), and so has Streamlit (``server.maxUploadSize``).
"""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn import config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from core.web.server.access_log import log_unread

MOST_HEAD_BYTES = 64 * 1024
"""Of request line and headers together; also of trailers. As uvicorn's h11 protocol has it; its faster one has none."""
MOST_BODY_BYTES = 2**20
"""Of a request to TensorBoard, whose largest ones list runs and hyperparameters."""


class LimitedHttp(HttpToolsProtocol):
    """uvicorn's protocol with ``MOST_HEAD_BYTES``: the connection is answered with 431 and closed."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = self._unparsed_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(name, value)

    def on_headers_complete(self) -> None:
        self._unparsed_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # What the parser holds back is not counted by the callbacks: a header without an end calls none.
        self._unparsed_bytes = getattr(self, "_unparsed_bytes", 0) + len(data)
        if self._unparsed_bytes > MOST_HEAD_BYTES + len(data) and not self.transport.is_closing():
            self._refuse()

    def _count(self, *parts: bytes) -> None:
        self._head_bytes += sum(map(len, parts)) + 4
        if self._head_bytes > MOST_HEAD_BYTES:
            raise ValueError("the head is too large")  # the parser stops, and send_400_response is called

    def send_400_response(self, msg: str) -> None:
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse()
        else:
            super().send_400_response(msg)
            log_unread(400, (self.client or ("",))[0])

    def _refuse(self) -> None:
        sentence = f"The address and headers of a request may have {MOST_HEAD_BYTES // 1024} KiB together.".encode()
        head = f"content-type: text/plain\r\ncontent-length: {len(sentence)}\r\nconnection: close\r\n\r\n".encode()
        self.transport.write(STATUS_LINE[431] + head + sentence)
        log_unread(431, (self.client or ("",))[0])
        self.transport.close()


def limit_heads() -> None:
    """Make uvicorn use ``LimitedHttp``; before a server is made."""
    config.HTTP_PROTOCOLS["auto"] = f"{LimitedHttp.__module__}:{LimitedHttp.__name__}"


class LimitedBodies:
    """An application in front of another one that gets every body at once, and none above ``most`` bytes.

    So a slow sender occupies none of TensorBoard's few threads.
    """

    def __init__(self, app: ASGIApp, most: int = MOST_BODY_BYTES) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = None if self._announces_more(scope) else await self._read(receive)
        if body is None:
            refusal = PlainTextResponse(f"The body of a request may have {self._most} bytes here.", 413)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)

    def _announces_more(self, scope: Scope) -> bool:
        announced = Headers(scope=scope).get("content-length", "0")
        return not announced.isdecimal() or int(announced) > self._most

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None when it is too large, or empty when the client has gone."""
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._most:
                return None
            if not message.get("more_body"):
                return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body once, then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
