"""TensorBoard's files of a run: curves of training and validation, and one row for the HParams table.

``tensorboard/train`` and ``tensorboard/validation`` use the same tags, so that TensorBoard lays one over the other;
the row is in ``tensorboard`` itself. No graph is written, so no TensorFlow session is needed.
"""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api as hparams_api
from tensorboard.plugins.scalar.metadata import create_summary_metadata
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util.tensor_util import make_tensor_proto

from core.files import atomic
from core.recipes.recipe import Recipe
from core.runs.values import Epoch


class Curves:
    """Writes the curves of one attempt.

    Files of earlier attempts are removed and their epochs written again, so that every step appears once, whatever a
    killed attempt had written.
    """

    def __init__(self, folder: Path, history: Iterable[Epoch] = ()):
        self._folder = folder
        atomic.pass_fence()
        shutil.rmtree(folder, ignore_errors=True)
        self._writers = {name: EventFileWriter(str(folder / name)) for name in ("train", "validation")}
        for epoch in history:
            self.add(epoch)

    def add(self, epoch: Epoch) -> None:
        """One point on every curve."""
        points = {"train": (epoch.loss, epoch.accuracy), "validation": (epoch.val_loss, epoch.val_accuracy)}
        for name, (loss, accuracy) in points.items():
            for tag, value in (("epoch_loss", loss), ("epoch_accuracy", accuracy)):
                self._writers[name].add_event(_event(_scalar(tag, value), epoch.number))
            self._writers[name].flush()

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()


_NOT_IN_TABLE = ("cascade", "members", "mapping", "prompts", "views_by_seed")


def write_row(folder: Path, recipe: Recipe, metrics: dict[str, float], step: int) -> None:
    """The run's row in the HParams table of a plain ``tensorboard --logdir``: its relevant hyperparameters and metrics.

    The dashboard does not read it: there the row comes from the registry (``web.board``).
    """
    hparams = {name: value for name, value in recipe.settings().items() if name not in _NOT_IN_TABLE}
    folder.mkdir(parents=True, exist_ok=True)
    writer = EventFileWriter(str(folder))
    writer.add_event(_event(hparams_api.hparams_pb(hparams), 0))
    for tag, value in metrics.items():
        writer.add_event(_event(_scalar(tag, value), step))
    writer.close()


def _event(summary: Summary, step: int) -> Event:
    return Event(wall_time=time.time(), step=step, summary=summary)


def _scalar(tag: str, value: float) -> Summary:
    metadata = create_summary_metadata(display_name="", description="")
    return Summary(value=[Summary.Value(tag=tag, tensor=make_tensor_proto(value, dtype="float32"), metadata=metadata)])
