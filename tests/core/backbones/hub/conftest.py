"""A local hub, and a client of it that does not wait."""

import pytest

from core.backbones.hub.client import HubClient
from tests.added import serving_hub


@pytest.fixture
def hub(monkeypatch):
    with serving_hub(monkeypatch) as hub:
        yield hub


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the client wanted to wait."""
    return []


@pytest.fixture
def client(hub, waits) -> HubClient:
    return HubClient("graft/tiny", sleep=waits.append)
