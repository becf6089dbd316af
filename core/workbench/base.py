"""What every use case needs: the settings and the registry of one home."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Self

from core.artifacts import bringing
from core.datasets import sweep
from core.datasets.values import Dataset
from core.errors import NoSpace, NotFound, Unavailable
from core.exports import background, importing
from core.files.home import (
    backbones_folder,
    datasets_folder,
    features_folder,
    runs_folder,
    uploads_folder,
)
from core.jobs import additions, background_additions, background_imports, background_tables, imports
from core.models import calibration
from core.models.doubts import Doubts
from core.people.acting import Role, require, require_change
from core.registry import Registry
from core.settings import Settings, load_settings
from core.workbench import delete, training_time


class Bench:
    """One open home."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.settings = settings
        self.registry = registry

    @cached_property
    def doubts(self) -> Doubts:
        """How sure the models are; what was read stays in memory as long as this home is open."""
        return Doubts(self.registry, self.settings)

    def changing(self, references: Iterable[str]) -> list[str]:
        """The ids of runs that the acting person is about to change, each once.

        Raises:
            NotFound: there is no such run. Forbidden: one is somebody else's, or the role is too small.
        """
        runs = {run.id: run for run in map(self.registry.run, references)}
        require(Role.TRAINER, "Changing a run")
        for run in runs.values():
            require_change(run.owner, f"run {run.id}")
        return list(runs)

    def changing_dataset(self, reference: str) -> Dataset:
        """The dataset that the acting person is about to change.

        Raises:
            NotFound: there is no such dataset. Forbidden: it is somebody else's, or the role is too small.
        """
        dataset = self.registry.dataset(reference)
        require_change(dataset.owner, f"the dataset {dataset.name} version {dataset.version}")
        return dataset

    @contextmanager
    def unless_deleted(self, run_ids: Iterable[str]) -> Iterator[None]:
        """For reading files of the models of runs: what fails because one is deleted meanwhile becomes NotFound. The
        files go before the rows, so the registry may still have a model whose files are gone.
        """
        try:
            yield
        except (Unavailable, NoSpace, OSError) as error:
            for run_id in run_ids:
                if delete.is_being_deleted(self.settings, run_id):  # asked first: afterwards the rows are gone
                    raise NotFound(f"The model of run {run_id} is being deleted.") from error
                self.registry.run_of_model(run_id)
            raise

    @classmethod
    def open(cls, settings: Settings | None = None) -> Self:
        """Create missing folders, migrate and backfill the registry, and clean up after killed processes."""
        settings = settings or load_settings()
        bringing.install()
        _make_folders(settings)
        registry = Registry.of(settings)
        sweep(settings)
        imports.recover(settings, registry)
        background_imports.recover(settings)
        additions.recover(settings, registry)
        background_additions.recover(settings)
        background.recover(settings)
        importing.recover(settings)
        background_tables.recover(settings)
        delete.finish(settings, registry)
        calibration.recover(settings, registry)
        registry.backfill(settings)
        training_time.correct(settings, registry)
        return cls(settings, registry)


def _make_folders(settings: Settings) -> None:
    try:
        for folder in (datasets_folder, runs_folder, features_folder, uploads_folder, backbones_folder):
            folder(settings).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"Graft cannot keep its state in {str(settings.home)[:200]!r} ({error.strerror}). "
            "Set GRAFT_HOME to a folder that this user may write to."
        ) from None
