"""Imports in the background as JSON: REST and MCP. An import that is done has what ``core import --json`` prints."""

from dataclasses import asdict

from core.datasets.values import Dataset
from core.errors import NotFound
from core.jobs.background_imports import ImportJob, ImportQuestion
from core.output.datasets import imported_json, without_samples
from core.workbench import Workbench


def import_row(workbench: Workbench, job: ImportJob) -> dict:
    """One import: ``dataset`` where it is done, ``question`` where it has to be chosen how the upload is read."""
    return {
        "import": job.id,
        "name": job.title,
        "state": job.state,
        "started_at": job.started_at,
        "progress": asdict(job.progress) if job.progress and job.state == "running" else None,
        "message": job.message,
        "question": _question(job.question) if job.question else None,
        "dataset": _imported(workbench, job),
    }


def _question(question: ImportQuestion) -> dict:
    layouts = [without_samples(layout) for layout in question.layouts]
    return {"text": question.text, "layouts": layouts, "encoding": question.encoding}


def _imported(workbench: Workbench, job: ImportJob) -> dict | None:
    """None also where the dataset was deleted since."""
    if job.dataset_id is None:
        return None
    try:
        dataset: Dataset = workbench.registry.dataset(job.dataset_id)
    except NotFound:
        return None
    found = imported_json(workbench, dataset, None, job.title)
    if job.known is None:
        return found
    rejected = [asdict(one) for one in job.known.rejections]
    return found | {
        "notes": list(job.known.notes), "rejected": rejected, "already_there": True, "message": job.message,
    }  # fmt: skip
