"""The list of files of a model, as the hub tells it."""

import pytest

from core.backbones.hub.address import address_of
from core.backbones.hub.repository import HubFile, repository_of
from core.errors import Unavailable


def test_a_branch_is_pinned_to_its_commit(hub, client):
    tiny = hub.add("graft/tiny", {"config.json": b"{}", "model.safetensors": b"abc"}, card={"license": "mit"})
    repository = repository_of(address_of("graft/tiny"), client)
    assert repository.address.revision == tiny.commit and repository.address.is_pinned
    assert repository.card == {"license": "mit"} and not repository.gated
    assert repository.files["model.safetensors"].sha256 and repository.files["config.json"].blob


def test_another_commit_than_the_one_asked_for_is_refused(hub, client):
    tiny = hub.add("graft/tiny", {"config.json": b"{}"})
    hub.faults.other_commit = "f" * 40
    with pytest.raises(Unavailable, match="answers with commit ffffffffffff"):
        repository_of(address_of(f"graft/tiny@{tiny.commit}"), client)


def test_files_are_verified_by_their_size_and_digest(tmp_path, hub, client):
    hub.add("graft/tiny", {"config.json": b"{}", "model.safetensors": b"abc"})
    files = repository_of(address_of("graft/tiny"), client).files
    (tmp_path / "x").write_bytes(b"abc")
    assert files["model.safetensors"].matches(tmp_path / "x")
    (tmp_path / "x").write_bytes(b"abd")
    assert not files["model.safetensors"].matches(tmp_path / "x")
    (tmp_path / "x").write_bytes(b"{}")
    assert files["config.json"].matches(tmp_path / "x")
    (tmp_path / "x").write_bytes(b"[]")
    assert not files["config.json"].matches(tmp_path / "x")


@pytest.mark.parametrize("path", ["../config.json", "/etc/passwd", "a//b", "a\\b", "", "a/../b", "new\nline"])
def test_paths_that_leave_the_folder_are_no_files(hub, client, path):
    hub.add("graft/tiny", {path: b"{}", "config.json": b"{}"})
    assert list(repository_of(address_of("graft/tiny"), client).files) == ["config.json"]


@pytest.mark.parametrize("answer", [b"[]", b"{}", b'{"sha": 7}', b'{"sha": "main"}'])
def test_an_answer_without_a_commit_is_refused(hub, client, monkeypatch, answer):
    monkeypatch.setattr(type(client), "_whole", lambda self, path: answer)
    with pytest.raises(Unavailable, match="does not name the commit"):
        repository_of(address_of("graft/tiny"), client)


def test_odd_values_in_an_answer_are_left_out(hub, client, monkeypatch):
    sha = "0" * 40
    answer = (
        f'{{"sha": "{sha}", "siblings": [1, {{}}, {{"rfilename": "a", "size": "1"}}, {{"rfilename": "b", "size": 1}}],'
    )
    answer += ' "cardData": [], "tags": [1, "x"], "gated": null, "safetensors": {"total": "many"}}'
    monkeypatch.setattr(type(client), "_whole", lambda self, path: answer.encode())
    repository = repository_of(address_of("graft/tiny"), client)
    assert (repository.files, repository.card, repository.tags, repository.parameters) == ({}, {}, ("x",), 0)


def test_the_name_of_a_file_is_its_last_part():
    assert HubFile(path="a/b.json", size=1).name == "b.json"
