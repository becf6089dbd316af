"""Training by gradient descent: from the last checkpoint to the last epoch, with a checkpoint after each."""

import math
from collections.abc import Callable, Collection
from dataclasses import asdict, replace

from core.errors import GraftError, NotFound
from core.files.home import run_folder
from core.recipes.program import Part, Stage, out_of_patience
from core.runs.costs import Spent
from core.runs.epochs import best_of
from core.runs.stages import TRAINING
from core.runs.values import Cancel, Epoch
from core.training.checkpoints import Checkpoint, Checkpoints
from core.training.context import Context
from core.training.curves import Curves
from core.training.feeds import Feed
from core.training.fitting import Trainer, TrainingData, views_needed
from core.training.shared import Publisher
from core.training.sources import TrainingInputs
from core.training.stopping import Stopped
from core.training.trainable import TrainableModel


class Epochs:
    """The epochs of one attempt.

    Attributes:
        history: the finished epochs, earlier attempts included. first: the number of the next one (1-based).
        over: whether none is left. stopped: why training ended early on request, else "".
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._run, self._registry = context.run, context.registry
        self._program = context.program
        self._hp = context.run.recipe.hyperparameters
        self._checkpoints = Checkpoints(run_folder(context.settings, context.run.id).checkpoints, context.number)
        self._checkpoint = self._find_checkpoint()
        self._publisher = Publisher(context.run, context.number, context.settings, context.registry)
        self.history = self._read_history()
        self.stopped = ""
        self._trained, self._inherited = self._spent_before()
        context.ledger.inherit(self._inherited, self._attempts_extended())

    @property
    def first(self) -> int:
        return len(self.history) + 1

    @property
    def over(self) -> bool:
        """Whether no epoch is left: all are done, or none was better than the best one for ``patience`` epochs."""
        done, best = len(self.history), self.best.number if self.history else 0
        return done >= self._hp.epochs or out_of_patience(
            self._program, self._context.blocks, done=done, best=best, patience=self._hp.patience
        )

    @property
    def best(self) -> Epoch:
        """The best epoch so far."""
        return best_of(self.history, self._hp.best_by)

    # --- where to resume ---

    def _find_checkpoint(self) -> Checkpoint | None:
        """The last intact checkpoint of this run; before its first, that of the run it extends."""
        found = self._checkpoints.latest()
        if found is None and self._run.extends and self._may_inherit(self._run.extends):
            found = self._inherit(self._run.extends)
        return found if found is not None and found.epoch <= self._hp.epochs else None

    def _may_inherit(self, parent_id: str) -> bool:
        """False where the learning rate depends on the number of epochs and that differs."""
        try:
            parent = self._registry.run(parent_id).recipe
        except NotFound:
            return False
        return not self._run.recipe.length_matters or parent.hyperparameters.epochs == self._hp.epochs

    def _inherit(self, parent_id: str) -> Checkpoint | None:
        parent = Checkpoints(run_folder(self._context.settings, parent_id).checkpoints)
        epochs = self._epochs_of(parent_id)
        return self._checkpoints.inherit(parent, best=best_of(epochs, self._hp.best_by).number if epochs else None)

    def _epochs_of(self, run_id: str) -> list[Epoch]:
        try:
            return self._registry.epochs(run_id)
        except NotFound:
            return []

    def _read_history(self) -> list[Epoch]:
        """The epochs up to the checkpoint; those missing in the registry are recorded now.

        After a kill between checkpoint and registry only the last one is missing, and the checkpoint contains it.
        """
        if self._checkpoint is None:
            return []
        own = {epoch.number: epoch for epoch in self._registry.epochs(self._run.id)}
        parents = self._epochs_of(self._run.extends) if self._run.extends else []
        mine = {epoch.number: replace(epoch, attempt=self._context.number) for epoch in parents}
        last = replace(Epoch(**self._checkpoint.meta["row"]), attempt=self._context.number)
        known = mine | {last.number: last} | own
        history = [known[number] for number in range(1, last.number + 1) if number in known]
        if len(history) < last.number:  # the registry was restored from an old backup: start over
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

    def _attempts_extended(self) -> list[dict]:
        """The recorded costs of the run whose checkpoint this attempt starts from."""
        if self._checkpoint is None or self._checkpoint.meta["run"] == self._run.id:
            return []
        return self._registry.spent(self._checkpoint.meta["run"]) or [{}]  # deleted: what it used is not known

    # --- training ---

    def train(self, trainable: TrainableModel, sources: TrainingInputs) -> None:
        """Trains all remaining epochs; ``trainable`` then has the weights of the best one."""
        self._trainable, self._sources = trainable, sources
        self._stage: Stage | None = None
        self._curves = Curves(run_folder(self._context.settings, self._run.id).tensorboard, self.history)
        self._begin = self._context.meter.spent()
        if self._checkpoint is not None:
            trainable.read(self._checkpoint.state, self._program.stage_of(self._checkpoint.epoch))
        while not self.over and not self.stopped:
            stage = self._program.stage_of(self.first)
            if stage is not self._stage:
                self._enter(stage)
            epoch = self._trainer.run_epoch(self.first, self._context.number)
            self.history.append(epoch)
            self._save(epoch, stage)
            self._check_cancelled()
        self._curves.close()
        self._restore_best()

    def _enter(self, stage: Stage) -> None:
        """Compiles the model of a stage; when resumed within it, restores the optimizer."""
        views = views_needed(self._hp, self.first, stage.last_epoch)
        data = training_data(self._sources, stage, views, self._program.teacher)
        feed = next(iter(data.views.values()))
        steps = math.ceil(len(feed) / self._hp.batch_size)
        self._model = self._trainable.compiled(stage, steps, in_memory=feed.in_memory)
        resumed = self._checkpoint if self._stage is None else None
        if resumed is not None and self._program.stage_of(resumed.epoch) is stage:
            self._trainable.read_optimizer(resumed.state, stage, self._model)
        self._stage = stage
        on_batch = self._progress_of(stage, feed)
        settle, passes = self._trainable.settle, self._trainable.passes
        self._trainer = Trainer(self._model, data, self._hp, on_batch, settle, passes)
        print(f"stage {stage.name}: epochs {stage.first_epoch} to {stage.last_epoch}", flush=True)

    def _progress_of(self, stage: Stage, feed: Feed) -> Callable[[int], None]:
        """The callback of every batch: reports progress (in epochs from memory, else in photos), checks for stops."""
        progress, stop = self._context.progress, self._context.stop
        epochs, size, photos = self._hp.epochs, self._hp.batch_size, len(feed)
        counted = not feed.in_memory
        if counted:
            progress.start(TRAINING, epochs * photos, "photos", done=len(self.history) * photos)
        else:
            progress.start(TRAINING, epochs, "epochs", done=len(self.history))

        def report(step: int) -> None:
            stop.check()
            if counted and step > 0:
                progress.update(len(self.history) * photos + min(step * size, photos))
            else:
                progress.step()

        return report

    def _check_cancelled(self) -> None:
        requested = self._registry.cancel_requested(self._run.id)
        if requested is Cancel.NOW:
            raise Stopped
        if requested is Cancel.AFTER_EPOCH and not self.over:
            self.stopped = f"Stopped after epoch {len(self.history)} of {self._hp.epochs}."

    def _save(self, epoch: Epoch, stage: Stage) -> None:
        """Checkpoint first: registry and TensorBoard can be completed from it."""
        meta = {
            "run": self._run.id,
            "attempt": self._context.number,
            "row": asdict(epoch),
            "trained": vars(self._trained + self._context.meter.spent().minus(self._begin)),
            "inherited": vars(self._inherited),
        }
        write = lambda path: self._trainable.write(path, stage, self._model)  # noqa: E731
        self._checkpoints.save(epoch.number, write, meta, self.best.number)
        self._registry.record_epoch(self._run.id, self._context.number, epoch)
        self._curves.add(epoch)
        self._publisher.epoch_ended()
        if self._sources.feed(stage.inputs, "validation").in_memory:
            self._context.progress.update(epoch.number)
        print(_log_line(epoch), flush=True)

    def _restore_best(self) -> None:
        best = self.best
        if best.number == len(self.history):
            return
        checkpoint = self._checkpoints.at(best.number)
        if checkpoint is None:
            raise GraftError(
                f"The checkpoint of the best epoch ({best.number}) is missing or damaged. "
                "Delete this run and train it again."
            )
        self._trainable.read(checkpoint.state, self._program.stage_of(best.number))


def training_data(
    sources: TrainingInputs, stage: Stage, views: Collection[int], teacher: Part | None = None
) -> TrainingData:
    return TrainingData(
        views={view: sources.feed(stage.inputs, "train", view) for view in views},
        labels=sources.labels("train"),
        validation=sources.feed(stage.inputs, "validation"),
        validation_labels=sources.labels("validation"),
        classes=len(sources.dataset.class_names),
        teacher={view: sources.vectors((teacher,), "train", view) for view in views} if teacher else {},
    )


def _log_line(epoch: Epoch) -> str:
    return (
        f"epoch {epoch.number}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}, "
        f"validation loss {epoch.val_loss:.4f}, accuracy {epoch.val_accuracy:.4f}, {epoch.seconds:.2f} s"
    )
