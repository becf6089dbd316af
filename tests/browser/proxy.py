"""A small reverse proxy: forwards ``/graft/x`` as ``/x``, pages and websockets."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def stripping_proxy(target_port: int, prefix: str = "/graft") -> Iterator[str]:
    """The address of a proxy on 127.0.0.1 that strips ``prefix`` and responds 404 to all other paths."""
    listening = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with await asyncio.start_server(lambda *ends: _pass_on(*ends, target_port, prefix), sock=listening):
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


async def _pass_on(reader, writer, target_port: int, prefix: str) -> None:
    """One request per connection: only its first line is changed."""
    with suppress(OSError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, rest = head.split(" ", 2)
        if path == prefix or not path.startswith(f"{prefix}/"):
            answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            if path == prefix:
                to = f"Location: {prefix}/".encode()
                answer = b"HTTP/1.1 308 Permanent Redirect\r\n" + to + b"\r\nContent-Length: 0\r\n\r\n"
            writer.write(answer)
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
