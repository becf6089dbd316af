"""Requests to a hub: the token, refusals, retries."""

import pytest

from core.backbones.hub import client as client_module
from core.backbones.hub.address import address_of
from core.backbones.hub.client import HubClient, endpoint
from core.backbones.hub.repository import repository_of
from core.errors import GraftError, InvalidInput, NotFound, Unavailable

TINY = address_of("graft/tiny")
WEIGHTS = {"model.safetensors": b"weights"}


def test_a_mirror_is_named_by_the_environment(monkeypatch):
    monkeypatch.delenv("GRAFT_HUB_URL", raising=False)
    assert endpoint() == "https://huggingface.co"
    monkeypatch.setenv("GRAFT_HUB_URL", "https://mirror.example.org/hf/")
    assert endpoint() == "https://mirror.example.org/hf"


@pytest.mark.parametrize("url", ["mirror", "file:///etc", "https://", "https://user:secret@host", "http://host:x"])
def test_a_mirror_that_is_no_address_is_refused(monkeypatch, url):
    monkeypatch.setenv("GRAFT_HUB_URL", url)
    with pytest.raises(InvalidInput, match="GRAFT_HUB_URL must be an address"):
        endpoint()


def test_the_token_goes_to_the_hub_and_never_to_the_host_it_redirects_to(hub, client, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.add("graft/tiny", WEIGHTS, token="hf_secret")
    repository = repository_of(TINY, client)
    with client.open(repository.file_path(repository.files["model.safetensors"])) as response:
        assert response.read() == b"weights"
    assert hub.tokens["hub"] == ["Bearer hf_secret"] * 2
    assert hub.tokens["files"] == [""]


def test_the_token_is_read_for_each_request(hub, client, monkeypatch):
    hub.add("graft/tiny", WEIGHTS)
    repository_of(TINY, client)
    monkeypatch.setenv("HF_TOKEN", "later")
    repository_of(TINY, client)
    assert hub.tokens["hub"] == ["", "Bearer later"]
    assert "later" not in repr(vars(client))


def test_a_model_that_is_not_there_or_private_is_told_without_a_token(hub, client):
    with pytest.raises(Unavailable, match="gated, private or does not exist.*set HF_TOKEN"):
        repository_of(TINY, client)


def test_a_model_that_is_not_there_is_told_with_a_token(hub, client, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "x")
    with pytest.raises(NotFound, match="has no model graft/tiny"):
        repository_of(TINY, client)


def test_a_gated_model_says_where_to_accept_its_terms_and_does_not_repeat_the_token(hub, client, monkeypatch):
    hub.add("graft/tiny", WEIGHTS, token="right", gated="manual")
    monkeypatch.setenv("HF_TOKEN", "wrong-secret")
    repository = repository_of(TINY, client)
    assert repository.gated
    with pytest.raises(Unavailable, match=f"Accept its terms at {hub.url}/graft/tiny") as refused:
        client.retried(lambda: client._whole(repository.file_path(repository.files["model.safetensors"])))
    assert "wrong-secret" not in str(refused.value)


def test_a_server_that_is_busy_is_asked_again(hub, client, waits):
    hub.add("graft/tiny", WEIGHTS)
    hub.faults.statuses["/api/"] = [(503, {}), (500, {}), (429, {"Retry-After": "7"})]
    assert repository_of(TINY, client).files
    assert waits == [1.0, 2.0, 7.0]


def test_a_server_that_stays_busy_is_given_up_with_the_reason(hub, client, waits):
    hub.faults.statuses["/api/"] = [(502, {})] * 9
    with pytest.raises(Unavailable, match="could not be read .* responded 502"):
        repository_of(TINY, client)
    assert len(waits) == client_module.ATTEMPTS - 1


def test_a_limit_that_lasts_long_is_told_with_its_seconds(hub, client, waits):
    hub.faults.statuses["/api/"] = [(429, {"Retry-After": "3600"})]
    with pytest.raises(Unavailable, match="asks to wait 3600 seconds"):
        repository_of(TINY, client)
    assert waits == []


def test_a_hub_that_nobody_serves_is_unreachable(monkeypatch, waits):
    monkeypatch.setenv("GRAFT_HUB_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(Unavailable, match=r"Check the network \(or GRAFT_HUB_URL\) and try again\.$"):
        HubClient("graft/tiny", sleep=waits.append).json("/api/models/graft/tiny/revision/main")
    assert len(waits) == client_module.ATTEMPTS - 1


def test_a_server_that_does_not_answer_is_given_up(hub, client, monkeypatch):
    monkeypatch.setattr(client_module, "TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(client_module, "ATTEMPTS", 2)
    hub.faults.hang = 0.5
    with pytest.raises(Unavailable, match="timed out"):
        repository_of(TINY, client)


def test_downloads_can_be_forbidden(hub, client, monkeypatch):
    monkeypatch.setenv("GRAFT_OFFLINE", "1")
    with pytest.raises(Unavailable, match="GRAFT_OFFLINE forbids"):
        repository_of(TINY, client)
    assert hub.tokens["hub"] == []


def test_what_is_no_hub_is_told(hub, client):
    hub.faults.statuses["/api/"] = [(200, {})]
    with pytest.raises(Unavailable, match="sent no JSON"):
        repository_of(TINY, client)


def test_a_redirect_to_an_unencrypted_address_is_refused():
    from urllib.request import Request

    redirects = client_module._Redirects("https://huggingface.co")
    with pytest.raises(GraftError, match="unencrypted address, files.example"):
        redirects.redirect_request(Request("https://huggingface.co/x"), None, 302, "", {}, "http://files.example/x")
