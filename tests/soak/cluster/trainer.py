"""The trainer of the soak test on several machines: the real one, except for recipes on which nothing is trained.

For those (``tests.soak.home.QUICK``) only the Keras part is replaced by a few bytes that every epoch changes, depending
on all epochs before it; so a lost, a doubled or an old epoch shows in the result. Leases, inputs, checkpoints,
publications, reports, exit records and the next run are the product's. Without TensorFlow a trainer is there after a
second.
"""

import sys
import time
from dataclasses import asdict
from hashlib import sha256

import numpy as np

from core.datasets.values import SPLITS
from core.files.folders import CARD
from core.files.home import run_folder
from core.models.card import card_of, model_of, write_card
from core.runs.costs import Meter
from core.runs.metrics import evaluate
from core.runs.predictions import Predictions
from core.runs.progress import ProgressWriter
from core.runs.stages import LOADING, TRAINING
from core.runs.values import Cancel, Epoch, Evaluation, Run
from core.training import saving, shared
from core.training.checkpoints import Checkpoints
from core.training.ledger import Ledger
from core.training.quantizing import Quantizing
from core.training.saving import SavedModel
from core.training.stopping import Stopped
from tests.soak.home import QUICK_BACKBONES
from tests.soak.trainer import trainer

EPOCH_SECONDS = 0.5
_train_measured = trainer.RunAttempt._train_measured


def is_quick(run: Run) -> bool:
    return run.recipe.backbone in QUICK_BACKBONES


def trained(self: trainer.RunAttempt, meter: Meter, ledger: Ledger) -> None:
    """In place of ``RunAttempt._train_measured``."""
    run = self._registry.run(self._run_id)
    if not is_quick(run):
        _train_measured(self, meter, ledger)
        return
    progress = ProgressWriter(self._run_id, self._settings)
    with meter.stage(LOADING):
        shared.bring_inputs(run, settings=self._settings, registry=self._registry, progress=progress, stop=self._stop)
    parts = {"run": run, "number": self._number, "settings": self._settings, "registry": self._registry}
    parts |= {"meter": meter, "ledger": ledger, "progress": progress, "stop": self._stop}
    QuickTraining(Quantizing(**parts)).go()  # a type of the product that holds these parts and nothing else


class QuickTraining:
    """One attempt; its steps have the order of ``core.training.epochs`` and ``core.training.finishing``."""

    def __init__(self, of: Quantizing) -> None:
        self._of, self._run = of, of.run
        self._folder = run_folder(of.settings, of.run.id)
        self._checkpoints = Checkpoints(self._folder.checkpoints, of.number)
        self._publisher = shared.Publisher(of.run, of.number, of.settings, of.registry)

    def go(self) -> None:
        state = self._resumed()
        epochs = self._run.recipe.hyperparameters.epochs
        self._of.progress.start(TRAINING, epochs, "epochs", done=state.epoch)
        while state.epoch < epochs:
            time.sleep(EPOCH_SECONDS)
            self._of.stop.check()
            state = state.next()
            self._save(state)
            if self._of.registry.cancel_requested(self._run.id) is Cancel.NOW:
                raise Stopped
            self._of.progress.step()
        self._finish(state)

    def _resumed(self) -> "State":
        found = self._checkpoints.latest()
        if found is None:
            return State.of(self._run)
        with np.load(found.state) as file:
            state = State(found.epoch, file["content"])
        recorded = {epoch.number for epoch in self._of.registry.epochs(self._run.id)}
        if recorded.issuperset(range(1, state.epoch)):
            if state.epoch not in recorded:  # a kill came between checkpoint and registry
                self._of.registry.record_epoch(self._run.id, self._of.number, state.row(self._of.number))
            return state
        return State.of(self._run)

    def _save(self, state: "State") -> None:
        row = state.row(self._of.number)
        write = lambda path: np.savez(path, content=state.content)  # noqa: E731
        self._checkpoints.save(state.epoch, write, {"run": self._run.id, "row": asdict(row)})
        self._of.registry.record_epoch(self._run.id, self._of.number, row)
        self._publisher.epoch_ended()

    def _finish(self, state: "State") -> None:
        evaluations = {split: self._measure(state, split) for split in SPLITS[1:]}
        folder = saving.begin(self._folder.model)
        (folder / "content.bin").write_bytes(state.content.tobytes())
        sizes = dict.fromkeys(("parameters_total", "parameters_trainable", "multiply_adds", "model_bytes"), 1)
        cost = self._of.ledger.cost(**sizes, ms_per_photo=None)
        card = card_of(self._run, self._of.dataset, evaluations, cost)
        card = write_card(folder, card, None, model=None, packages=("numpy",))
        shared.publish_finished(self._of, folder)
        self._of.stop.check()
        self._of.stop.ignore()
        saving.publish(SavedModel(folder=folder, graph=None), self._folder.model)
        model = model_of(self._run, card, self._folder.model / CARD, self._of.settings.home)
        registry, number = self._of.registry, self._of.number
        registry.record_spent(self._run.id, number, self._of.ledger.so_far())
        registry.finish(
            self._run.id, number, evaluation=evaluations["test"], cost=cost, model=model, best_epoch=state.epoch
        )
        self._publisher.attempt_ended()

    def _measure(self, state: "State", split: str) -> Evaluation:
        mine, names = self._of.photos[split], self._of.dataset.class_names
        found = Predictions(
            run_id=self._run.id,
            digests=tuple(photo.digest for photo in mine),
            labels=np.array([names.index(photo.class_name) for photo in mine]),
            probabilities=np.stack([state.probabilities(photo.digest, len(names)) for photo in mine]),
        )
        found.write(self._folder.predictions(split))
        return evaluate(found.probabilities, found.labels, names, found.digests)


class State:
    """Bytes after an epoch (0 for none), which depend on all epochs before."""

    def __init__(self, epoch: int, content: np.ndarray) -> None:
        self.epoch, self.content = epoch, content

    @classmethod
    def of(cls, run: Run) -> "State":
        return cls(0, _hashed(run.fingerprint.encode()))

    def next(self) -> "State":
        return State(self.epoch + 1, _hashed(self.content.tobytes() + str(self.epoch).encode()))

    def row(self, attempt: int) -> Epoch:
        loss, accuracy, val_loss, val_accuracy = (self.content[:4] / 256).tolist()
        return Epoch(number=self.epoch, attempt=attempt, loss=loss, accuracy=accuracy, val_loss=val_loss,
                     val_accuracy=val_accuracy, seconds=EPOCH_SECONDS)  # fmt: skip

    def probabilities(self, digest: str, classes: int) -> np.ndarray:
        found = 1.0 + _hashed(self.content.tobytes() + digest.encode())[:classes]
        return (found / found.sum()).astype(np.float32)


def _hashed(content: bytes) -> np.ndarray:
    return np.frombuffer(sha256(content).digest(), np.uint8).astype(np.float64)


trainer.RunAttempt._train_measured = trained

if __name__ == "__main__":
    sys.exit(trainer.main())
