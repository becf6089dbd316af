"""Which files of a home are which artifact, and their publication. With ``GRAFT_ARTIFACTS=home`` nothing is done."""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.artifacts.photo_shards import publish_shards
from core.artifacts.publishing import publish
from core.datasets.shards import is_large
from core.datasets.values import SPLITS, Dataset
from core.errors import GraftError, NotFound
from core.files.folders import MANIFEST, RunFolder
from core.files.here import (
    backbone_name,
    checkpoints_name,
    curves_name,
    dataset_name,
    export_name,
    map_name,
    model_name,
    results_name,
)
from core.files.home import added_folder, dataset_folder, run_folder
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings

UNCHANGING = 1
"""The token of what no lease is needed for: it is made once, and nobody makes another one of its name."""

Check = Callable[[], None]


def publish_dataset(settings: Settings, registry: Registry, dataset_id: str) -> None:
    """A dataset that this machine imported; a large one in shards."""
    folder = dataset_folder(settings, dataset_id)
    if settings.artifacts and is_large(registry.dataset(dataset_id)) and not folder.lacks_photos:
        publish_shards(settings, registry, dataset_id, folder, UNCHANGING)
    else:
        publish(settings, registry, dataset_name(dataset_id), folder.path, UNCHANGING)


def publish_backbone(settings: Settings, registry: Registry, name: str) -> None:
    """A backbone that was added on this machine."""
    publish(settings, registry, backbone_name(name), added_folder(settings, name), UNCHANGING)


def publish_model(
    settings: Settings, registry: Registry, run: Run, folder: Path | None = None, check: Check | None = None
) -> None:
    """The model of a run, which also changes when it is calibrated.

    Args:
        folder: where it is as long as it is not in its place.
    """
    own = folder or run_folder(settings, run.id).model
    publish(settings, registry, model_name(run.id), own, run.attempt, check=check)


def publish_results(settings: Settings, registry: Registry, run: Run, check: Check | None = None) -> None:
    """The predictions of a run for its validation and test photos."""
    folder = run_folder(settings, run.id)
    names = [folder.predictions(split).name for split in SPLITS[1:]]
    publish(settings, registry, results_name(run.id), folder.path, run.attempt, names=names, check=check)


def publish_map(settings: Settings, registry: Registry, run: Run) -> None:
    """The map of a run's test photos."""
    folder = run_folder(settings, run.id)
    publish(settings, registry, map_name(run.id), folder.path, run.attempt, names=[folder.embedding.name])


def publish_export(settings: Settings, registry: Registry, run: Run, format: str) -> None:
    """The model of a run in one format."""
    publish(settings, registry, export_name(run.id, format), run_folder(settings, run.id).export(format), run.attempt)


def publish_checkpoints(settings: Settings, registry: Registry, run: Run, check: Check | None = None) -> None:
    """The kept epochs of a run; those that are in the store already are not sent again."""
    folder = run_folder(settings, run.id).checkpoints
    publish(settings, registry, checkpoints_name(run.id), folder, run.attempt, check=check)


def publish_curves(settings: Settings, registry: Registry, run: Run) -> None:
    """What TensorBoard reads."""
    publish(settings, registry, curves_name(run.id), run_folder(settings, run.id).tensorboard, run.attempt)


def has_model(settings: Settings, registry: Registry, run_id: str) -> bool:
    """Whether the files of a run's model are here or in the store."""
    return run_folder(settings, run_id).card.exists() or _is_published(settings, registry, model_name(run_id))


def has_checkpoint(settings: Settings, registry: Registry, run_id: str) -> bool:
    """Whether a checkpoint of a run is here or in the store."""
    here = run_folder(settings, run_id).has_checkpoint()
    return here or _is_published(settings, registry, checkpoints_name(run_id))


def _is_published(settings: Settings, registry: Registry, name: str) -> bool:
    return bool(settings.artifacts) and registry.artifact(name) is not None


def _is_here(settings: Settings, dataset: Dataset) -> bool:
    """Of a large dataset some shards may be here, fetched for a pass over them."""
    folder = dataset_folder(settings, dataset.id).path
    return (folder / MANIFEST).exists() if is_large(dataset) else folder.is_dir()


def names_in(root: Path, name: str) -> tuple[Path, list[str] | None]:
    """The folder below ``root`` of an artifact, and its files where not all of the folder's belong to it."""
    kind, id_, *rest = name.split("/")
    if kind == "features":
        _, key, *shard = rest  # of a shard: its set and its number (core.features.shards)
        return (root / kind).joinpath(f".shards-{key}", *shard) if shard else root / kind / key, None
    if kind == "datasets" and rest:
        return root / kind / id_, None
    folder = RunFolder(root / kind / id_)
    if kind == "runs" and rest == ["results"]:
        return folder.path, [folder.predictions(split).name for split in SPLITS[1:]]
    if kind == "runs" and rest == ["photo_map"]:
        return folder.path, [folder.embedding.name]
    return root / name, None


def quietly(publication: Callable[[], None]) -> None:
    """Publishes what is stored on this machine already; where that fails, ``core.artifacts.upkeep`` does it later."""
    try:
        publication()
    except GraftError as error:
        print(error, file=sys.stderr)


def publish_run(settings: Settings, registry: Registry, run: Run) -> None:
    """All parts of a finished run that are here."""
    folder = run_folder(settings, run.id)
    for part in (publish_model, publish_results, publish_map, publish_curves, publish_checkpoints):
        with suppress(NotFound):
            part(settings, registry, run)
    for export in folder.exports.glob("[!.]*"):
        with suppress(NotFound):
            publish_export(settings, registry, run, export.name)


def publish_missing(settings: Settings, registry: Registry, report: Callable[[str], None] = print) -> int:
    """Publishes datasets, added backbones and finished runs that are here and not in the store.

    For a home that had no store before, and for what was made while the store was away.

    Returns:
        Their number.
    """
    missing = unpublished(settings, registry)
    for name in missing:
        kind, _, rest = name.partition("/")
        report(name)
        if kind == "datasets":
            publish_dataset(settings, registry, rest)
        elif kind == "backbones":
            publish_backbone(settings, registry, rest)
        else:
            publish_run(settings, registry, registry.run(rest.partition("/")[0]))
    return len(missing)


def unpublished(settings: Settings, registry: Registry) -> list[str]:
    """Names of artifacts whose files are here and not in the store; [] with ``GRAFT_ARTIFACTS=home``."""
    if not settings.artifacts:
        return []
    known = {artifact.name for artifact in registry.artifacts()}
    here = [dataset_name(one.id) for one in registry.datasets() if _is_here(settings, one)]
    added = [one.backbone.name for one in registry.added_backbones()]
    here += [backbone_name(name) for name in added if added_folder(settings, name).is_dir()]
    finished = registry.runs(status=Status.FINISHED)
    here += [model_name(run.id) for run in finished if run_folder(settings, run.id).card.is_file()]
    return [name for name in here if name not in known]
