"""The training stage: from the last checkpoint to the last epoch, leaving a checkpoint after each."""

import math
import time
from collections.abc import Collection
from dataclasses import asdict, replace

from core.errors import GraftError, NotFound
from core.recipes.program import Stage, out_of_patience
from core.runs.costs import Spent
from core.runs.values import Cancel, Epoch
from core.training.checkpoints import Checkpoint, Checkpoints
from core.training.context import Context
from core.training.curves import Curves
from core.training.fitting import Trainer, TrainingData, best_of, views_needed
from core.training.sources import TrainingInputs
from core.training.stopping import Stopped
from core.training.trainable import TrainableModel

_RECORD_SECONDS = 5.0


class Epochs:
    """The epochs of one attempt. ``history`` holds those behind it, ``first`` is the number of the next (1-based).

    Args:
        program: of the run. ``stopped`` says why it ended before its last epoch, if somebody asked for it.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._run, self._registry = context.run, context.registry
        self._program = context.program
        self._numbers = context.run.recipe.hyperparameters
        self._checkpoints = Checkpoints(context.settings.run_dir(context.run.id) / "checkpoints")
        self._checkpoint = self._find_checkpoint()
        self.history = self._read_history()
        self.stopped = ""
        self._trained, self._inherited = self._spent_before()
        context.ledger.inherited = self._inherited
        self._recorded_at = time.monotonic()

    @property
    def first(self) -> int:
        return len(self.history) + 1

    @property
    def over(self) -> bool:
        """Whether no epoch is left to run: all are done, or patience has run out."""
        losses = [epoch.val_loss for epoch in self.history]
        blocks, patience = self._context.blocks, self._numbers.patience
        return self.first > self._numbers.epochs or out_of_patience(self._program, blocks, losses, patience)

    # --- where to go on ---

    def _find_checkpoint(self) -> Checkpoint | None:
        """The last whole one of this run; at its beginning, that of the run it extends."""
        found = self._checkpoints.latest()
        if found is None and self._run.extends and self._may_inherit(self._run.extends):
            found = self._inherit(self._run.extends)
        return found if found is not None and found.epoch <= self._numbers.epochs else None

    def _may_inherit(self, parent_id: str) -> bool:
        """Not where the learning rate falls over all epochs, and there is another number of them."""
        try:
            parent = self._registry.run(parent_id).recipe
        except NotFound:
            return False
        return not self._run.recipe.length_matters or parent.hyperparameters.epochs == self._numbers.epochs

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

    def train(self, trainee: TrainableModel, sources: TrainingInputs) -> None:
        """Every epoch that is left; ``trainee`` is then as it was after the best one."""
        self._trainee, self._sources = trainee, sources
        self._stage: Stage | None = None
        self._curves = Curves(self._context.settings.run_dir(self._run.id) / "tensorboard", self.history)
        self._begin = self._context.meter.spent()
        if self._checkpoint is not None:
            trainee.read(self._checkpoint.state, self._program.stage_of(self._checkpoint.epoch))
        while not self.over and not self.stopped:
            stage = self._program.stage_of(self.first)
            if stage is not self._stage:
                self._enter(stage)
            epoch = self._trainer.run_epoch(self.first, self._context.number)
            self.history.append(epoch)
            self._keep(epoch, stage)
            self._look_for_cancel()
        self._curves.close()
        self._restore_best()

    def _enter(self, stage: Stage) -> None:
        """Compiles the model of a stage; resumed in the middle of it, with its optimizer as it was."""
        views = views_needed(self._numbers, self.first, stage.last_epoch)
        data = _learnable(self._sources, stage, views)
        feed = next(iter(data.views.values()))
        steps = math.ceil(len(feed) / self._numbers.batch_size)
        self._model = self._trainee.compiled(stage, steps, in_memory=feed.in_memory)
        resumed = self._checkpoint if self._stage is None else None
        if resumed is not None and self._program.stage_of(resumed.epoch) is stage:
            self._trainee.read_optimizer(resumed.state, stage, self._model)
        self._stage = stage
        on_batch = self._progress_of(stage, feed)
        self._trainer = Trainer(self._model, data, self._numbers, on_batch, self._trainee.settle)
        print(f"stage {stage.name}: epochs {stage.first_epoch} to {stage.last_epoch}", flush=True)

    def _progress_of(self, stage: Stage, feed):
        """Counts epochs where they take a moment, photos where they take minutes; and looks for a stop."""
        progress, stop = self._context.progress, self._context.stop
        epochs, size, photos = self._numbers.epochs, self._numbers.batch_size, len(feed)
        if feed.in_memory:
            progress.start("Training", epochs, "epochs", done=len(self.history))
            return lambda step: stop.check()
        progress.start("Training", epochs * photos, "photos", done=len(self.history) * photos)

        def report(step: int) -> None:
            stop.check()
            if step > 0:
                progress.update(len(self.history) * photos + min(step * size, photos))

        return report

    def _look_for_cancel(self) -> None:
        asked = self._registry.cancel_requested(self._run.id)
        if asked is Cancel.NOW:
            raise Stopped
        if asked is Cancel.AFTER_EPOCH and not self.over:
            self.stopped = f"Stopped after epoch {len(self.history)} of {self._numbers.epochs}."

    def _keep(self, epoch: Epoch, stage: Stage) -> None:
        """Checkpoint first: what the registry and TensorBoard lack can be made up for from it."""
        meta = {
            "run": self._run.id,
            "attempt": self._context.number,
            "row": asdict(epoch),
            "trained": vars(self._trained + self._context.meter.spent().minus(self._begin)),
            "inherited": vars(self._inherited),
        }
        best = best_of(self.history).number
        self._checkpoints.save(epoch.number, lambda path: self._trainee.write(path, stage, self._model), meta, best)
        self._registry.record_epoch(self._run.id, self._context.number, epoch)
        self._curves.add(epoch)
        if self._sources.feed(stage.inputs, "validation").in_memory:
            self._context.progress.update(epoch.number)
        print(_words(epoch), flush=True)
        if time.monotonic() - self._recorded_at > _RECORD_SECONDS:
            self._registry.record_spent(self._run.id, self._context.number, self._context.ledger.so_far())
            self._recorded_at = time.monotonic()

    def _restore_best(self) -> None:
        best = best_of(self.history)
        if best.number == len(self.history):
            return
        checkpoint = self._checkpoints.at(best.number)
        if checkpoint is None:
            raise GraftError(
                f"The checkpoint of the best epoch ({best.number}) is missing or damaged. "
                "Delete this run and train it again."
            )
        self._trainee.read(checkpoint.state, self._program.stage_of(best.number))


def _learnable(sources: TrainingInputs, stage: Stage, views: Collection[int]) -> TrainingData:
    return TrainingData(
        views={view: sources.feed(stage.inputs, "train", view) for view in views},
        labels=sources.labels("train"),
        validation=sources.feed(stage.inputs, "validation"),
        validation_labels=sources.labels("validation"),
        classes=len(sources.dataset.class_names),
    )


def _words(epoch: Epoch) -> str:
    """One line of the log."""
    return (
        f"epoch {epoch.number}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}, "
        f"validation loss {epoch.val_loss:.4f}, accuracy {epoch.val_accuracy:.4f}, {epoch.seconds:.2f} s"
    )
