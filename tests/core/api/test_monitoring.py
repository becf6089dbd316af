"""``/metrics``: a token, and what Prometheus reads."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from core.errors import Unavailable
from tests.core.api.conftest import HOST


@pytest.fixture
def scraper(app, bench):
    client = TestClient(app, base_url=HOST)
    _, secret = bench.registry.create_token("prometheus", "read")
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def test_prometheus_reads_it(scraper, filled):
    answer = scraper.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    counting = {name for name, family in families.items() if family.type != "gauge"}
    assert len(families) >= 11 and counting <= {
        "graft_requests",
        "graft_request_seconds",
        "graft_refusals",
        "graft_sign_ins",
    }
    assert all(name.startswith("graft_") and family.documentation for name, family in families.items())


def test_it_needs_a_token_and_only_reads(app, scraper):
    assert TestClient(app, base_url=HOST).get("/metrics").status_code == 401
    assert scraper.post("/metrics").status_code == 405 and scraper.head("/metrics").status_code == 200


def test_a_registry_that_cannot_be_read_is_one_sentence(scraper, bench, monkeypatch):
    def unreachable():
        raise Unavailable("The registry cannot be reached.")

    monkeypatch.setattr(bench.registry, "registry_figures", unreachable)
    answer = scraper.get("/metrics")
    assert answer.status_code == 503 and answer.json()["detail"] == "The registry cannot be reached."
    monkeypatch.undo()
    assert scraper.get("/metrics").status_code == 200
