"""A dataset appears whole or not at all; leftovers of killed imports are removed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.datasets import sweep
from core.datasets.decoding import sandbox
from core.datasets.staging import scratch
from core.errors import Conflict, InvalidInput
from core.files.home import datasets_folder
from core.settings import REPOSITORY, Settings
from tests.core.datasets.imports import imported, leftovers
from tests.photo_files import classes


def test_an_id_that_is_taken_or_being_imported_is_a_conflict(zipped, home):
    source = zipped(classes(cat=3, dog=3))
    imported(source, home)
    with pytest.raises(Conflict):
        imported(source, home)
    conflicts = []

    def second(progress):
        if not conflicts:
            with pytest.raises(Conflict) as caught:
                imported(source, home, "d-2")
            conflicts.append(str(caught.value))

    imported(source, home, "d-2", progress=lambda progress: progress.stage == "Storing" and second(progress))
    assert "right now" in conflicts[0] and leftovers(home) == ["d-1", "d-2"]


def test_two_imports_of_one_archive_at_once_both_succeed(zipped, home):
    source = zipped(classes(cat=4, dog=4))
    inner = []

    def nested(progress):
        if progress.stage == "Storing" and not inner:
            inner.append(imported(source, home, "d-2"))

    outer = imported(source, home, "d-1", progress=nested)
    assert inner[0][0].digest == outer[0].digest and leftovers(home) == ["d-1", "d-2"]


def test_an_id_cannot_lead_out_of_the_folder_of_datasets(zipped, home):
    source = zipped(classes(cat=3, dog=3))
    for dataset_id in ("../evil", "a/b", ".."):
        with pytest.raises(InvalidInput):
            imported(source, home, dataset_id)


SLOW_IMPORT = """
import sys, time
from pathlib import Path
from core.datasets import import_photos
from core.settings import REPOSITORY, Settings
def report(progress):
    print(progress.stage, flush=True)
    if progress.stage == sys.argv[3]:
        time.sleep(60)
import_photos(Path(sys.argv[1]), settings=Settings(home=Path(sys.argv[2])), dataset_id="d-slow", progress=report)
"""


def slow_import(source: Path, home: Settings, stage: str) -> subprocess.Popen:
    """An import in another process, stopped in the middle of a stage."""
    command = [sys.executable, "-c", SLOW_IMPORT, str(source), str(home.home), stage]
    process = subprocess.Popen(
        command, cwd=sandbox.REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if line.strip() == stage:
            return process
    raise AssertionError(process.stderr.read())


def ended(process: subprocess.Popen, sign: int) -> None:
    process.send_signal(sign)
    process.communicate(timeout=120)


@pytest.mark.parametrize("stage", ["Decoding photos", "Storing"])
def test_ctrl_c_leaves_nothing(zipped, home, stage):
    process = slow_import(zipped(classes(cat=4, dog=4)), home, stage)
    ended(process, signal.SIGINT)
    assert process.returncode != 0 and leftovers(home) == []


@pytest.mark.parametrize("stage", ["Decoding photos", "Storing"])
def test_what_a_killed_import_leaves_is_swept_but_a_living_one_is_not(zipped, home, stage):
    process = slow_import(zipped(classes(cat=4, dog=4)), home, stage)
    assert sweep(home) == 0 and leftovers(home) == [".tmp-d-slow"]
    ended(process, signal.SIGKILL)
    deadline = time.monotonic() + 120
    while sweep(home) == 0 and time.monotonic() < deadline:  # its decoders hold the lock until they notice
        time.sleep(0.05)
    assert leftovers(home) == []


def test_the_next_import_sweeps_by_itself(zipped, home):
    (datasets_folder(home) / ".tmp-d-dead" / "photos").mkdir(parents=True)
    imported(zipped(classes(cat=3, dog=3)), home)
    assert leftovers(home) == ["d-1"]


def test_a_folder_for_temporary_files_is_deleted_at_the_end_and_after_a_kill(home):
    with scratch(home) as folder:
        (folder / "a").write_bytes(b"x")
        assert sweep(home) == 0 and folder.exists()  # in use
    assert leftovers(home) == []
    code = f"""
from pathlib import Path
from core.datasets.staging import scratch
from core.settings import REPOSITORY, Settings
import os, signal
with scratch(Settings(home=Path({str(home.home)!r}))) as folder:
    (folder / "a").write_bytes(b"x")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY)
    assert len(leftovers(home)) == 1 and sweep(home) == 1 and leftovers(home) == []
