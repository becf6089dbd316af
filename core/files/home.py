"""Every path below ``GRAFT_HOME``. Names of files in a run's, a dataset's or an import's folder stand here only.

::

    registry.db                   supervisor.lock|json|log      deletion.lock     explaining.log     backup.log
    access.log access.log.1 ...   .access.lock                  (of a second web process: access-2.log ...)
    .restore/                     (``core.backups.restoring``)
    datasets/<id>/manifest.json photos/<digest>.jpg unlabelled/<digest>.jpg    datasets/.import.lock .check.lock
    datasets/<id>/findings-<method>.json decisions.json lineage.json .decisions.lock    (``core.curation``)
    datasets/<id>/.shortlist-<id>/ .curve-<id>/ learning-curve-<method>.json    datasets/.shortlist.lock
    datasets/<id>/.search-<id>/request.json|status.json|study.db|alive.lock|cancel|log.txt
    datasets/<id>/pool/<id>/addition.json photos/<digest>.jpg    (``core.datasets.pool``)
    datasets/<id>/.label-<id>/ label-order-<method>.json label-copies-<method>.json
    datasets/<id>/.check-<id>/request.json|status.json|alive.lock|cancel|log.txt
    runs/<id>/model/card.json|model.keras|...                   runs/.launch.lock
    runs/<id>/validation.npz|test.npz|photo_map.npz|features.parquet
    runs/<id>/exports/<format>/export.json|...                  runs/<id>/exports/.job-<id>.<format>/
    runs/.exports.lock .tmp-export-<id>.<format>/ .tmp-<id>/    (a bundle that is imported)
    runs/<id>/checkpoints/ .evicted-checkpoints/ tensorboard/ log.txt alive.lock progress.json exit.json
    features/<key>/ .locks/ engines/                            (``core.features.store``)
    uploads/import-<id>/request.json|status.json|question.json|alive.lock|cancel|log.txt
    uploads/import-<id>/upload samples/
    uploads/upload-<id>/record.json content unchecked           (``core.files.uploads``)    uploads/body-<id>
    predictions/<id>/request.json|status.json|alive.lock|cancel|log.txt upload rows.jsonl samples/
    predictions/.table.lock
    weights/                      orphans/<id>/                 (``core.workbench.mending``)
    backbones/<name>/ .record-<name>.json                       backbones/.addition.lock
    backbones/.downloads/                                       (``core.backbones.hub.download``)
    backbones/.add-<id>/request.json|status.json|alive.lock|cancel|log.txt upload draft/
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

EXPORT_RECORD = "export.json"
"""File in the folder of an export: what was written, and how it was checked."""

_IMPORT, _UPLOAD, _BODY = "import-", "upload-", "body-"
_ADDITION = ".add-"
_CHECK = ".check-"
_ADVICE, _GROWTH, _SEARCH, _LABEL = ".shortlist-", ".curve-", ".search-", ".label-"
_EXPORT, _EXPORT_DRAFT = ".job-", ".tmp-export-"
_MODEL_DRAFT = ".tmp-"


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
        return [PoolFolder(path) for path in _visible_folders(self.pool)]

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
        return self.path.name.removeprefix(_UPLOAD)

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


# --- folders ---


def datasets_folder(settings: Settings) -> Path:
    return settings.home / "datasets"


def runs_folder(settings: Settings) -> Path:
    return settings.home / "runs"


def orphans_folder(settings: Settings) -> Path:
    """Where ``core doctor --repair`` moves folders of runs and datasets that have no row."""
    return settings.home / "orphans"


def features_folder(settings: Settings) -> Path:
    return (settings.cache or settings.home) / "features"


def uploads_folder(settings: Settings) -> Path:
    return settings.home / "uploads"


def predictions_folder(settings: Settings) -> Path:
    """Tables of predictions."""
    return settings.home / "predictions"


def weights_folder(settings: Settings) -> Path:
    """Downloaded weights of ``keras.applications`` networks."""
    return settings.home / "weights"


def backbones_folder(settings: Settings) -> Path:
    """Files of the backbones that a person added."""
    return settings.home / "backbones"


def added_folder(settings: Settings, name: str) -> Path:
    """The files of one added backbone."""
    return inside(backbones_folder(settings), name)


def added_folders(settings: Settings) -> list[Path]:
    """Of all added backbones, also of those that are not in the registry."""
    return _visible_folders(backbones_folder(settings))


def added_record(settings: Settings, name: str) -> Path:
    """The registry's row of an added backbone as a file, from which a new registry gets it back."""
    return inside(backbones_folder(settings), f".record-{name}.json")


def hub_downloads(settings: Settings) -> Path:
    """Files of models of the hub that are being downloaded, a folder for each commit."""
    return backbones_folder(settings) / ".downloads"


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


def evicted_checkpoints(folder: RunFolder) -> Path:
    """The checkpoints of a run while they are deleted; no reader looks for them."""
    return folder.path / ".evicted-checkpoints"


def import_folder(settings: Settings, job_id: str) -> ImportFolder:
    return ImportFolder(inside(uploads_folder(settings), f"{_IMPORT}{job_id}"))


def import_folders(settings: Settings) -> list[ImportFolder]:
    """Of all background imports that have been started and not dismissed."""
    folders = [ImportFolder(path) for path in uploads_folder(settings).glob(f"{_IMPORT}*")]
    return [folder for folder in folders if folder.request.exists()]


def upload_folder(settings: Settings, upload_id: str) -> UploadFolder:
    return UploadFolder(inside(uploads_folder(settings), f"{_UPLOAD}{upload_id}"))


def upload_folders(settings: Settings) -> list[UploadFolder]:
    """Of all files that are being sent, or were and are used by nothing yet."""
    return [UploadFolder(path) for path in uploads_folder(settings).glob(f"{_UPLOAD}*")]


def received_body(settings: Settings, body_id: str) -> Path:
    """The body of one request, locked as long as it is used."""
    return inside(uploads_folder(settings), f"{_BODY}{body_id}")


def received_bodies(settings: Settings) -> list[Path]:
    """Of all requests, also of those whose process was killed."""
    return sorted(uploads_folder(settings).glob(f"{_BODY}*"))


def table_folder(settings: Settings, table_id: str) -> TableFolder:
    return TableFolder(inside(predictions_folder(settings), table_id))


def table_folders(settings: Settings) -> list[TableFolder]:
    """Of all tables of predictions that have been started and not dismissed."""
    folders = map(TableFolder, _visible_folders(predictions_folder(settings)))
    return [folder for folder in folders if folder.request.exists()]


def addition_folder(settings: Settings, addition_id: str) -> AdditionFolder:
    return AdditionFolder(inside(backbones_folder(settings), f"{_ADDITION}{addition_id}"))


def addition_folders(settings: Settings) -> list[AdditionFolder]:
    """Of all additions that have been started and not dismissed."""
    folders = [AdditionFolder(path) for path in backbones_folder(settings).glob(f"{_ADDITION}*")]
    return [folder for folder in folders if folder.request.exists()]


def export_job(settings: Settings, run_id: str, format: str) -> JobFolder:
    """The folder of the job that exports a run's model to one format; its id is ``<run id>.<format>``."""
    return JobFolder(inside(run_folder(settings, run_id).exports, f"{_EXPORT}{run_id}.{format}"))


def check_job(settings: Settings, dataset_id: str) -> JobFolder:
    """The folder of the job that checks a dataset; its id is that of the dataset."""
    return JobFolder(inside(dataset_folder(settings, dataset_id).path, f"{_CHECK}{dataset_id}"))


def advice_job(settings: Settings, dataset_id: str) -> JobFolder:
    """The folder of the job that makes a shortlist for a dataset; its id is that of the dataset."""
    return JobFolder(inside(dataset_folder(settings, dataset_id).path, f"{_ADVICE}{dataset_id}"))


def growth_job(settings: Settings, dataset_id: str) -> JobFolder:
    """The folder of the job that makes the learning curves of a dataset; its id is that of the dataset."""
    return JobFolder(inside(dataset_folder(settings, dataset_id).path, f"{_GROWTH}{dataset_id}"))


def search_job(settings: Settings, dataset_id: str) -> SearchFolder:
    """The folder of the search over recipes of a dataset; its id is that of the dataset."""
    return SearchFolder(inside(dataset_folder(settings, dataset_id).path, f"{_SEARCH}{dataset_id}"))


def label_job(settings: Settings, dataset_id: str) -> JobFolder:
    """The folder of the job that adds photos without a class to a dataset and orders them; its id is that of the
    dataset."""
    return JobFolder(inside(dataset_folder(settings, dataset_id).path, f"{_LABEL}{dataset_id}"))


def export_draft(settings: Settings, run_id: str, format: str) -> Path:
    """Where an export is written before it is published into the folder of its run."""
    return inside(runs_folder(settings), f"{_EXPORT_DRAFT}{run_id}.{format}")


def export_drafts(settings: Settings) -> list[Path]:
    """Of an export that runs, and of killed ones."""
    return list(runs_folder(settings).glob(f"{_EXPORT_DRAFT}*"))


def model_draft(settings: Settings, draft_id: str) -> Path:
    """Where the model of a bundle is unpacked."""
    return runs_folder(settings) / f"{_MODEL_DRAFT}{draft_id}"


def model_drafts(settings: Settings) -> list[Path]:
    """Of imports of bundles that run, and of killed ones."""
    found = runs_folder(settings).glob(f"{_MODEL_DRAFT}*")
    return [path for path in found if not path.name.startswith(_EXPORT_DRAFT)]


def artifact_mark(folder: Path, name: str) -> Path:
    """The file that says which version of the artifact ``name`` the files in ``folder`` are (``core.artifacts``)."""
    return folder / f".artifact-{name.rpartition('/')[2]}"


def inside(root: Path, name: str) -> Path:
    """``root/name``, or an error when that would leave ``root`` (ids come from URLs and command lines)."""
    path = (root / name.replace("\0", "/")).resolve()
    if path.parent != root.resolve() or "/" in name or "\0" in name:
        raise InvalidInput(f"An id may only contain letters, digits, '-' and '_'. Received: {name!r}")
    return path


# --- files ---


def registry_file(settings: Settings) -> Path:
    return settings.home / "registry.db"


def restore_draft(settings: Settings) -> Path:
    """Folder that a backup is unpacked in, until all of it is there."""
    return settings.home / ".restore"


def supervisor_lock(settings: Settings) -> Path:
    """Held by the supervisor, so that a home has one."""
    return settings.home / "supervisor.lock"


def supervisor_state(settings: Settings) -> Path:
    """Which process the supervisor is, and of which code."""
    return settings.home / "supervisor.json"


def supervisor_log(settings: Settings) -> Path:
    return settings.home / "supervisor.log"


def backup_log(settings: Settings) -> Path:
    """What the scheduled backups wrote."""
    return settings.home / "backup.log"


def access_log_files(settings: Settings, number: int) -> tuple[Path, Path]:
    """The access log of the web process ``number`` (from 1) of this home, and the lock that makes it its own."""
    name = "access" if number == 1 else f"access-{number}"
    return settings.home / f"{name}.log", settings.home / f".{name}.lock"


def explaining_log(settings: Settings) -> Path:
    """What the process that computes heat maps wrote last."""
    return settings.home / "explaining.log"


def import_lock(settings: Settings) -> Path:
    """Held while photos are imported."""
    return datasets_folder(settings) / ".import.lock"


def check_lock(settings: Settings) -> Path:
    """Held while the photos of a dataset are checked."""
    return datasets_folder(settings) / ".check.lock"


def speed_job(settings: Settings) -> JobFolder:
    """The folder of the job that measures the speed of this machine."""
    return JobFolder(settings.home / "speed-machine")


def advice_lock(settings: Settings) -> Path:
    """Held while a shortlist is made."""
    return datasets_folder(settings) / ".shortlist.lock"


def table_lock(settings: Settings) -> Path:
    """Held while a table of predictions is computed."""
    return predictions_folder(settings) / ".table.lock"


def addition_lock(settings: Settings) -> Path:
    """Held while a backbone is added."""
    return backbones_folder(settings) / ".addition.lock"


def launch_lock(settings: Settings) -> Path:
    """Held while runs are planned and launched."""
    return runs_folder(settings) / ".launch.lock"


def exports_lock(settings: Settings) -> Path:
    """Held while a model is exported."""
    return runs_folder(settings) / ".exports.lock"


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
