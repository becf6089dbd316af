"""Verbs about photos: importing them and looking at them."""

from collections.abc import Callable
from pathlib import Path

from core.datasets import ImportProgress
from core.datasets.values import Dataset, Photo
from core.jobs import imports
from core.jobs.imports import ImportJob
from core.workbench.base import Bench


class Photos(Bench):
    """Datasets and their photos."""

    def import_photos(
        self,
        source: str | Path,
        name: str | None = None,
        *,
        seed: int = 0,
        progress: Callable[[ImportProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> tuple[Dataset, bool]:
        """Import an archive, a folder on this machine or ``"demo"`` now; True when it was here already."""
        return imports.run_import(
            source,
            settings=self.settings,
            registry=self.registry,
            name=name,
            seed=seed,
            progress=progress,
            cancelled=cancelled,
        )

    def start_import(self, source: str | Path, name: str | None = None, *, own_source: bool = False) -> str:
        """Import in the background; returns the job's id. ``own_source``: delete the source (an upload) afterwards."""
        return imports.start_import(source, settings=self.settings, name=name, own_source=own_source)

    def import_jobs(self) -> list[ImportJob]:
        return imports.import_jobs(self.settings)

    def cancel_import(self, job_id: str) -> None:
        imports.cancel_import(self.settings, job_id)

    def dismiss_import(self, job_id: str) -> None:
        imports.dismiss_import(self.settings, job_id)

    def datasets(self) -> list[Dataset]:
        """Newest first."""
        return self.registry.datasets()

    def photos(
        self,
        dataset_id: str,
        *,
        split: str | None = None,
        class_name: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Photo]:
        return self.registry.photos(dataset_id, split=split, class_name=class_name, limit=limit, offset=offset)

    def photo_path(self, dataset_id: str, digest: str) -> Path:
        """The stored JPEG of a photo."""
        return self.settings.dataset_dir(dataset_id) / "photos" / f"{digest}.jpg"
