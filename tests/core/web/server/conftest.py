"""A server that requires a login, with an account of each role."""

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api.limits import TokenBuckets
from core.people import passwords
from core.people.acting import ask
from core.registry import Registry
from core.web.server import application
from core.web.server.state import workbench
from core.web.server.visits import COOKIE, visits

ADDRESS = "http://127.0.0.1:8501"
PASSWORD = "correct horse battery"
ROLES = {"vera": "viewer", "tom": "trainer", "ada": "admin"}


@pytest.fixture
def quick_hashes(monkeypatch):
    """Argon2 with the least work."""
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()


@pytest.fixture
def guarded(tmp_path, monkeypatch, quick_hashes) -> Starlette:
    """The routes and the middleware, with ``GRAFT_LOGIN=required``."""
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GRAFT_LOGIN", "required")
    for name in ("take", "wait"):  # the matrix asks more often without a valid token than anybody may
        monkeypatch.setattr(TokenBuckets, name, lambda self, key: 0.0)
    yield Starlette(routes=application.ROUTES, middleware=application.MIDDLEWARE)
    ask(None)


@pytest.fixture
def accounts(guarded) -> Registry:
    """The registry, with the accounts of ``ROLES``."""
    registry = workbench().registry
    for name, role in ROLES.items():
        registry.add_user(name, role)
        registry.store_password(name, passwords.hash_of(PASSWORD))
    return registry


@pytest.fixture
def client_of(guarded, accounts) -> Callable[[str | None], TestClient]:
    """A browser in which the account is signed in; nobody for None."""

    def client_of(name: str | None) -> TestClient:
        client = TestClient(guarded, base_url=ADDRESS, follow_redirects=False)
        if name is not None:
            _, secret = accounts.open_session(name, address="::1", agent="test", how="password")
            client.cookies.set(COOKIE, secret)
            visits().forget()
        return client

    return client_of
