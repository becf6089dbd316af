"""A model that was trained, saved by a backup and restored on an empty folder predicts the same."""

import shutil

import keras
import numpy as np

from core.backups.making import make_backup
from core.backups.restoring import restore
from core.backups.snapshots import BackupPart
from core.files.atomic import digest_of
from core.files.home import dataset_folder
from core.registry import Registry
from core.settings import Settings
from core.workbench import Workbench
from tests.keras.training_bench import NUMBERS


def test_a_restored_model_predicts_the_same(bench, tiny_dataset, tmp_path):
    run = bench.train("r-one", NUMBERS)
    _, photos, pixels_of = tiny_dataset
    wanted = [photo for photo in photos if photo.split == "test"]
    squares = pixels_of(wanted).astype(np.float32)
    expected = keras.models.load_model(bench.model_path(run.id), safe_mode=True).predict(squares, verbose=0)
    recorded = bench.answers(run.id)
    made = make_backup(bench.settings, bench.registry, tmp_path / "backups", tuple(BackupPart))
    assert made.snapshot.missing == ()
    bench.registry.close()
    shutil.rmtree(bench.settings.home)

    settings = Settings(home=tmp_path / "restored")
    assert restore(settings, tmp_path / "backups").models == 1
    again = Registry.of(settings)
    model = again.model(run.id)
    path = settings.home / model.path
    assert digest_of(path) == model.sha256 and again.run(run.id) == run
    found = keras.models.load_model(path, safe_mode=True).predict(squares, verbose=0)
    np.testing.assert_array_equal(found, expected)
    with np.load(path.parent.parent / "test.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["probabilities"], recorded["probabilities"])
    assert len(list(dataset_folder(settings, run.dataset_id).photos.iterdir())) == len(photos)
    assert not Workbench(settings, again).has_checkpoint(run.id)
    again.close()
