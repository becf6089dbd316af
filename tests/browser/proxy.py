"""A small reverse proxy: forwards ``/graft/x`` as ``/x``, pages and websockets; it may answer requests itself."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

PAGE = b"<html><body><h1>This is the proxy</h1></body></html>"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the proxy answers in place of the server: a page of its own, or nothing where ``status`` is "".

    Args:
        abrupt: the connection is closed at once, so that a browser that is still sending never reads the answer.
    """

    status: str
    headers: str = ""
    abrupt: bool = False

    def encoded(self) -> bytes:
        if not self.status:
            return b""
        head = f"HTTP/1.1 {self.status}\r\nContent-Type: text/html\r\nContent-Length: {len(PAGE)}\r\n{self.headers}"
        return f"{head}Connection: close\r\n\r\n".encode() + PAGE


Answer = Callable[[str, str, int], Reply | None]
"""``(method, path, bytes of the body) -> reply``, or None where the request is passed on."""


@contextmanager
def stripping_proxy(target_port: int, prefix: str = "/graft", answer: Answer = lambda *_: None) -> Iterator[str]:
    """The address of a proxy on 127.0.0.1 that strips ``prefix`` and responds 404 to all other paths."""
    listening = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()

    pass_on = partial(_pass_on, target_port=target_port, prefix=prefix, answer=answer)

    async def serve() -> None:
        async with await asyncio.start_server(pass_on, sock=listening):
            await asyncio.Event().wait()

    thread = threading.Thread(target=_run, args=(loop, serve), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}{prefix}"
    loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
    thread.join(timeout=10)


def _run(loop: asyncio.AbstractEventLoop, serve) -> None:
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(serve())
    loop.close()


async def _pass_on(reader, writer, target_port: int, prefix: str, answer: Answer) -> None:
    """One request per connection: only its first line is changed."""
    with suppress(OSError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, rest = head.split(" ", 2)
        length = next((int(line[15:]) for line in rest.split("\r\n") if line.lower().startswith("content-length:")), 0)
        reply = answer(method, path, length)
        if reply is not None:
            if not reply.abrupt:
                await reader.readexactly(length)
            writer.write(reply.encoded())
            await writer.drain()
        elif path == prefix or not path.startswith(f"{prefix}/"):
            refusal = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            if path == prefix:
                to = f"Location: {prefix}/".encode()
                refusal = b"HTTP/1.1 308 Permanent Redirect\r\n" + to + b"\r\nContent-Length: 0\r\n\r\n"
            writer.write(refusal)
            await writer.drain()
        else:
            if "upgrade: websocket" not in rest.lower():
                lines = [line for line in rest.split("\r\n") if not line.lower().startswith("connection:")]
                rest = "\r\n".join([lines[0], "Connection: close", *lines[1:]])
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", target_port)
            inner_writer.write(f"{method} {path.removeprefix(prefix)} {rest}".encode("latin-1"))
            both = [asyncio.create_task(_pour(reader, inner_writer)), asyncio.create_task(_pour(inner_reader, writer))]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait([both[1]])
            both[0].cancel()
            inner_writer.close()
    writer.close()


async def _pour(reader, writer) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
