"""What a trainer fetches before it begins, and publishes while it trains and at its end, so that any machine goes on.

With ``GRAFT_ARTIFACTS=home`` nothing is done.
"""

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from core.artifacts.blobs import StoreAway
from core.artifacts.bringing import bring
from core.artifacts.parts import publish_checkpoints, publish_curves, publish_model, publish_results
from core.artifacts.patience import patiently
from core.datasets.shards import is_large
from core.errors import GraftError, NoSpace, NotFound
from core.files.here import checkpoints_name, dataset_here, model_here, predictions_here
from core.files.home import run_folder
from core.models.lineage import parents_of
from core.registry import Registry
from core.runs.progress import ProgressWriter
from core.runs.stages import FETCHING, STORE
from core.runs.values import Run
from core.settings import Settings
from core.training.checkpoints import Checkpoints
from core.training.stopping import Stop

PUBLISH_SECONDS = 15.0
"""Checkpoints are published this often at most: of a head that learns in seconds not every epoch needs to be."""


class AttemptOf(Protocol):
    """An attempt of a run, whatever it trains."""

    @property
    def run(self) -> Run: ...

    @property
    def number(self) -> int: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def registry(self) -> Registry: ...

    @property
    def progress(self) -> ProgressWriter: ...

    @property
    def stop(self) -> Stop: ...


def bring_inputs(run: Run, *, settings: Settings, registry: Registry, progress: ProgressWriter, stop: Stop) -> None:
    """The photos (of a large dataset the stages fetch what they need), the models and predictions that the run builds
    on, and the checkpoint from which it goes on.

    Waits while the store does not answer.

    Raises:
        Stopped: a stop was requested. Altered: a file in the store was changed. NoSpace: the disk is full.
    """
    if not settings.artifacts:
        return

    def waiting() -> None:
        stop.check()
        progress.start(STORE, 0)

    def fetch() -> None:
        progress.start(FETCHING, 0)
        if not is_large(registry.dataset(run.dataset_id)):  # else each stage fetches the photos that it needs
            dataset_here(settings, run.dataset_id)
        for parent in parents_of(run.recipe):
            model_here(settings, parent)
            predictions_here(settings, parent, "test")
        _bring_checkpoints(run.id, settings, registry)
        if run.extends:
            _bring_checkpoints(run.extends, settings, registry)

    run_folder(settings, run.id).path.mkdir(parents=True, exist_ok=True)
    patiently(fetch, waiting)


def _bring_checkpoints(run_id: str, settings: Settings, registry: Registry) -> None:
    """Those of another machine, unless the ones here are as new as what the registry knows."""
    folder = run_folder(settings, run_id).checkpoints
    last, done = Checkpoints(folder).latest(), len(registry.epochs_of([run_id])[run_id])
    if last is None or not done <= last.epoch <= done + 1:
        bring(settings, checkpoints_name(run_id), folder)


class Publisher:
    """Publishes the checkpoints and curves of an attempt, now and then."""

    def __init__(self, run: Run, number: int, settings: Settings, registry: Registry) -> None:
        """``number`` of the attempt."""
        self._run, self._settings, self._registry = replace(run, attempt=number), settings, registry
        self._published_at = float("-inf")

    def epoch_ended(self) -> None:
        """Publishes, unless it did so a moment ago. A store that is away is tried again after a later epoch.

        Raises:
            Conflict: another attempt has taken over.
        """
        if self._settings.artifacts and time.monotonic() - self._published_at >= PUBLISH_SECONDS:
            self._publish()

    def attempt_ended(self) -> None:
        """Publishes what is left of an attempt, so that another machine shows it, or goes on from it."""
        if self._settings.artifacts:
            with suppress(GraftError):  # how it ended is already decided
                self._publish()

    def _publish(self) -> None:
        try:
            for part in (publish_checkpoints, publish_curves):
                with suppress(NotFound):  # nothing yet
                    part(self._settings, self._registry, self._run)
        except (StoreAway, NoSpace) as error:
            print(f"{error} Training goes on.", flush=True)
        self._published_at = time.monotonic()


def publish_finished(of: AttemptOf, model: Path) -> None:
    """Publishes the finished model, which is in the folder ``model`` still, the predictions, and the last checkpoints,
    from which another machine extends the run. Waits for the store.

    Raises:
        Stopped: a stop was requested. Conflict: another attempt has taken over. Unavailable: the store refuses.
    """
    run = replace(of.run, attempt=of.number)

    def waiting() -> None:
        of.stop.check()
        of.progress.start(STORE, 0)

    def publish() -> None:
        publish_model(of.settings, of.registry, run, model, of.stop.check)
        publish_results(of.settings, of.registry, run, of.stop.check)
        with suppress(NotFound):  # nothing was trained by epochs
            publish_checkpoints(of.settings, of.registry, run, of.stop.check)

    if of.settings.artifacts:
        patiently(publish, waiting)
