"""Where the dashboard listens, when that needs a login, and that its printed address works."""

import pytest
from streamlit import config

from core.errors import InvalidInput
from core.web.server.address import arrived_from_outside, dashboard_url, is_loopback, listening_address


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv("STREAMLIT_SERVER_ADDRESS", raising=False)


def from_the_file(monkeypatch, value: str | None) -> None:
    monkeypatch.setattr(config, "get_option", {"server.address": value}.get)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "localhost", "::ffff:127.0.0.1"])
def test_this_machines_own_addresses_are_listened_on(monkeypatch, address):
    assert is_loopback(address)
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", address)
    assert listening_address() == address


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "::", "[::]", "192.168.1.4", "10.0.0.1", "::ffff:10.0.0.1", "no.such.host.invalid", "unix:///x"],
)
@pytest.mark.parametrize("source", ["variable", "file"])
def test_an_address_of_the_network_needs_a_login(monkeypatch, address, source):
    from_the_file(monkeypatch, address if source == "file" else "127.0.0.1")
    if source == "variable":
        monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", address)
    assert listening_address() == address.strip("[]")
    monkeypatch.setenv("GRAFT_LOGIN", "off")
    with pytest.raises(InvalidInput, match="GRAFT_LOGIN=off.*ssh -L") as refusal:
        listening_address()
    assert repr(address) in str(refusal.value)


def test_brackets_around_an_ipv6_address_do_not_matter(monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "[::1]")
    assert listening_address() == "::1"


def test_without_an_address_it_is_the_usual_one(monkeypatch):
    from_the_file(monkeypatch, None)
    assert listening_address() == "127.0.0.1"


def test_a_printed_address_can_be_opened():
    assert dashboard_url("127.0.0.1", 8501, "/graft") == "http://127.0.0.1:8501/graft"
    assert dashboard_url("::1", 8501) == "http://[::1]:8501"
    assert dashboard_url("0.0.0.0", 8501) == "http://127.0.0.1:8501"  # which is no address to open


@pytest.mark.parametrize(
    ("server", "outside"),
    [
        (("127.0.0.1", 1), False),
        (("::1", 1), False),
        (("10.1.2.3", 1), True),
        (("testserver", 80), False),
        (None, False),
    ],
)
def test_connections_over_the_network_are_told_apart(server, outside):
    assert arrived_from_outside(server) is outside
