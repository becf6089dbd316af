"""What a refused request still sends is taken and forgotten, so that its client gets to read the refusal.

Many clients (Python's ``http.client``) read no answer before they have sent their whole body. Where the server answers
at once and closes the connection, they see a broken connection instead of the sentence (RFC 9112, section 9.6).
"""

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_SECONDS = 30.0
"""For so long a body is taken after its answer; nothing of it is kept."""


class UnreadBodies:
    """The middleware; outermost, because a refused request has ended for all others.

    An answer is sent when it is made, only the connection is kept until the body has come. A client that asks first
    whether it may send (``Expect``) has not begun, and is let go.
    """

    def __init__(self, app: ASGIApp, most_seconds: float = MOST_SECONDS) -> None:
        self._app, self._most_seconds = app, most_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _sends_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        more = True

        async def receive_and_see() -> Message:
            nonlocal more
            message = await receive()
            more = bool(message.get("more_body"))  # False of http.disconnect
            return message

        async def send_and_take(message: Message) -> None:
            if not more or message["type"] != "http.response.body" or message.get("more_body"):
                await send(message)
                return
            await send({**message, "more_body": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(self._most_seconds):
                    while more:
                        await receive_and_see()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, receive_and_see, send_and_take)


def _sends_body(headers: Headers) -> bool:
    return (headers.get("content-length", "0") != "0" or "transfer-encoding" in headers) and "expect" not in headers
