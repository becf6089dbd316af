"""The document of the page Predict."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.file_util import get_static_dir

from core.web.server import application, base_path
from core.web.server.predict_document import SCRIPT


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "home"))
    app = Starlette(routes=application.ROUTES, middleware=application.MIDDLEWARE)
    return TestClient(app, base_url="http://127.0.0.1:8501")


def test_it_is_streamlits_with_a_script_before_all_others(client):
    response = client.get("/predict")
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["cache-control"] == "no-cache"
    assert (
        response.text.index(SCRIPT)
        < re.search("<(script|link)", response.text.replace(SCRIPT, " " * len(SCRIPT))).start()
    )
    assert response.text.replace(f"\n    {SCRIPT}", "") == (Path(get_static_dir()) / "index.html").read_text()


def test_the_script_is_there_and_allowed_by_the_policy(client):
    assert "graftDrop" in client.get("/assets/early_drop.js").text
    assert "script-src 'self'" in client.get("/predict").headers["content-security-policy"]


def test_below_a_base_path_it_is_the_same(client, monkeypatch):
    monkeypatch.setattr(base_path, "base_path", lambda: "/graft")
    assert client.get("/graft/predict").text == client.get("/predict").text
