"""Which folders of a home belong to a backup, by what its registry says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.artifacts.parts import names_in
from core.backups.snapshots import BackupPart
from core.files.folders import DatasetFolder
from core.files.here import backbone_name, curves_name, dataset_name, map_name, model_name, results_name
from core.files.home import added_record, dataset_folder
from core.registry import Registry
from core.runs.values import Status
from core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class BackupItem:
    """One artifact that belongs to a backup.

    Args:
        name: as in ``core.files.here``. required: without it the registry names something that is not there.
        main, sha256: the file in its folder that the registry knows, and its SHA-256; "" where it knows none.
        photos: how many there must be.
    """

    name: str
    required: bool = True
    main: str = ""
    sha256: str = ""
    photos: int = 0


def items(registry: Registry, parts: Sequence[BackupPart]) -> Iterator[BackupItem]:
    """All that a backup of this registry has besides it, by name."""
    if BackupPart.DATASETS in parts:
        for dataset in registry.datasets():
            photos = sum(number for split in dataset.counts.values() for number in split.values())
            yield BackupItem(name=dataset_name(dataset.id), photos=photos)
    if BackupPart.MODELS in parts:
        for model in registry.models():
            main = PurePosixPath(model.path).name
            yield BackupItem(name=model_name(model.run_id), main=main, sha256=model.sha256)
        for run in registry.runs(status=Status.FINISHED):
            for name in (results_name(run.id), map_name(run.id), curves_name(run.id)):
                yield BackupItem(name=name, required=False)
        for one in registry.added_backbones():
            yield BackupItem(name=backbone_name(one.backbone.name))


def folders_of(settings: Settings, item: BackupItem) -> list[tuple[Path, Sequence[str] | None]]:
    """The folders of this machine that hold an item, with the names of the files where not all belong to it.

    Photos are apart from what may still change in the folder of a dataset, so that they are saved once.
    """
    kind, _, id_ = item.name.partition("/")
    if kind == "datasets":
        dataset = dataset_folder(settings, id_)
        apart = (dataset.photos, dataset.unlabelled, dataset.pool)
        return [(dataset.path, _plain_files(dataset)), *((folder, None) for folder in apart)]
    folder, names = names_in(settings.home, item.name)
    if kind == "backbones":
        record = added_record(settings, id_)
        return [(folder, None), (record.parent, [record.name])]
    return [(folder, names)]


def _plain_files(dataset: DatasetFolder) -> list[str]:
    found = dataset.path.iterdir() if dataset.path.is_dir() else ()
    return sorted(one.name for one in found if one.is_file() and not one.name.startswith("."))
