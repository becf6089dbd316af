"""``core doctor --repair`` removes what belongs to nothing and leaves alone what is in use or young."""

import json
import os
import time

import pytest

from core.__main__ import main
from core.files.home import dataset_folder, datasets_folder, orphans_folder, run_folder, runs_folder, uploads_folder
from core.files.locks import try_acquire
from core.workbench.mending import mend
from core.workbench.orphans import orphans


@pytest.fixture
def home(bench, settings, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", str(settings.home))
    return settings


def aged(path):
    """The path with everything in it, as if written two hours ago."""
    old = time.time() - 7200
    for one in (*path.rglob("*"), path):
        os.utime(one, (old, old))
    return path


def stranger(folder):
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"x" * 1000)
    return folder


def test_a_home_in_order_is_left_as_it_is(bench, home, finished_runs, dataset):
    for run in finished_runs:
        aged(run_folder(home, run.id).path)
    aged(dataset_folder(home, dataset).path)
    before = {path: path.stat().st_size for path in home.home.rglob("*")}
    assert mend(home, bench.registry) == []
    assert {path: path.stat().st_size for path in home.home.rglob("*")} == before


def test_folders_without_a_row_are_moved_and_nothing_in_them_is_lost(bench, home):
    aged(stranger(runs_folder(home) / "r-stranger"))
    aged(stranger(datasets_folder(home) / "d-stranger"))
    done = mend(home, bench.registry)
    assert [line.split(" has no row")[0] for line in done] == ["runs/r-stranger", "datasets/d-stranger"]
    for name in ("r-stranger", "d-stranger"):
        assert (orphans_folder(home) / name / "photo.jpg").read_bytes() == b"x" * 1000
    assert orphans(home, bench.registry) == {}


def test_drafts_and_uploads_of_killed_processes_are_deleted(bench, home, finished_runs):
    part = home.home / ".card.json.12345678.part"
    part.write_text("{")
    upload = uploads_folder(home) / "body-lost"
    upload.write_bytes(b"PK")
    model = stranger(run_folder(home, finished_runs[0].id).path / ".tmp-model")
    assert mend(home, bench.registry) == []
    assert part.exists() and upload.exists() and model.exists()  # all written a moment ago
    for path in (part, upload, model):
        aged(path)
    done = mend(home, bench.registry)
    assert not part.exists() and not upload.exists() and not model.exists() and len(done) == 3
    assert mend(home, bench.registry) == []


def test_what_a_process_has_is_left_alone(bench, home, finished_runs):
    upload = uploads_folder(home) / "upload-going-on"
    upload.write_bytes(b"PK")
    aged(upload)
    running = run_folder(home, finished_runs[0].id)
    model = aged(stranger(running.path / ".tmp-model"))
    unknown = stranger(runs_folder(home) / "r-stranger")
    with try_acquire(upload), try_acquire(running.alive_lock), try_acquire(unknown / "alive.lock"):
        aged(unknown)
        assert mend(home, bench.registry) == []
    assert upload.exists() and model.exists() and unknown.exists()


def test_the_command_lists_without_repair_and_says_what_it_did_with_it(bench, home, capsys):
    folder = aged(stranger(runs_folder(home) / "r-stranger"))
    main(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert "repaired" not in found and folder.exists()
    main(["doctor", "--repair", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert len(found["repaired"]) == 1 and found["repaired"][0].startswith("runs/r-stranger has no row in the registry")
    assert {check["name"]: check["good"] for check in found["checks"]}["Orphans"]
    main(["doctor", "--repair"])
    assert capsys.readouterr().out.startswith("Nothing was to be repaired.\n")
