"""Examples that can be copied."""

import ast

import pytest

from core.web.access.examples import CURL, MCP, PYTHON, examples, server_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8501/access", "http://127.0.0.1:8501"),
        ("https://host/graft/access?x=1", "https://host/graft"),
        ("http://[::1]:8501/access", "http://[::1]:8501"),
        (None, "http://127.0.0.1:8600"),
        ("", "http://127.0.0.1:8600"),
    ],
)
def test_the_address_is_that_of_the_browser(url, address):
    assert server_address(url, 8600) == address


def test_every_example_is_code_with_address_and_model():
    found = examples("https://host/graft", "flowers@champion")
    for name in (PYTHON, MCP):
        ast.parse(found[name])
    assert "https://host/graft/api/v1/models/flowers@champion/predict" in found[CURL]
    assert 'address = "https://host/graft/api/v1"' in found[PYTHON] and "models/flowers@champion" in found[PYTHON]
    assert '"https://host/graft/mcp"' in found[MCP]
