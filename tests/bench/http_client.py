"""A client of REST in a process of its own, with as little work as a client can have: its cost is not the server's.

Plain sockets that stay open, requests that are made before they are timed. ``http.client`` would add 0.3 ms to each.
"""

import multiprocessing
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import NamedTuple
from urllib.parse import urlsplit


class Sent(NamedTuple):
    """Wall seconds of some requests, and CPU seconds that the client took for them."""

    wall: float
    cpu: float


class ClientProcess:
    """Sends photos to be predicted; each of ``at_once`` connections sends the next when it has its response.

    Args:
        url: of the server. path: of the route.
    """

    def __init__(self, url: str, path: str, token: str, photos: Sequence[bytes], at_once: int = 1) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        place = urlsplit(url)
        head = f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {token}\r\n"
        requests = [_request(head, photo) for photo in photos]
        self._process = spawning.Process(
            target=_serve, args=(theirs, (place.hostname, place.port), requests, at_once), daemon=True
        )
        self._process.start()

    def __call__(self, numbers: Sequence[int]) -> Sent:
        """Send the photos of these numbers.

        Raises:
            SystemExit: a response has another status than 200.
        """
        self._pipe.send(numbers)
        found = self._pipe.recv()
        if isinstance(found, str):
            raise SystemExit(found)
        return Sent(*found)

    def end(self) -> None:
        self._process.terminate()
        self._process.join()


def _request(head: str, photo: bytes) -> bytes:
    body = b'--x\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n' + photo + b"\r\n--x--\r\n"
    more = f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + more).encode() + body


def _serve(pipe: Connection, address: tuple[str, int], requests: Sequence[bytes], at_once: int) -> None:
    connections = [_Connection(address) for _ in range(at_once)]
    with ThreadPoolExecutor(at_once) as pool:
        while True:
            numbers = pipe.recv()
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                if at_once == 1:
                    _send(connections[0], requests, numbers)
                else:
                    parts = [numbers[at::at_once] for at in range(at_once)]
                    list(pool.map(_send, connections, [requests] * at_once, parts))
            except (RuntimeError, OSError) as error:
                pipe.send(f"{type(error).__name__}: {error}")
            else:
                pipe.send((time.perf_counter() - wall, time.process_time() - cpu))


def _send(connection: "_Connection", requests: Sequence[bytes], numbers: Sequence[int]) -> None:
    for number in numbers:
        connection.send(requests[number])


class _Connection:
    """Stays open; opened anew where the server has closed it, which it does after seconds without a request."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> None:
        if self._socket is not None:
            try:
                return self._exchange(self._socket, request)
            except ConnectionError:
                self._socket.close()
        self._socket = socket.create_connection(self._address, timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._exchange(self._socket, request)

    def _exchange(self, connection: socket.socket, request: bytes) -> None:
        connection.sendall(request)
        response, length = b"", 0
        while not length or len(response) < length:
            part = connection.recv(65536)
            if not part:
                raise ConnectionResetError
            response += part
            head, found, _ = response.partition(b"\r\n\r\n")
            if found and not length:
                size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                length = len(head) + 4 + int(size.partition(b":")[2])
        if not response.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(response[:300].decode(errors="replace"))
