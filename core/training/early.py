"""Features of a run's photos, computed in a thread while this process imports TensorFlow. No TensorFlow here.

The import keeps one core busy for some seconds, and needs nothing of the photos. Only engines that are exported already
can begin so early. What the thread does not finish, or cannot do, is computed when the run gathers its features.
"""

import threading
from collections.abc import Iterator, Mapping
from functools import partial

from core.backbones.values import Backbone
from core.datasets.values import Photo
from core.errors import GraftError
from core.features.compute import features_of
from core.features.engines import Engine, litert_engine, needs_export
from core.features.store import is_stored, key_of
from core.models.lineage import backbones_of
from core.recipes.program import PREDICTIONS, Part, cuts_of, features_used, program_of
from core.registry import Registry
from core.runs.costs import Clock, clock_without_thread, gpu_of_slot
from core.runs.progress import ProgressWriter
from core.runs.stages import FEATURES
from core.runs.values import Run
from core.settings import Settings
from core.training.ledger import Ledger
from core.training.photos import photos_by_split
from core.training.stopping import Stop

_LOOK_SECONDS = 0.2
"""Between two reports of the progress."""


class EarlyFeatures:
    """Computes what is missing of the features of ``run`` from its creation on, in a thread.

    Costs are charged to ``ledger`` as if they were computed alone: without those of the thread that makes this object,
    which imports TensorFlow meanwhile.

    Raises:
        GraftError: the run cannot be trained.
    """

    def __init__(self, run: Run, *, settings: Settings, registry: Registry, ledger: Ledger) -> None:
        self._run, self._settings, self._ledger = run, settings, ledger
        self._dataset = registry.dataset(run.dataset_id)
        self._photos: Mapping[str, list[Photo]] = photos_by_split(registry, self._dataset)
        self._clock: Clock = clock_without_thread(threading.get_ident())
        self._wanted = list(self._missing(backbones_of(run.recipe, registry, settings)))
        self._engines: dict[Part, Engine] = {}
        self._done = self._before = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._compute, name="early features", daemon=True)
        self._thread.start()

    def _missing(self, backbones: Mapping[str, Backbone]) -> Iterator[tuple[Part, Backbone, str, int]]:
        """(part, its backbone, split, view) of what the recipe reads and an exported engine can compute."""
        recipe = self._run.recipe
        program = program_of(recipe, backbones[recipe.backbone].blocks)
        for part, split, view in features_used(program, recipe.hyperparameters.views, self._run.epochs_done + 1):
            if part.cut == PREDICTIONS:
                continue
            backbone = backbones[part.source]
            which = recipe.view(view)
            keys = [key_of(self._dataset, backbone, split, cut=cut, which=which) for cut in cuts_of(part.cut)]
            if backbone.is_onnx or needs_export(backbone, self._settings, part.cut):
                continue
            if not all(is_stored(key, self._settings) for key in keys):
                yield part, backbone, split, view

    def _compute(self) -> None:
        try:
            for part, backbone, split, view in self._wanted:
                self._compute_one(part, backbone, split, view)
                self._before += len(self._photos[split])
        except _Enough:
            return
        except (GraftError, OSError) as error:  # met again, and reported, by the run when it gathers its features
            print(error, flush=True)

    def _compute_one(self, part: Part, backbone: Backbone, split: str, view: int) -> None:
        which = self._run.recipe.view(view)
        key = key_of(self._dataset, backbone, split, cut=part.cut, which=which)
        with self._ledger.charge(key.name, self._clock):
            features_of(
                self._photos[split],
                dataset=self._dataset,
                backbone=backbone,
                settings=self._settings,
                cut=part.cut,
                which=which,
                progress=self._report,
                waiting=self._leave,
                engine=partial(self._engine, part, backbone),
                clock=self._clock,
            )

    def _engine(self, part: Part, backbone: Backbone) -> Engine:
        if part not in self._engines:
            self._engines[part] = litert_engine(backbone, self._settings, part.cut, self._leave)
        return self._engines[part]

    def _report(self, done: int, _total: int) -> None:
        self._done = self._before + done
        if self._ended.is_set():
            raise _Enough

    def _leave(self) -> None:
        """Another process computes them; the run waits for that one."""
        raise _Enough

    def wait(self, progress: ProgressWriter, stop: Stop) -> None:
        """Returns when everything is computed, or cannot be.

        Raises:
            Stopped: a stop was requested.
        """
        total = sum(len(self._photos[split]) for _, _, split, _ in self._wanted)
        while self._thread.is_alive():
            stop.check()
            progress.start(FEATURES, total, "photos", done=self._done)
            self._thread.join(_LOOK_SECONDS)

    def end(self) -> None:
        """Stops after the photos that are being computed; what was computed stays stored."""
        self._ended.set()
        self._thread.join()


class _Enough(Exception):
    """Ends the thread."""


def start_early(run: Run, *, settings: Settings, registry: Registry, ledger: Ledger) -> EarlyFeatures | None:
    """None where the run cannot be trained, which it says itself, or a GPU will compute its features."""
    if gpu_of_slot() is not None:
        return None
    try:
        return EarlyFeatures(run, settings=settings, registry=registry, ledger=ledger)
    except GraftError:
        return None
