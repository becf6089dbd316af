"""Where everything below ``GRAFT_HOME`` is; ``core.files.folders`` says what lies in a folder.

::

    registry.db                   supervisor.lock|json|log      deletion.lock     explaining.log     backup.log
    access.log access.log.1 ...   .access.lock                  (of a second web process: access-2.log ...)
    .restore/                     (``core.backups.restoring``)      .upkeep    (``core.jobs.node_upkeep``)
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
    features/.shards-<key>/<set>/<number>/                      (``core.features.shards``)
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
from pathlib import Path

from core.errors import NotFound
from core.files.folders import (
    AdditionFolder,
    DatasetFolder,
    ImportFolder,
    JobFolder,
    RunFolder,
    SearchFolder,
    TableFolder,
    UploadFolder,
    inside,
    visible_folders,
)
from core.files.locks import acquire
from core.settings import Settings

_IMPORT, _UPLOAD, _BODY = "import-", "upload-", "body-"
_ADDITION = ".add-"
_CHECK = ".check-"
_ADVICE, _GROWTH, _SEARCH, _LABEL = ".shortlist-", ".curve-", ".search-", ".label-"
_EXPORT, _EXPORT_DRAFT = ".job-", ".tmp-export-"
_MODEL_DRAFT = ".tmp-"


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
    return visible_folders(backbones_folder(settings))


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
    return [RunFolder(path) for path in visible_folders(runs_folder(settings))]


def dataset_folders(settings: Settings) -> list[DatasetFolder]:
    """Of all datasets, also of those that are not in the registry."""
    return [DatasetFolder(path) for path in visible_folders(datasets_folder(settings))]


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
    folders = map(TableFolder, visible_folders(predictions_folder(settings)))
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


def upkeep_stamp(settings: Settings) -> Path:
    """When a machine that only trains last tidied its folder."""
    return settings.home / ".upkeep"


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
