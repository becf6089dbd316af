"""What lies in the folders of runs, datasets and jobs: names on disk, and names that cannot lead out of a folder."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.files.folders import DatasetFolder, JobFolder, RunFolder, inside


def test_names_on_disk_are_a_contract():
    run, dataset, job = RunFolder(Path("r")), DatasetFolder(Path("d")), JobFolder(Path("j"))
    paths = {
        "r/validation.npz": run.predictions("validation"),
        "r/test.npz": run.predictions("test"),
        "r/model": run.model,
        "r/model/card.json": run.card,
        "r/checkpoints": run.checkpoints,
        "r/tensorboard": run.tensorboard,
        "r/photo_map.npz": run.embedding,
        "r/features.parquet": run.features,
        "r/log.txt": run.log,
        "r/alive.lock": run.alive_lock,
        "r/progress.json": run.progress,
        "r/exit.json": run.exit_record,
        "d/photos/ff.jpg": dataset.photo("ff"),
        "j/request.json": job.request,
        "j/status.json": job.status,
        "j/alive.lock": job.alive_lock,
        "j/cancel": job.cancel,
        "j/log.txt": job.log,
    }
    assert {name: str(path) for name, path in paths.items()} == {name: name for name in paths}


@pytest.mark.parametrize("name", ["..", ".", "", "../runs/x/..", "/"])
def test_an_id_is_not_the_folder_itself_or_one_above(tmp_path, name):
    with pytest.raises(InvalidInput, match="An id may only contain"):
        inside(tmp_path, name)


def test_a_link_cannot_lead_out_either(tmp_path):
    (tmp_path / "r-link").symlink_to("/etc")
    with pytest.raises(InvalidInput):
        inside(tmp_path, "r-link")


def test_a_run_has_a_checkpoint_when_there_is_one_of_an_epoch(tmp_path):
    run = RunFolder(tmp_path / "r-1")
    assert not run.has_checkpoint()
    (run.checkpoints / ".tmp").mkdir(parents=True)
    assert not run.has_checkpoint()
    (run.checkpoints / "000012").mkdir()
    assert run.has_checkpoint()
