"""What every use case needs: the settings and the registry of one home."""

from typing import Self

from core.datasets import sweep
from core.errors import Unavailable
from core.files.home import datasets_folder, features_folder, registry_file, runs_folder, uploads_folder
from core.jobs import background_imports, imports
from core.models import calibration
from core.registry import Registry
from core.settings import Settings, load_settings
from core.workbench import delete, training_time


class Bench:
    """One open home."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.settings = settings
        self.registry = registry

    @classmethod
    def open(cls, settings: Settings | None = None) -> Self:
        """Create missing folders, migrate and backfill the registry, and clean up after killed processes."""
        settings = settings or load_settings()
        _make_folders(settings)
        registry = Registry.open(registry_file(settings))
        sweep(settings)
        imports.recover(settings, registry)
        background_imports.recover(settings)
        delete.finish(settings, registry)
        calibration.recover(settings, registry)
        registry.backfill(settings)
        training_time.correct(settings, registry)
        return cls(settings, registry)


def _make_folders(settings: Settings) -> None:
    try:
        for folder in (datasets_folder, runs_folder, features_folder, uploads_folder):
            folder(settings).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"Graft cannot keep its state in {str(settings.home)[:200]!r} ({error.strerror}). "
            "Set GRAFT_HOME to a folder that this user may write to."
        ) from None
