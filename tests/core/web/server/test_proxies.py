"""``GRAFT_PROXIES``: whose word is taken for who connects."""

import logging

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from uvicorn.config import Config

from core.errors import InvalidInput
from core.web.server import application, proxies


@pytest.fixture
def naming(monkeypatch):
    """Set ``GRAFT_PROXIES``; what uvicorn is told is put back afterwards."""
    monkeypatch.setenv(proxies.UVICORN, "to be put back")

    def name(text: str) -> None:
        monkeypatch.setenv(proxies.VARIABLE, text)

    monkeypatch.delenv(proxies.VARIABLE, raising=False)
    return name


def seen(peer: str, forwarded: str) -> str:
    """Address and scheme of a request as Graft's routes see them, behind uvicorn's own middleware."""

    async def show(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.client.host} {request.url.scheme}")

    proxies.trust_proxies()
    config = Config(Starlette(routes=[Route("/", show)], middleware=application.MIDDLEWARE[:0]), log_config=None)
    config.load()
    client = TestClient(config.loaded_app, client=(peer, 5000))
    return client.get("/", headers={"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}).text


def test_without_the_setting_nobody_is_believed(naming):
    assert seen("127.0.0.1", "6.6.6.6") == "127.0.0.1 http"


def test_the_named_proxy_is_believed_and_nobody_else(naming):
    naming("127.0.0.1, 10.1.0.0/16")
    assert proxies.trusted_proxies() == ("127.0.0.1", "10.1.0.0/16")
    assert seen("127.0.0.1", "192.0.2.7") == "192.0.2.7 https"
    assert seen("10.1.2.3", "192.0.2.7, 10.1.9.9") == "192.0.2.7 https"
    assert seen("10.2.0.1", "192.0.2.7") == "10.2.0.1 http"


def test_what_a_client_put_before_the_proxys_word_is_not_taken(naming):
    naming("127.0.0.1")
    assert seen("127.0.0.1", "6.6.6.6, 192.0.2.7") == "192.0.2.7 https"


def came_by_proxy(peer: str, **headers: str) -> bool:
    """As the middleware that takes over ids sees it, behind uvicorn's."""

    async def show(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(proxies.came_by_trusted_proxy(request.scope)))

    proxies.trust_proxies()
    config = Config(Starlette(routes=[Route("/", show)]), log_config=None)
    config.load()
    return TestClient(config.loaded_app, client=(peer, 5000)).get("/", headers=headers).text == "True"


def test_a_request_came_by_a_proxy_only_where_its_connection_did(naming):
    forwarded = {"X-Forwarded-For": "192.0.2.7"}
    assert not came_by_proxy("127.0.0.1", **forwarded)
    naming("127.0.0.1, 10.1.0.0/16")
    assert came_by_proxy("127.0.0.1", **forwarded) and came_by_proxy("10.1.2.3")
    assert not came_by_proxy("192.0.2.7", **forwarded)
    assert not came_by_proxy("192.0.2.7", **{"X-Forwarded-For": "127.0.0.1"})


@pytest.mark.parametrize("text", ["*", "proxy.lab", "10.0.0.1/8", "0.0.0.0/0", "::/0"])
def test_what_names_no_proxy_is_refused_in_one_sentence(naming, text):
    naming(text)
    with pytest.raises(InvalidInput, match="GRAFT_PROXIES must"):
        proxies.trust_proxies()


def test_a_server_does_not_start_with_it(naming):
    naming("everybody")
    with pytest.raises(SystemExit, match="GRAFT_PROXIES must be IP addresses"):
        application.prepare()


def test_a_proxy_that_is_not_named_is_told_once(naming, caplog):
    async def show(request: Request) -> PlainTextResponse:
        return PlainTextResponse("")

    client = TestClient(proxies.UnknownProxies(Starlette(routes=[Route("/", show)])), client=("10.0.0.5", 1))
    with caplog.at_level(logging.WARNING):
        client.get("/")
        assert caplog.messages == []
        client.get("/", headers={"X-Forwarded-For": "10.0.0.5"})
        assert caplog.messages == []
        for _ in range(2):
            client.get("/", headers={"X-Forwarded-For": "192.0.2.7"})
    assert len(caplog.messages) == 1 and "Set GRAFT_PROXIES=10.0.0.5" in caplog.messages[0]
