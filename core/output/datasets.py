"""Datasets as JSON: ``core datasets`` and ``core import``, REST and MCP."""

from collections.abc import Sequence
from dataclasses import asdict

from core.datasets.layout import Layout
from core.datasets.layouts.layout_summary import LayoutSummary, summarise
from core.datasets.values import Dataset
from core.jobs.imports import known_message
from core.planning.fitness import problems_of
from core.workbench import Workbench


def datasets_json(bench: Workbench) -> dict:
    """All datasets, the newest first."""
    return {"datasets": [dataset_row(bench, dataset) for dataset in bench.registry.datasets()]}


def dataset_row(bench: Workbench, dataset: Dataset) -> dict:
    """A dataset with its classes, splits and what speaks against training on it."""
    about = {name: getattr(dataset, name) for name in ("name", "version", "digest", "owner")}
    counts = {"classes": dataset.class_sizes, "splits": dataset.split_sizes, "unlabelled": dataset.unlabelled}
    copies = [
        {"files": [photo.file for photo in one.photos], "across_splits": one.is_leak, "across_classes": one.is_conflict}
        for one in bench.copies(dataset.id)
    ]
    found = problems_of(dataset, leaks=bench.leaks(dataset.id), leaked=bench.leaked(dataset.id))
    problems = [{"kind": problem.kind, "text": str(problem)} for problem in found]
    checked = bench.flagged(dataset.id) is not None
    fitness = {"fit": not problems, "checked": checked, "problems": problems, "copies": copies}
    return {"dataset": dataset.id} | about | counts | fitness


def imported_json(bench: Workbench, dataset: Dataset, known_upload: Dataset | None, name: str | None) -> dict:
    """What an import did.

    Args:
        dataset: that has the photos now. known_upload: the upload as it was read where it brought nothing new. name:
            that was asked for.
    """
    upload = known_upload or dataset
    return dataset_row(bench, dataset) | {
        "accepted": dataset.photo_count,
        "notes": list(upload.notes),
        "rejected": [asdict(rejection) for rejection in upload.rejections],
        "seconds": round(upload.seconds, 3),
        "already_there": known_upload is not None,
        "message": known_message(dataset, name) if known_upload else "",
    }


def layouts_json(path: str, question: str, layouts: Sequence[Layout]) -> dict:
    """What was understood of an upload; ``question`` is "" where the first of ``layouts`` is certain."""
    return {"path": path, "question": question, "layouts": [without_samples(summarise(one)) for one in layouts]}


def without_samples(layout: LayoutSummary) -> dict:
    """One way to read an upload; sample photos are for pages."""
    return {name: value for name, value in asdict(layout).items() if name != "samples"}
