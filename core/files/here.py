"""Files that another machine may have made: their place on this one, after they were fetched where that is necessary.

Whoever reads a dataset, a model or predictions asks here; whoever writes them asks ``core.files.home``. Without
``GRAFT_ARTIFACTS`` the two are the same. Datasets are fetched to ``GRAFT_CACHE``, all else to the home.
"""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from core.files.folders import MANIFEST, DatasetFolder
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
    own = dataset_folder(settings, dataset_id)
    if not settings.artifacts or (own.path / MANIFEST).exists():
        return own
    folder = (settings.cache or settings.home) / own.path.relative_to(settings.home)
    return DatasetFolder(_here(settings, dataset_name(dataset_id), folder))


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
