"""The training stage: from the last checkpoint to the last epoch, leaving a checkpoint after each."""

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import keras

from core.costs import Spent
from core.errors import GraftError, NotFound
from core.runs import Epoch, Evaluation
from core.training import heads
from core.training.checkpoints import Checkpoint, Checkpoints
from core.training.curves import Curves
from core.training.fitting import Learnable, Trainer, best_of
from core.training.inputs import Inputs
from core.training.stopping import Stopped

if TYPE_CHECKING:
    from core.training.attempt import Context

_RECORD_SECONDS = 5.0


class Epochs:
    """The epochs of one attempt. ``history`` holds those behind it, ``first`` is the number of the next (1-based)."""

    def __init__(self, context: "Context"):
        self._context = context
        self._run, self._registry = context.run, context.registry
        self._numbers = context.run.recipe.hyperparameters
        self._checkpoints = Checkpoints(context.settings.run_dir(context.run.id) / "checkpoints")
        self._checkpoint = self._find_checkpoint()
        self.history = self._read_history()
        self._trained, self._inherited = self._spent_before()
        context.ledger.inherited = self._inherited
        self._recorded_at = time.monotonic()

    @property
    def first(self) -> int:
        return len(self.history) + 1

    # --- where to go on ---

    def _find_checkpoint(self) -> Checkpoint | None:
        """The last whole one of this run; at its beginning, that of the run it extends."""
        found = self._checkpoints.latest()
        if found is None and self._run.extends:
            found = self._inherit(self._run.extends)
        return found if found is not None and found.epoch <= self._numbers.epochs else None

    def _inherit(self, parent_id: str) -> Checkpoint | None:
        parent = Checkpoints(self._context.settings.run_dir(parent_id) / "checkpoints")
        epochs = self._epochs_of(parent_id)
        return self._checkpoints.inherit(parent, best=best_of(epochs).number if epochs else None)

    def _epochs_of(self, run_id: str) -> list[Epoch]:
        try:
            return self._registry.epochs(run_id)
        except NotFound:
            return []

    def _read_history(self) -> list[Epoch]:
        """The epochs up to the checkpoint, those the registry does not know yet recorded now.

        A kill between checkpoint and registry costs at most the last one, and that is in the checkpoint.
        """
        if self._checkpoint is None:
            return []
        own = {epoch.number: epoch for epoch in self._registry.epochs(self._run.id)}
        parents = self._epochs_of(self._run.extends) if self._run.extends else []
        mine = {epoch.number: replace(epoch, attempt=self._context.number) for epoch in parents}
        last = replace(Epoch(**self._checkpoint.meta["row"]), attempt=self._context.number)
        known = mine | {last.number: last} | own
        history = [known[number] for number in range(1, last.number + 1) if number in known]
        if len(history) < last.number:  # a registry restored from an old backup: begin again
            self._checkpoint = None
            return []
        for epoch in history:
            if epoch.number not in own:
                self._registry.record_epoch(self._run.id, self._context.number, epoch)
        return history

    def _spent_before(self) -> tuple[Spent, Spent]:
        """(training of this run's former attempts, training of the runs it extends)."""
        if self._checkpoint is None:
            return Spent(), Spent()
        meta = self._checkpoint.meta
        trained, inherited = Spent(**meta["trained"]), Spent(**meta["inherited"])
        return (trained, inherited) if meta["run"] == self._run.id else (Spent(), inherited + trained)

    # --- training ---

    def train(self, inputs: Inputs) -> keras.Model:
        """The head as it was after its best epoch."""
        head = heads.build_head(inputs.validation.array.shape[1], len(inputs.class_names), self._numbers)
        if self._checkpoint is not None:
            heads.read_state(head, self._checkpoint.state)
        trainer = Trainer(head, _learnable(inputs), self._numbers, self._context.stop.check)
        self._curves = Curves(self._context.settings.run_dir(self._run.id) / "tensorboard", self.history)
        self._begin = self._context.meter.spent()
        self._context.progress.start("Training", self._numbers.epochs, "epochs", done=len(self.history))
        for number in range(self.first, self._numbers.epochs + 1):
            epoch = trainer.run_epoch(number, self._context.number)
            self.history.append(epoch)
            self._keep(head, epoch)
            if self._registry.cancel_requested(self._run.id) is not None:
                raise Stopped
        self._curves.close()
        return self._restore_best(head)

    def _keep(self, head: keras.Model, epoch: Epoch) -> None:
        """Checkpoint first: what the registry and TensorBoard lack can be made up for from it."""
        meta = {
            "run": self._run.id,
            "attempt": self._context.number,
            "row": asdict(epoch),
            "trained": vars(self._trained + self._context.meter.spent().beyond(self._begin)),
            "inherited": vars(self._inherited),
        }
        best = best_of(self.history).number
        self._checkpoints.save(epoch.number, lambda path: heads.write_state(head, path), meta, best)
        self._registry.record_epoch(self._run.id, self._context.number, epoch)
        self._curves.add(epoch)
        self._context.progress.update(epoch.number)
        print(_words(epoch), flush=True)
        if time.monotonic() - self._recorded_at > _RECORD_SECONDS:
            self._registry.record_spent(self._run.id, self._context.number, self._context.ledger.so_far())
            self._recorded_at = time.monotonic()

    def _restore_best(self, head: keras.Model) -> keras.Model:
        best = best_of(self.history)
        if best.number != len(self.history):
            checkpoint = self._checkpoints.at(best.number)
            if checkpoint is None:
                raise GraftError(
                    f"The checkpoint of the best epoch ({best.number}) is missing or damaged. "
                    "Delete this run and train it again."
                )
            heads.read_state(head, checkpoint.state)
        return head

    def finish_curves(self, evaluation: Evaluation) -> None:
        """The run's row in TensorBoard's table of hyperparameters."""
        best = best_of(self.history)
        metrics = {
            "validation_accuracy": best.val_accuracy,
            "validation_loss": best.val_loss,
            "test_accuracy": evaluation.accuracy,
            "test_loss": evaluation.loss,
        }
        self._curves.finish(self._run.recipe, metrics, best.number)


def _learnable(inputs: Inputs) -> Learnable:
    return Learnable(
        views={view: features.array for view, features in inputs.train.items()},
        labels=inputs.labels("train"),
        validation=inputs.validation.array,
        validation_labels=inputs.labels("validation"),
        classes=len(inputs.class_names),
    )


def _words(epoch: Epoch) -> str:
    """One line of the log."""
    return (
        f"epoch {epoch.number}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}, "
        f"validation loss {epoch.val_loss:.4f}, accuracy {epoch.val_accuracy:.4f}, {epoch.seconds:.2f} s"
    )
