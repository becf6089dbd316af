"""Verbs about photos: importing them and looking at them."""

from collections.abc import Callable
from pathlib import Path

from core.datasets import ImportProgress
from core.datasets.values import Dataset
from core.files.home import dataset_folder
from core.jobs import imports
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

    def photo_path(self, dataset_id: str, digest: str) -> Path:
        """The stored JPEG of a photo."""
        return dataset_folder(self.settings, dataset_id).photo(digest)
