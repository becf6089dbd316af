"""What TensorBoard may see: the chosen runs, under names people know.

TensorBoard's own run filter is a regular expression in the browser: it fetches every run of the folder, and above 500
selects none. Here the choice is part of the address and everything else is never read.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboard.data import provider

FOLDER = "tensorboard"
"""Below a run's folder; the trainer writes its events there."""


class SelectedRuns(provider.DataProvider):
    """A data provider that narrows another one to the runs named by the experiment id.

    Args:
        inner: reads ``runs_dir``; its run names are paths, ``<run id>/tensorboard[/train]``.
        runs_dir: runs whose folder is gone are gone.
        names: display names of run ids; asked for the chosen ones only.
    """

    def __init__(
        self, inner: provider.DataProvider, runs_dir: Path, names: Callable[[Iterable[str]], Mapping[str, str]]
    ):
        self._inner = inner
        self._runs_dir = runs_dir
        self._names = names

    def experiment_metadata(self, ctx=None, *, experiment_id):
        return provider.ExperimentMetadata(data_location="the chosen runs" if experiment_id else "all runs")

    def list_plugins(self, ctx=None, *, experiment_id):
        return self._inner.list_plugins(ctx, experiment_id="")

    def list_runs(self, ctx=None, *, experiment_id):
        shown = self._shown(ctx, experiment_id)
        runs = self._inner.list_runs(ctx, experiment_id="")
        return [
            provider.Run(run_id=shown[run.run_name], run_name=shown[run.run_name], start_time=run.start_time)
            for run in runs
            if run.run_name in shown
        ]

    def list_scalars(self, ctx=None, *, experiment_id, **options):
        return self._narrowed(self._inner.list_scalars, ctx, experiment_id, options)

    def read_scalars(self, ctx=None, *, experiment_id, **options):
        return self._narrowed(self._inner.read_scalars, ctx, experiment_id, options)

    def read_last_scalars(self, ctx=None, *, experiment_id, **options):
        return self._narrowed(self._inner.read_last_scalars, ctx, experiment_id, options)

    def list_tensors(self, ctx=None, *, experiment_id, **options):
        return self._narrowed(self._inner.list_tensors, ctx, experiment_id, options)

    def read_tensors(self, ctx=None, *, experiment_id, **options):
        return self._narrowed(self._inner.read_tensors, ctx, experiment_id, options)

    def list_blob_sequences(self, ctx=None, *, experiment_id, **options):
        return self._narrowed(self._inner.list_blob_sequences, ctx, experiment_id, options)

    def read_blob_sequences(self, ctx=None, *, experiment_id, **options):
        return self._narrowed(self._inner.read_blob_sequences, ctx, experiment_id, options)

    def read_blob(self, ctx=None, *, blob_key):
        return self._inner.read_blob(ctx, blob_key=blob_key)

    def _narrowed(self, read: Callable[..., Mapping[str, Any]], ctx, experiment_id: str, options: dict) -> dict:
        shown = self._shown(ctx, experiment_id)
        wanted = options.pop("run_tag_filter", None) or provider.RunTagFilter()
        stored = set(shown) if wanted.runs is None else {stored_name(run) for run in wanted.runs} & set(shown)
        answer = read(
            ctx, experiment_id="", run_tag_filter=provider.RunTagFilter(runs=stored, tags=wanted.tags), **options
        )
        return {shown[run]: data for run, data in answer.items()}

    def _shown(self, ctx, experiment_id: str) -> dict[str, str]:
        """Stored name -> shown name of every run that may be seen."""
        chosen = set(experiment_id.split(",")) if experiment_id else None
        names = self._names(chosen) if chosen else {}
        return {
            run.run_name: shown_name(run.run_name, names)
            for run in self._inner.list_runs(ctx, experiment_id="")
            if (chosen is None or run_id(run.run_name) in chosen) and (self._runs_dir / run_id(run.run_name)).is_dir()
        }


def run_id(name: str) -> str:
    """The run's id, of a stored name or of a shown one."""
    return re.split(r"[ /]", name, maxsplit=1)[0]


def shown_name(stored: str, names: Mapping[str, str]) -> str:
    """``r-1/tensorboard/train`` -> ``r-1 EfficientNet-Lite0/train``."""
    identity, _, part = stored.partition("/")
    part = part.removeprefix(FOLDER).strip("/")
    name = names.get(identity, "").replace("/", "∕")
    return f"{identity} {name}".strip() + (f"/{part}" if part else "")


def stored_name(shown: str) -> str:
    """The way back; the name in the middle may have changed since."""
    part = shown.partition("/")[2]
    return f"{run_id(shown)}/{FOLDER}" + (f"/{part}" if part else "")
