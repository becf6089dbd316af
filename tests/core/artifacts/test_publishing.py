"""Publishing: visible as a whole or not at all, only what is new is put, an older attempt is refused."""

import os
import signal
from dataclasses import replace

import pytest

from core.artifacts import publishing
from core.artifacts.fetching import fetch
from core.artifacts.marks import marked
from core.artifacts.publishing import publish
from core.errors import Conflict, NotFound, Unavailable
from core.files.folders import artifact_mark
from core.registry.artifacts import PUBLICATION
from tests.factories import make_dataset, make_photos, make_run
from tests.machines import read, stored, write


def test_at_home_nothing_is_done(registry, settings):
    folder = write(settings.home / "datasets" / "d-1", photo=b"1")
    assert publish(settings, registry, "datasets/d-1", folder, 1) is None
    assert registry.artifacts() == [] and sorted(path.name for path in folder.iterdir()) == ["photo.bin"]


def test_another_machine_gets_the_same_files(machines):
    first, second = machines
    files = {"manifest": b"{}", "photos__a": b"one", "photos__b": b"two"}
    artifact = publish(first.settings, first.registry, "datasets/d-1", write(first.home / "d", **files), 1)
    assert artifact.files == 3 and artifact.size_bytes == 8
    assert fetch(second.settings, second.registry, "datasets/d-1", second.home / "datasets" / "d-1")
    assert read(second.home / "datasets" / "d-1") == read(first.home / "d")


def test_only_what_is_new_is_put(machines, store, monkeypatch):
    first, _ = machines
    folder = write(first.home / "checkpoints", one=b"1" * 100)
    publish(first.settings, first.registry, "datasets/d-1", folder, 1)
    put = []
    monkeypatch.setattr(
        "core.artifacts.blobs.FolderBlobs.put", lambda self, digest, content: put.append(content), raising=True
    )
    write(folder, two=b"2" * 100)
    publish(first.settings, first.registry, "datasets/d-1", folder, 1)
    assert [content for content in put if not isinstance(content, bytes)] == [folder / "two.bin"]
    assert len(put) == 2  # and the listing


def test_the_same_again_sends_nothing(machines, monkeypatch):
    first, _ = machines
    folder = write(first.home / "d", one=b"1")
    publish(first.settings, first.registry, "datasets/d-1", folder, 1)
    monkeypatch.setattr(publishing, "open_blobs", None)
    assert publish(first.settings, first.registry, "datasets/d-1", folder, 1)


def test_hidden_files_stay_here(machines):
    first, second = machines
    folder = write(first.home / "d", one=b"1")
    (folder / ".tmp").mkdir()
    (folder / ".tmp" / "draft").write_bytes(b"?")
    publish(first.settings, first.registry, "datasets/d-1", folder, 1)
    fetch(second.settings, second.registry, "datasets/d-1", second.home / "d")
    assert sorted(path.name for path in (second.home / "d").iterdir()) == [".artifact-d-1", "one.bin"]


def test_an_older_attempt_is_refused(machines, store):
    first, second = machines
    publish(second.settings, second.registry, "datasets/d-1", write(second.home / "d", one=b"new"), 2)
    before = stored(store)
    with pytest.raises(Conflict, match="attempt 2 has taken over"):
        publish(first.settings, first.registry, "datasets/d-1", write(first.home / "d", one=b"late"), 1)
    assert first.registry.artifact("datasets/d-1").token == 2
    first.registry.forget_artifacts([])
    publishing.collect(first.registry, publishing.open_blobs(first.settings.artifacts))
    assert stored(store) == before


def test_an_attempt_that_was_taken_over_is_refused_before_the_next_one_has_published(machines):
    first, _ = machines
    first.registry.add_dataset(make_dataset(), make_photos())
    first.registry.add_run(make_run(1, id="r-1"))
    first.registry.claim("cpu", "me")
    folder = write(first.home / "model", card=b"{}")
    publish(first.settings, first.registry, "runs/r-1/model", folder, 1)
    with pytest.raises(Conflict):
        publish(first.settings, first.registry, "runs/r-1/model", write(folder, card=b"{1}"), 0)
    with pytest.raises(Conflict, match="run was deleted"):
        publish(first.settings, first.registry, "runs/r-9/model", folder, 1)


def test_nothing_to_publish(machines):
    first, _ = machines
    with pytest.raises(NotFound):
        publish(first.settings, first.registry, "datasets/d-1", first.home / "nowhere", 1)


def test_a_store_that_is_not_mounted(machines):
    first, _ = machines
    settings = replace(first.settings, artifacts="file:///nowhere/graft")
    with pytest.raises(Unavailable, match="is not there. Mount it"):
        publish(settings, first.registry, "datasets/d-1", write(first.home / "d", one=b"1"), 1)
    assert first.registry.artifacts() == [] and first.registry.held_leases(PUBLICATION) == []
    assert not os.path.exists("/nowhere")


_KILLED = """
import os, signal, sys
from pathlib import Path
from core.artifacts import blobs
from core.artifacts.publishing import publish
from core.registry import Registry
from core.settings import Settings

settings = Settings(home=Path(sys.argv[1]), artifacts=sys.argv[2])
put = blobs.FolderBlobs.put
puts = []

def killed(self, digest, content):
    if len(puts) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    puts.append(digest)
    put(self, digest, content)

blobs.FolderBlobs.put = killed
publish(settings, Registry.of(settings), "datasets/d-1", settings.home / "d", 1)
"""


@pytest.mark.parametrize("after", [0, 2, 3])
def test_after_a_kill_nothing_is_visible_and_the_next_one_completes_it(machines, store, after, forks):
    first, second = machines
    write(first.home / "d", one=b"1", two=b"2", three=b"3")
    ended, printed = forks.run(_KILLED, str(first.home), first.settings.artifacts, str(after))
    assert ended == -signal.SIGKILL, printed
    assert not fetch(second.settings, second.registry, "datasets/d-1", second.home / "d")
    assert len(stored(store)) == after
    publish(first.settings, first.registry, "datasets/d-1", first.home / "d", 1)
    assert fetch(second.settings, second.registry, "datasets/d-1", second.home / "d")
    assert read(second.home / "d") == read(first.home / "d")


def test_the_mark_says_what_the_folder_is(machines):
    first, second = machines
    artifact = publish(first.settings, first.registry, "datasets/d-1", write(first.home / "d", one=b"1"), 1)
    fetch(second.settings, second.registry, "datasets/d-1", second.home / "d")
    for machine in machines:
        assert marked(artifact_mark(machine.home / "d", "datasets/d-1")) == artifact
