"""TensorBoard event files like those of a run, written without TensorFlow."""

import time
from collections.abc import Sequence
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from core.runs.values import Epoch


def write_events(folder: Path, epochs: Sequence[Epoch]) -> None:
    """``folder/train`` and ``folder/validation`` with the scalars of every epoch."""
    _write(folder / "train", {"epoch_loss": [e.loss for e in epochs], "epoch_accuracy": [e.accuracy for e in epochs]})
    _write(
        folder / "validation",
        {"epoch_loss": [e.val_loss for e in epochs], "epoch_accuracy": [e.val_accuracy for e in epochs]},
    )


def _write(folder: Path, series: dict[str, list[float]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"events.out.tfevents.{int(time.time())}.graft").open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
        for tag, values in series.items():
            for step, value in enumerate(values):
                summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
                writer.write(Event(wall_time=time.time(), step=step, summary=summary).SerializeToString())
        writer.flush()
