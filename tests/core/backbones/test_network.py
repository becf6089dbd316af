"""Whether there is a network, found without using it."""

import pytest

from core.backbones import Availability, availability, get
from core.backbones import network as way_out

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask
eth0\t{destination}\t0101A8C0\t0003\t0\t0\t0\t00000000
"""


@pytest.fixture
def routes(tmp_path, monkeypatch):
    def write(destination: str):
        (tmp_path / "route").write_text(ROUTES.format(destination=destination))

    monkeypatch.setattr(way_out, "ROUTES", tmp_path / "route")
    monkeypatch.setattr(way_out, "ROUTES6", tmp_path / "none")
    monkeypatch.delenv("GRAFT_OFFLINE", raising=False)
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return write


def test_a_default_route_makes_a_download_possible(settings, routes, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    routes("00000000")
    assert availability(get("resnet50"), settings) == Availability.DOWNLOAD


def test_without_a_default_route_there_is_no_network(settings, routes, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    routes("0001A8C0")
    assert availability(get("resnet50"), settings) == Availability.NO_NETWORK


def test_graft_offline_means_no_network(settings, routes, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("GRAFT_OFFLINE", "1")
    routes("00000000")
    assert availability(get("resnet50"), settings) == Availability.NO_NETWORK


def test_a_failure_for_lack_of_network_is_remembered_for_a_while(settings, routes, monkeypatch):
    routes("00000000")
    way_out.remember_failure(settings)
    assert not way_out.seems_reachable(settings)
    monkeypatch.setattr(way_out, "REMEMBER_SECONDS", 0)
    assert way_out.seems_reachable(settings)
