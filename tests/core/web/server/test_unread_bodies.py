"""A client that reads nothing before its whole body is sent gets the refusal, not a broken connection."""

import http.client
import threading
import time

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from uvicorn import Config, Server

from core.web.server import application
from core.web.server.unread_bodies import UnreadBodies

BODY = b"x" * 20_000_000
"""More than the buffers of both ends hold."""


async def refusing(scope, receive, send):
    await PlainTextResponse("Send less.", 413, {"Connection": "close"})(scope, receive, send)


async def reading(scope, receive, send):
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)


@pytest.fixture
def served():
    """The port of a server with an application; as many as are asked for."""
    servers = []

    def serve(app) -> int:
        server = Server(Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        servers.append((server, thread))
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        return server.servers[0].sockets[0].getsockname()[1]

    yield serve
    for server, thread in servers:
        server.should_exit = True
        thread.join()


def asked(port: int, body, *, chunked: bool = False, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/", body, headers, encode_chunked=chunked)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_a_refusal_is_read_after_a_large_body_was_sent(served):
    port = served(UnreadBodies(refusing))
    assert asked(port, BODY) == (413, "Send less.")
    assert asked(port, BODY, Connection="close") == (413, "Send less.")
    parts = (BODY[:1_000_000] for _ in range(20))
    assert asked(port, parts, chunked=True, **{"Transfer-Encoding": "chunked"}) == (413, "Send less.")
    assert asked(port, b"") == (413, "Send less."), "the server keeps answering"


def test_a_body_that_is_read_arrives_whole(served):
    port = served(UnreadBodies(reading))
    assert asked(port, BODY) == (200, "20000000 bytes")
    assert asked(port, b"") == (200, "0 bytes")


def test_who_stops_sending_is_waited_for_only_a_while(served):
    port = served(UnreadBodies(refusing, most_seconds=0.2))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"x")
    assert connection.getresponse().read() == b"Send less.", "the answer does not wait"
    assert connection.sock is None or connection.sock.recv(1) == b"", "and the connection is closed"
    connection.close()


def test_a_client_that_asks_first_is_not_told_to_go_on(served):
    port = served(UnreadBodies(refusing))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "1000")
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_it_is_in_front_of_all_other_middleware():
    assert application.MIDDLEWARE[0].cls is UnreadBodies
