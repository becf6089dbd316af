"""Every path below ``GRAFT_HOME``. Names of files in a run's, a dataset's or an import's folder stand here only.

::

    registry.db                   supervisor.lock|json|log      deletion.lock
    datasets/<id>/manifest.json photos/<digest>.jpg unlabelled/<digest>.jpg    datasets/.import.lock
    runs/<id>/model/card.json|model.keras|...                   runs/.launch.lock
    runs/<id>/validation.npz|test.npz|photo_map.npz|features.parquet
    runs/<id>/checkpoints/ tensorboard/ log.txt alive.lock progress.json exit.json
    features/<key>/ .locks/ engines/                            (``core.features.store``)
    uploads/import-<id>/request.json|status.json|question.json|alive.lock|cancel|log.txt
    uploads/import-<id>/upload samples/
    weights/
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput, NotFound
from core.files.locks import acquire
from core.settings import Settings

CARD, KERAS_MODEL = "card.json", "model.keras"
"""Files in the folder of a model. A model that only combines others has no ``model.keras``."""
MANIFEST = "manifest.json"
"""File in the folder of a dataset."""

_IMPORT = "import-"


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run. Its files exist as far as the run has come."""

    path: Path

    @property
    def run_id(self) -> str:
        return self.path.name

    def predictions(self, split: str) -> Path:
        """Probabilities for the photos of the split ``"validation"`` or ``"test"``."""
        return self.path / f"{split}.npz"

    @property
    def model(self) -> Path:
        """Folder of the model's files."""
        return self.path / "model"

    @property
    def card(self) -> Path:
        return self.model / CARD

    @property
    def checkpoints(self) -> Path:
        """Folder with one folder per kept epoch."""
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """Folder that TensorBoard reads."""
        return self.path / "tensorboard"

    @property
    def embedding(self) -> Path:
        """The map of the test photos."""
        return self.path / "photo_map.npz"

    @property
    def features(self) -> Path:
        """A download of the pooled features."""
        return self.path / "features.parquet"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def alive_lock(self) -> Path:
        """Held by the trainer and its children (see ``core.jobs.holder``)."""
        return self.path / "alive.lock"

    @property
    def progress(self) -> Path:
        return self.path / "progress.json"

    @property
    def exit_record(self) -> Path:
        return self.path / "exit.json"

    @property
    def weights(self) -> tuple[Path, Path]:
        """The folders that hold weights, in the order in which they are deleted; the rest is the run's record."""
        return self.model, self.checkpoints

    def has_checkpoint(self) -> bool:
        return any(self.checkpoints.glob("[0-9]*"))


@dataclass(frozen=True)
class DatasetFolder:
    """The folder of a dataset."""

    path: Path

    @property
    def photos(self) -> Path:
        return self.path / "photos"

    def photo(self, digest: str) -> Path:
        return self.photos / f"{digest}.jpg"

    @property
    def unlabelled(self) -> Path:
        """Folder of the photos without a class; exists where there are any."""
        return self.path / "unlabelled"

    def unlabelled_photo(self, digest: str) -> Path:
        return self.unlabelled / f"{digest}.jpg"


@dataclass(frozen=True)
class ImportFolder:
    """The folder of a background import."""

    path: Path

    @property
    def job_id(self) -> str:
        return self.path.name.removeprefix(_IMPORT)

    @property
    def request(self) -> Path:
        """What is imported; written by the web process before the import starts."""
        return self.path / "request.json"

    @property
    def status(self) -> Path:
        """How far the import is, or how it ended; written by the import."""
        return self.path / "status.json"

    @property
    def alive_lock(self) -> Path:
        """Held as long as the import's process runs."""
        return self.path / "alive.lock"

    @property
    def cancel(self) -> Path:
        """Exists once the import is to stop."""
        return self.path / "cancel"

    @property
    def question(self) -> Path:
        """What the user has to choose; stays until the import is dismissed."""
        return self.path / "question.json"

    @property
    def upload(self) -> Path:
        """The uploaded file, until the import has ended or its question was discarded."""
        return self.path / "upload"

    @property
    def samples(self) -> Path:
        """Folder of the photos that a question shows, as small JPEGs."""
        return self.path / "samples"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"


# --- folders ---


def datasets_folder(settings: Settings) -> Path:
    return settings.home / "datasets"


def runs_folder(settings: Settings) -> Path:
    return settings.home / "runs"


def features_folder(settings: Settings) -> Path:
    return settings.home / "features"


def uploads_folder(settings: Settings) -> Path:
    return settings.home / "uploads"


def weights_folder(settings: Settings) -> Path:
    """Downloaded weights of ``keras.applications`` networks."""
    return settings.home / "weights"


def dataset_folder(settings: Settings, dataset_id: str) -> DatasetFolder:
    return DatasetFolder(inside(datasets_folder(settings), dataset_id))


def run_folder(settings: Settings, run_id: str) -> RunFolder:
    return RunFolder(inside(runs_folder(settings), run_id))


def run_folders(settings: Settings) -> list[RunFolder]:
    """Of all runs that have one, also of runs that are not in the registry."""
    return [RunFolder(path) for path in _visible_folders(runs_folder(settings))]


def dataset_folders(settings: Settings) -> list[DatasetFolder]:
    """Of all datasets, also of those that are not in the registry."""
    return [DatasetFolder(path) for path in _visible_folders(datasets_folder(settings))]


def _visible_folders(folder: Path) -> list[Path]:
    """Hidden ones are drafts, or are being deleted."""
    return sorted(path for path in folder.glob("[!.]*") if path.is_dir())


def import_folder(settings: Settings, job_id: str) -> ImportFolder:
    return ImportFolder(inside(uploads_folder(settings), f"{_IMPORT}{job_id}"))


def import_folders(settings: Settings) -> list[ImportFolder]:
    """Of all background imports that have been started and not dismissed."""
    folders = [ImportFolder(path) for path in uploads_folder(settings).glob(f"{_IMPORT}*")]
    return [folder for folder in folders if folder.request.exists()]


def inside(root: Path, name: str) -> Path:
    """``root/name``, or an error when that would leave ``root`` (ids come from URLs and command lines)."""
    path = (root / name.replace("\0", "/")).resolve()
    if path.parent != root.resolve() or "/" in name or "\0" in name:
        raise InvalidInput(f"An id may only contain letters, digits, '-' and '_'. Received: {name!r}")
    return path


# --- files ---


def registry_file(settings: Settings) -> Path:
    return settings.home / "registry.db"


def supervisor_lock(settings: Settings) -> Path:
    """Held by the supervisor, so that a home has one."""
    return settings.home / "supervisor.lock"


def supervisor_state(settings: Settings) -> Path:
    """Which process the supervisor is, and of which code."""
    return settings.home / "supervisor.json"


def supervisor_log(settings: Settings) -> Path:
    return settings.home / "supervisor.log"


def import_lock(settings: Settings) -> Path:
    """Held while photos are imported."""
    return datasets_folder(settings) / ".import.lock"


def launch_lock(settings: Settings) -> Path:
    """Held while runs are planned and launched."""
    return runs_folder(settings) / ".launch.lock"


def features_lock(settings: Settings, name: str) -> Path:
    """Of one entry of the features folder (a key, an engine's file), or of something else that is computed once."""
    return features_folder(settings) / ".locks" / name


def deletion_lock(settings: Settings) -> Path:
    """Held exclusively while deleting; shared by processes that write into folders that could be deleted."""
    return settings.home / "deletion.lock"


@contextmanager
def undeleted(settings: Settings, run_id: str) -> Iterator[None]:
    """Nothing is deleted during the block. For writing into the folder of a run, which would come back otherwise.

    Raises:
        NotFound: the run has been deleted already.
    """
    with acquire(deletion_lock(settings), shared=True):
        if not run_folder(settings, run_id).path.is_dir():
            raise NotFound(f"There is no folder of run {run_id} any more. It may have been deleted.")
        yield
