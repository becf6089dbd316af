"""What a backup has: what the registry names, and nothing that can be made again."""

from core.backups.contents import folders_of, items
from core.backups.snapshots import BackupPart
from core.files.home import dataset_folder, run_folder
from core.runs.values import Status


def test_only_what_the_registry_names_is_in_it(bench, filled):
    run_folder(bench.settings, "r-stranger").model.mkdir(parents=True)
    found = {item.name: item for item in items(bench.registry, tuple(BackupPart))}
    finished = {run.id for run in filled.with_status(Status.FINISHED)}
    assert {name.split("/")[1] for name in found if name.startswith("runs/")} == finished
    assert [name for name in found if name.startswith("datasets/")] == [f"datasets/{filled.dataset.id}"]
    one = next(iter(finished))
    assert found[f"runs/{one}/model"].sha256 == bench.registry.model(one).sha256
    assert found[f"runs/{one}/model"].main == "model.keras" and not found[f"runs/{one}/tensorboard"].required
    assert found[f"datasets/{filled.dataset.id}"].photos == len(bench.registry.photos(filled.dataset.id))
    assert list(items(bench.registry, ())) == []


def test_a_dataset_is_its_photos_and_the_plain_files_beside_them(bench, filled):
    (item,) = items(bench.registry, (BackupPart.DATASETS,))
    folder = dataset_folder(bench.settings, filled.dataset.id)
    (folder.path / ".check.lock").touch()
    folder.decisions.write_text("{}")
    assert folders_of(bench.settings, item) == [
        (folder.path, ["decisions.json", "manifest.json"]),
        (folder.photos, None),
        (folder.unlabelled, None),
        (folder.pool, None),
    ]
