"""A dataset, and a trainer of the tests' own that works through the queue while a search waits."""

import numpy as np
import pytest

from core import jobs
from core.files.home import run_folder, search_job
from core.runs.metrics import evaluate
from core.runs.values import Cancel, Epoch, Status
from core.searching.search import RecipeSearch
from core.searching.values import SearchQuestion
from core.workbench import Workbench
from tests.factories import fill, make_cost, make_model, make_probabilities, write_model

SECONDS = 10.0
"""What a run costs."""


class Trainer:
    """Claims a run, trains a fifth of its epochs, ... at every call, as the supervisor and its trainers do over time.

    Args:
        reach: the validation accuracy of a run, by its recipe. seconds: what it costs.
    """

    def __init__(self, registry, settings, dataset, reach=lambda recipe: 0.8, seconds=SECONDS):
        self.registry, self.settings, self.dataset = registry, settings, dataset
        self.reach, self.seconds = reach, seconds
        self.started, self.before = [], []

    def __call__(self, _seconds: float) -> None:
        for action in self.before:
            action()
        running = self.registry.runs(self.dataset.id, status=Status.RUNNING)
        if running:
            self._step(running[0])
        elif claimed := self.registry.claim("cpu", "tests"):
            self.started.append(claimed.id)

    def _step(self, run) -> None:
        cancel = self.registry.cancel_requested(run.id)
        if cancel is Cancel.NOW:
            self._spend(run, 0.5)
            self.registry.end(run.id, run.attempt, Status.KILLED, "Cancelled.")
            return
        epochs = run.recipe.hyperparameters.epochs
        if run.recipe.is_trained and run.epochs_done < epochs:
            for number in range(run.epochs_done + 1, min(epochs, run.epochs_done + -(-epochs // 5)) + 1):
                self.registry.record_epoch(run.id, run.attempt, self._epoch(run, number))
            if cancel is not Cancel.AFTER_EPOCH:
                return
        self._finish(self.registry.run(run.id))

    def _spend(self, run, part: float) -> None:
        spent = {"wall_seconds": part * self.seconds, "cpu_seconds": 1.0}
        self.registry.record_spent(run.id, run.attempt, spent)

    def _epoch(self, run, number: int) -> Epoch:
        reach = self.reach(run.recipe)
        return Epoch(
            number=number, attempt=run.attempt, loss=0.5, accuracy=reach, val_loss=1.0 - reach, val_accuracy=reach,
            seconds=1.0,
        )  # fmt: skip

    def _finish(self, run) -> None:
        folder = run_folder(self.settings, run.id).path
        folder.mkdir(parents=True, exist_ok=True)
        evaluation = None
        for split, right in (("validation", self.reach(run.recipe)), ("test", 1.0 - self.reach(run.recipe))):
            photos = self.registry.photos(self.dataset.id, split=split)
            labels = np.array([self.dataset.class_names.index(one.class_name) for one in photos], np.int64)
            digests = np.array([one.digest for one in photos])
            probabilities = make_probabilities(labels, len(self.dataset.class_names), right=right)
            np.savez(folder / f"{split}.npz", digests=digests, labels=labels, probabilities=probabilities)
            evaluation = evaluate(probabilities, labels, self.dataset.class_names, digests)
        cost = make_cost(wall_seconds=self.seconds)
        model, cost = write_model(folder / "model", make_model(run), cost, self.dataset, evaluation)
        best = 1 if run.recipe.is_trained else None
        self._spend(run, 1.0)
        self.registry.finish(run.id, run.attempt, evaluation=evaluation, cost=cost, model=model, best_epoch=best)


@pytest.fixture
def dataset(registry, settings):
    """80 photos of four classes, with files: 56 to train, 12 to validate, 12 to test."""
    return fill(registry, settings, runs=0).dataset


@pytest.fixture
def bench(settings, registry, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda settings: None)
    return Workbench(settings, registry)


@pytest.fixture
def trainer(registry, settings, dataset):
    return Trainer(registry, settings, dataset)


@pytest.fixture
def told():
    """Every status that was reported."""
    return []


@pytest.fixture
def make_search(bench, dataset, settings, trainer, told):
    """A search that goes on with the study of the dataset, where there is one."""

    def make(minutes=60.0, trials=None, report=told.append, wait=trainer):
        folder = search_job(settings, dataset.id)
        folder.path.mkdir(parents=True, exist_ok=True)
        question = SearchQuestion(minutes=minutes, trials=trials)
        return RecipeSearch(dataset, question, bench=bench, path=folder.study, report=report, wait=wait)

    return make
