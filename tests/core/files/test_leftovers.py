"""Drafts of killed processes are deleted, wherever they are written, and drafts that may still be written are not."""

import os
import signal
import subprocess
import sys
import time

import pytest

from core.files import leftovers
from core.files.leftovers import remove_drafts
from core.settings import REPOSITORY

PLACES = (
    "supervisor.json",
    "datasets/d-1/.check-d-1/status.json",
    "runs/r-1/progress.json",
    "runs/r-1/model/card.json",
    "runs/r-1/exports/.job-r-1.onnx/status.json",
    "uploads/import-1/question.json",
    "predictions/ab/status.json",
    "backbones/.add-1/status.json",
)

KILLED = """
import os, signal, sys
from pathlib import Path
from core.files.atomic import replacing
with replacing(Path(sys.argv[1])) as draft:
    draft.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_writing(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=REPOSITORY, check=False)
    assert process.returncode == -signal.SIGKILL


def test_the_draft_of_a_killed_process_is_deleted_once_it_is_old(tmp_path):
    killed_while_writing(tmp_path / PLACES[0])
    (draft,) = tmp_path.iterdir()
    assert remove_drafts(tmp_path) == [] and draft.exists()
    hours_ago = time.time() - 2 * leftovers.DRAFT_SECONDS
    os.utime(draft, (hours_ago, hours_ago))
    assert remove_drafts(tmp_path) == [draft] and not draft.exists()


@pytest.mark.parametrize("place", PLACES)
def test_drafts_are_found_in_every_place_where_one_is_written(tmp_path, place, monkeypatch):
    monkeypatch.setattr(leftovers, "DRAFT_SECONDS", -1.0)
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("whole")
    draft = path.with_name(f".{path.name}.ab12cd34.part")
    draft.write_text("half")
    assert remove_drafts(tmp_path) == [draft]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_folder_that_is_still_written_stays_and_an_old_one_goes(tmp_path):
    draft = tmp_path / "runs" / "r-1" / "checkpoints" / ".000003.2.part"
    draft.mkdir(parents=True)
    (draft / "state.npz").write_bytes(b"half")
    long_ago = time.time() - 2 * leftovers.DRAFT_SECONDS
    os.utime(draft, (long_ago, long_ago))
    assert remove_drafts(tmp_path) == []
    os.utime(draft / "state.npz", (long_ago, long_ago))
    os.utime(draft, (long_ago, long_ago))
    assert remove_drafts(tmp_path) == [draft] and not draft.exists()


def test_visible_files_photos_and_downloads_that_are_continued_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "DRAFT_SECONDS", -1.0)
    download = "backbones/.downloads/owner--name/.model.safetensors.part"
    for name in ("runs/r-1/log.part", "datasets/d-1/photos/.a.jpg.part", "runs/.launch.lock", download):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("kept")
    assert remove_drafts(tmp_path) == []
