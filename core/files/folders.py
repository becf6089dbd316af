"""What lies in the folder of a run, dataset, job or upload: names of files stand here only.

``core.files.home`` says where the folders are, and has the tree of all of them.
"""

from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput

CARD, KERAS_MODEL = "card.json", "model.keras"
"""Files in the folder of a model. A model that only combines others has no ``model.keras``."""
MANIFEST = "manifest.json"
"""File in the folder of a dataset."""
EXPORT_RECORD = "export.json"
"""File in the folder of an export: what was written, and how it was checked."""


def inside(root: Path, name: str) -> Path:
    """``root/name``, or an error when that would leave ``root`` (ids come from URLs and command lines)."""
    path = (root / name.replace("\0", "/")).resolve()
    if path.parent != root.resolve() or "/" in name or "\0" in name:
        raise InvalidInput(f"An id may only contain letters, digits, '-' and '_'. Received: {name!r}")
    return path


def visible_folders(folder: Path) -> list[Path]:
    """Hidden ones are drafts, or are being deleted."""
    return sorted(path for path in folder.glob("[!.]*") if path.is_dir())


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
    def exports(self) -> Path:
        """Folder with one folder per format that the model was exported to."""
        return self.path / "exports"

    def export(self, format: str) -> Path:
        """Everything to take home of one format."""
        return inside(self.exports, format)

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
    def weights(self) -> tuple[Path, ...]:
        """The folders that hold weights, in the order in which they are deleted; the rest is the run's record."""
        return self.model, self.checkpoints, self.exports

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
    def lacks_photos(self) -> bool:
        """Whether it is the record of a dataset that came with a model, without its photos."""
        return self.photos.is_dir() and not any(self.photos.iterdir())

    @property
    def unlabelled(self) -> Path:
        """Folder of the photos without a class; exists where there are any."""
        return self.path / "unlabelled"

    def unlabelled_photo(self, digest: str) -> Path:
        return self.unlabelled / f"{digest}.jpg"

    @property
    def pool(self) -> Path:
        """Folder with one folder for each addition of photos without a class; exists where there was one."""
        return self.path / "pool"

    def pool_additions(self) -> "list[PoolFolder]":
        """The first one first."""
        return [PoolFolder(path) for path in visible_folders(self.pool)]

    def label_order(self, method: int) -> Path:
        """In which order its photos without a class are best labelled, by one method."""
        return self.path / f"label-order-{method}.json"

    def label_copies(self, method: int) -> Path:
        """Which photos without a class of the import are copies, found by one method."""
        return self.path / f"label-copies-{method}.json"

    def findings(self, method: int) -> Path:
        """What a check of its photos found, by one method."""
        return self.path / f"findings-{method}.json"

    def learning_curve(self, method: int) -> Path:
        """Whether more photos would help, by one method."""
        return self.path / f"learning-curve-{method}.json"

    @property
    def decisions(self) -> Path:
        """What people decided on its photos, until a new version is made of it."""
        return self.path / "decisions.json"

    @property
    def decisions_lock(self) -> Path:
        """Held while decisions are written."""
        return self.path / ".decisions.lock"

    @property
    def lineage(self) -> Path:
        """Of a version that was made from another one: which, and by what decisions."""
        return self.path / "lineage.json"


@dataclass(frozen=True)
class PoolFolder:
    """The folder of photos without a class that were added to a dataset together."""

    path: Path

    @property
    def record(self) -> Path:
        """Which photos they are, and which files were left out."""
        return self.path / "addition.json"

    @property
    def photos(self) -> Path:
        return self.path / "photos"


@dataclass(frozen=True)
class JobFolder:
    """The folder of a job in the background: an import, a table of predictions, an export, the addition of a backbone,
    the check of a dataset, its shortlist, or the search over recipes."""

    path: Path

    @property
    def job_id(self) -> str:
        return self.path.name.partition("-")[2]

    @property
    def request(self) -> Path:
        """What is to be done; written before the job starts."""
        return self.path / "request.json"

    @property
    def status(self) -> Path:
        """How far the job is, or how it ended; written by the job."""
        return self.path / "status.json"

    @property
    def alive_lock(self) -> Path:
        """Held as long as the job's process runs."""
        return self.path / "alive.lock"

    @property
    def cancel(self) -> Path:
        """Exists once the job is to stop."""
        return self.path / "cancel"

    @property
    def upload(self) -> Path:
        """The uploaded file, until the job has ended; that of an import also as long as its question is open."""
        return self.path / "upload"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"


@dataclass(frozen=True)
class SearchFolder(JobFolder):
    """The folder of a search over recipes."""

    @property
    def study(self) -> Path:
        """Optuna's study: an SQLite file."""
        return self.path / "study.db"


@dataclass(frozen=True)
class ImportFolder(JobFolder):
    """The folder of a background import."""

    @property
    def question(self) -> Path:
        """What the user has to choose; stays until the import is dismissed."""
        return self.path / "question.json"

    @property
    def samples(self) -> Path:
        """Folder of the photos that a question shows, as small JPEGs."""
        return self.path / "samples"


@dataclass(frozen=True)
class TableFolder(JobFolder):
    """The folder of a table of predictions."""

    @property
    def job_id(self) -> str:
        return self.path.name

    @property
    def rows(self) -> Path:
        """What was predicted so far, a photo a line."""
        return self.path / "rows.jsonl"

    @property
    def samples(self) -> Path:
        """Folder of the least certain photos as JPEGs."""
        return self.path / "samples"


@dataclass(frozen=True)
class AdditionFolder(JobFolder):
    """The folder of an addition of a backbone in the background."""

    @property
    def draft(self) -> Path:
        """A home of its own, in which the backbone is prepared and tried before it is published."""
        return self.path / "draft"


@dataclass(frozen=True)
class UploadFolder:
    """The folder of a file that is being sent. Locked by whoever writes to it."""

    path: Path

    @property
    def upload_id(self) -> str:
        return self.path.name.partition("-")[2]

    @property
    def record(self) -> Path:
        """What was announced; written last, so a folder without it belongs to a process that was killed."""
        return self.path / "record.json"

    @property
    def content(self) -> Path:
        """The bytes that have arrived."""
        return self.path / "content"

    @property
    def unchecked(self) -> Path:
        """Where the bytes begin whose checksum was not compared yet; not there when all of them count."""
        return self.path / "unchecked"


def artifact_mark(folder: Path, name: str) -> Path:
    """The file that says which version of the artifact ``name`` the files in ``folder`` are (``core.artifacts``)."""
    return folder / f".artifact-{name.rpartition('/')[2]}"
