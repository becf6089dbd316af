"""Files that another machine may have made: their place on this one, after they were fetched where that is necessary.

Whoever reads a dataset, a model or predictions asks here; whoever writes them asks ``core.files.home``. Without
``GRAFT_ARTIFACTS`` the two are the same. Datasets are fetched to ``GRAFT_CACHE``, all else to the home.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from core.files.folders import MANIFEST, DatasetFolder, artifact_mark
from core.files.home import added_folder, dataset_folder, run_folder
from core.settings import Settings


class Fetcher(Protocol):
    """Brings a published artifact into a folder; nothing where nobody published it (``core.artifacts.bringing``)."""

    def __call__(self, settings: Settings, name: str, folder: Path, *, into: bool, newer: bool) -> None:
        """
        Args:
            into: put its files into a folder that has others too. newer: what is there may be an older version.
        """


_fetchers: list[Fetcher] = []


def fetch_with(fetcher: Fetcher) -> None:
    """Sets what fetches in this process."""
    _fetchers[:] = [fetcher]


def dataset_here(settings: Settings, dataset_id: str) -> DatasetFolder:
    """The folder of a dataset: in the home where it was made there, else below ``GRAFT_CACHE``."""
    folder = _dataset_copy(settings, dataset_id)
    if settings.artifacts and not _is_whole(folder):
        _fetch(settings, dataset_name(dataset_id), folder.path)
    return folder


def photos_here(settings: Settings, dataset_id: str, shards: Sequence[str]) -> Path:
    """The folder of the photos of a dataset, with those of some shards (``core.datasets.shards``); with all where it
    was not published in shards."""
    folder = _dataset_copy(settings, dataset_id)
    for shard in shards if settings.artifacts and not _is_whole(folder) else ():
        if not _part_here(settings, photos_name(dataset_id, shard), folder):
            return dataset_here(settings, dataset_id).photos
    return folder.photos


def records_here(settings: Settings, dataset_id: str) -> DatasetFolder:
    """The folder of a dataset that is published in shards, with the files beside its manifest."""
    folder = _dataset_copy(settings, dataset_id)
    if settings.artifacts and not _is_whole(folder):
        _part_here(settings, records_name(dataset_id), folder)
    return folder


def _part_here(settings: Settings, name: str, folder: DatasetFolder) -> bool:
    """Whether a part of a dataset is here, after it was fetched where it is published."""
    mark = artifact_mark(folder.path, name)
    if not mark.exists():
        _fetch(settings, name, folder.path, into=True)
    return mark.exists()


def _dataset_copy(settings: Settings, dataset_id: str) -> DatasetFolder:
    """Where the files of a dataset are, or would be fetched to."""
    own = dataset_folder(settings, dataset_id)
    if not settings.artifacts or _is_whole(own):
        return own
    return DatasetFolder((settings.cache or settings.home) / own.path.relative_to(settings.home))


def _is_whole(folder: DatasetFolder) -> bool:
    """The manifest comes last, also where shards are fetched one by one."""
    return (folder.path / MANIFEST).exists()


def model_here(settings: Settings, run_id: str) -> Path:
    """The folder of a run's model, which changes when it is calibrated."""
    return _here(settings, model_name(run_id), _own_model(settings.home, run_id), newer=True)


@lru_cache(maxsize=1000)
def _own_model(home: Path, run_id: str) -> Path:
    """Kept, because every prediction asks: the kernel would be asked about each part of the path."""
    return run_folder(Settings(home=home), run_id).model


def predictions_here(settings: Settings, run_id: str, split: str) -> Path:
    """The file of a run's predictions for a split."""
    return _file_here(settings, results_name(run_id), run_folder(settings, run_id).predictions(split))


def map_here(settings: Settings, run_id: str) -> Path:
    """The file of the map of a run's test photos."""
    return _file_here(settings, map_name(run_id), run_folder(settings, run_id).embedding)


def export_here(settings: Settings, run_id: str, format: str) -> Path:
    """The folder of an export."""
    return _here(settings, export_name(run_id, format), run_folder(settings, run_id).export(format))


def curves_here(settings: Settings, run_id: str) -> Path:
    """The folder that TensorBoard reads, which grows while the run is trained elsewhere."""
    folder = run_folder(settings, run_id).tensorboard
    if settings.artifacts:
        _fetch(settings, curves_name(run_id), folder, into=True, newer=True)  # TensorBoard keeps its files open
    return folder


def backbone_here(settings: Settings, name: str) -> Path:
    """The folder of an added backbone."""
    return _here(settings, backbone_name(name), added_folder(settings, name), newer=True)


def model_name(run_id: str) -> str:
    """The name of an artifact, as of the other functions below."""
    return f"runs/{run_id}/model"


def results_name(run_id: str) -> str:
    return f"runs/{run_id}/results"


def map_name(run_id: str) -> str:
    return f"runs/{run_id}/photo_map"


def checkpoints_name(run_id: str) -> str:
    return f"runs/{run_id}/checkpoints"


def curves_name(run_id: str) -> str:
    return f"runs/{run_id}/tensorboard"


def export_name(run_id: str, format: str) -> str:
    return f"runs/{run_id}/exports/{format}"


def backbone_name(name: str) -> str:
    return f"backbones/{name}"


def features_name(dataset: str, weights: str, key: str) -> str:
    """Of stored features: with the digests that they belong to, so that they go with a dataset or a backbone."""
    return f"features/{dataset[:16]}/{sha256(weights.encode()).hexdigest()[:16]}/{key}"


def dataset_name(dataset_id: str) -> str:
    return f"datasets/{dataset_id}"


def photos_name(dataset_id: str, shard: str) -> str:
    """Of some photos of a large dataset (``core.datasets.shards``)."""
    return f"{dataset_name(dataset_id)}/photos/{shard}"


def pool_name(dataset_id: str) -> str:
    """Of the photos of a large dataset that have no class."""
    return f"{dataset_name(dataset_id)}/pool"


def records_name(dataset_id: str) -> str:
    """Of the files of a large dataset beside its manifest."""
    return f"{dataset_name(dataset_id)}/records"


def _file_here(settings: Settings, name: str, own: Path) -> Path:
    if not settings.artifacts:
        return own
    if not own.exists():
        _fetch(settings, name, own.parent, into=True)
    return own


def _here(settings: Settings, name: str, own: Path, *, newer: bool = False) -> Path:
    if not settings.artifacts:
        return own
    if newer or not own.exists():
        _fetch(settings, name, own, newer=newer)
    return own


def _fetch(settings: Settings, name: str, folder: Path, *, into: bool = False, newer: bool = False) -> None:
    if not _fetchers:
        raise RuntimeError("This process fetches nothing: call core.artifacts.bringing.install() when it starts.")
    _fetchers[0](settings, name, folder, into=into, newer=newer)
