"""``backup`` and ``restore``."""

import pytest

from core.__main__ import main
from core.cli.backups import backup_text, restore_text
from core.files.home import run_folder
from core.registry import Registry
from core.runs.values import Status
from core.settings import Settings
from tests.factories import fill


@pytest.fixture
def filled(home, registry):
    return fill(registry, home, runs=6)


def test_a_home_is_saved_listed_verified_and_restored(call, filled, registry, tmp_path, monkeypatch):
    place = str(tmp_path / "backups")
    made = call("backup", place, "--models", "--datasets", "--keep", "3")
    assert made["parts"] == ["models", "datasets"] and made["missing"] == [] and made["private"]
    assert made["bytes"] > 10**5 < made["written_bytes"] and "registry, models, datasets, " in backup_text(made)
    small = call("backup", place)
    listed = call("backup", place, "--list")
    assert [one["snapshot"] for one in listed["snapshots"]] == [small["snapshot"], made["snapshot"]]
    assert made["snapshot"] in backup_text(listed)
    checked = call("backup", place, "--verify")
    assert checked["snapshots"] == 2 and checked["damaged"] == [] and "all is whole" in backup_text(checked)
    assert "is not empty" in call("restore", place, code=1)

    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "again"))
    restored = call("restore", place, "--snapshot", made["snapshot"])
    assert (restored["datasets"], restored["runs"], restored["models"]) == (1, 6, 2)
    assert len(restored["interrupted"]) == 2 and "2 runs were interrupted" in restore_text(restored)
    settings = Settings(home=tmp_path / "again")
    again = Registry.of(settings)
    for run in filled.with_status(Status.FINISHED):
        assert again.run(run.id) == registry.run(run.id) and run_folder(settings, run.id).card.exists()
    again.close()


def test_a_damaged_backup_is_told_and_is_not_success(call, filled, tmp_path, capsys):
    place = tmp_path / "backups"
    call("backup", str(place))
    for blob in (place / "blobs").glob("*/*"):
        blob.write_bytes(b"altered")
    assert main(["backup", str(place), "--verify"]) == 1
    printed = capsys.readouterr().out
    assert "1 backup, " in printed and "damaged" in printed and "was altered" in printed


def test_what_a_backup_lacks_is_told(call, filled, tmp_path, monkeypatch):
    call("backup", str(tmp_path / "backups"))
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "again"))
    assert "It has no models and no datasets" in restore_text(call("restore", str(tmp_path / "backups")))
    missing = {"missing": ["runs/r-1/model"], "problem": "it is damaged", "private": False, "forgotten": ["a"]}
    made = {"snapshot": "s", "folder": "/f", "parts": [], "files": 1, "bytes": 1, "written_bytes": 1} | missing
    text = backup_text(made)
    for words in ("runs/r-1/model", "it is damaged", "chmod 700", "1 older backup deleted"):
        assert words in text


def test_wrong_options_are_one_sentence(home, tmp_path, capsys):
    for options in (["--keep", "0"], ["--keep", "x"], ["--list", "--verify"]):
        with pytest.raises(SystemExit):
            main(["backup", str(tmp_path / "backups"), *options])
        assert len(capsys.readouterr().err.splitlines()) == 1
