"""The data provider that limits TensorBoard to the chosen runs, under their names.

TensorBoard's own filter is a regular expression in the browser: it loads every run of the folder, and selects none if
there are more than 500. Here the choice is part of the URL, and other runs are not read.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from tensorboard.backend.experiment_id import WSGI_ENVIRON_KEY
from tensorboard.context import RequestContext as Context
from tensorboard.data import provider
from tensorboard.plugins.projector.metadata import PLUGIN_NAME as PROJECTOR

from core.models import projector
from core.web.board import hparams
from core.web.board.runs import METRICS, BoardRun, RegistryRuns

FOLDER = "tensorboard"
"""Below a run's folder; the trainer writes its events there."""


class SelectedRuns(provider.DataProvider):
    """A data provider that narrows another one to the runs named by the experiment id.

    Args:
        inner: reads ``runs_dir``; its run names are paths, ``<run id>/tensorboard[/train]``.
        runs_dir: runs without a folder in it are not shown.
        known: names, colours and metrics of the runs; read for the chosen ones only.
    """

    def __init__(self, inner: provider.DataProvider, runs_dir: Path, known: RegistryRuns) -> None:
        self._inner = inner
        self._runs_dir = runs_dir
        self._known = known

    def experiment_metadata(self, ctx: Context | None = None, *, experiment_id: str) -> provider.ExperimentMetadata:
        return provider.ExperimentMetadata(data_location="the chosen runs" if experiment_id else "all runs")

    def list_plugins(self, ctx: Context | None = None, *, experiment_id: str) -> list[str]:
        with_maps = {PROJECTOR} if self.maps(experiment_id) else set()
        return sorted({*self._inner.list_plugins(ctx, experiment_id=""), hparams.PLUGIN} | with_maps)

    def list_runs(self, ctx: Context | None = None, *, experiment_id: str) -> list[provider.Run]:
        """One run each, in the order of the choice, by which TensorBoard gives them the colours of ``palette``."""
        shown = [place.run for place in self._shown(ctx, experiment_id).values()]
        # Runs without event files have a row in the HParams table too.
        names = dict.fromkeys([*self._names(_chosen(experiment_id) or ()).values(), *shown])
        return [
            provider.Run(run_id=name, run_name=name, start_time=float(place))
            for place, name in enumerate(names, start=1)
        ]

    def palette(self, experiment_id: str) -> list[str]:
        """The colours of the chosen runs in the order of ``list_runs``, as ``#RRGGBB``; [] where none are chosen."""
        return list(self._known.colours(_chosen(experiment_id) or ()).values())

    def list_scalars(self, ctx: Context | None = None, *, experiment_id: str, **options: Any) -> dict:
        return self._narrowed(self._inner.list_scalars, ctx, experiment_id, options)

    def read_scalars(self, ctx: Context | None = None, *, experiment_id: str, **options: Any) -> dict:
        wanted = options.get("run_tag_filter")
        if wanted is not None and wanted.tags and set(wanted.tags) <= set(METRICS):
            measured = self._measured(experiment_id, wanted)
            return {run: {tag: [value] for tag, value in data.items()} for run, data in measured.items()}
        return self._narrowed(self._inner.read_scalars, ctx, experiment_id, options)

    def read_last_scalars(self, ctx: Context | None = None, *, experiment_id: str, **options: Any) -> dict:
        """The metrics of the HParams table, the only caller."""
        return self._measured(experiment_id, options.get("run_tag_filter") or provider.RunTagFilter())

    def list_tensors(self, ctx: Context | None = None, *, experiment_id: str, **options: Any) -> dict:
        if options["plugin_name"] == hparams.PLUGIN:
            return hparams.table(self._details(experiment_id))
        return self._narrowed(self._inner.list_tensors, ctx, experiment_id, options)

    def read_tensors(self, ctx: Context | None = None, *, experiment_id: str, **options: Any) -> dict:
        return self._narrowed(self._inner.read_tensors, ctx, experiment_id, options)

    def list_blob_sequences(self, ctx: Context | None = None, *, experiment_id: str, **options: Any) -> dict:
        return self._narrowed(self._inner.list_blob_sequences, ctx, experiment_id, options)

    def read_blob_sequences(self, ctx: Context | None = None, *, experiment_id: str, **options: Any) -> dict:
        return self._narrowed(self._inner.read_blob_sequences, ctx, experiment_id, options)

    def read_blob(self, ctx: Context | None = None, *, blob_key: str) -> bytes:
        return bytes(self._inner.read_blob(ctx, blob_key=blob_key))

    def maps(self, experiment_id: str) -> dict[str, Path]:
        """Folders of the projector's files, by displayed name of the run."""
        chosen = _chosen(experiment_id)
        ids = chosen if chosen is not None else [path.name for path in self._runs_dir.iterdir()]
        folders = {name: self._runs_dir / name / FOLDER for name in ids if _is_plain(name)}
        having = {name: folder / projector.FOLDER for name, folder in folders.items() if projector.has_files(folder)}
        names = self._names(having) if chosen else {}
        return {names.get(name, name): folder for name, folder in having.items()}

    def _measured(self, experiment_id: str, wanted: provider.RunTagFilter) -> dict:
        found = hparams.last_values(self._details(experiment_id), wanted.tags)
        return {run: data for run, data in found.items() if wanted.runs is None or run in wanted.runs}

    def _details(self, experiment_id: str) -> dict[str, BoardRun]:
        """By displayed name, in the order of the choice."""
        chosen = _chosen(experiment_id)
        known = self._known.details(chosen)
        names = self._names(known) if chosen else {}
        return {names.get(name, name): one for name, one in known.items()}

    def _names(self, run_ids: Collection[str]) -> dict[str, str]:
        """By id, without unknown ids: the name; with the id where runs of several datasets have the same one."""
        names = {run: name.replace("/", "∕") for run, name in self._known.names(run_ids).items()}
        often = Counter(names.values())
        return {run: name if often[name] == 1 else f"{name} ({run})" for run, name in names.items()}

    def _narrowed(self, read: Callable[..., Mapping], ctx: Context | None, experiment_id: str, options: dict) -> dict:
        """What is read of the chosen runs: training and validation, which are stored as two runs, as tags of one."""
        wanted = options.pop("run_tag_filter", None) or provider.RunTagFilter()
        shown = {
            stored: place
            for stored, place in self._shown(ctx, experiment_id).items()
            if wanted.runs is None or place.run in wanted.runs
        }
        tags = None if wanted.tags is None else {one for tag in wanted.tags for one in stored_tags(tag)}
        data = read(ctx, experiment_id="", run_tag_filter=provider.RunTagFilter(runs=set(shown), tags=tags), **options)
        found: dict[str, dict] = {}
        for stored, series in data.items():
            for tag, value in series.items():
                name = shown_tag(tag, shown[stored].part)
                if wanted.tags is None or name in wanted.tags:
                    found.setdefault(shown[stored].run, {})[name] = value
        return found

    def _shown(self, ctx: Context | None, experiment_id: str) -> dict[str, "_Place"]:
        """Stored name -> where it is displayed; only runs whose folder exists, in the order of their first events."""
        chosen = _chosen(experiment_id)
        stored = sorted(self._inner.list_runs(ctx, experiment_id=""), key=lambda run: run.start_time or inf)
        places = {run.run_name: _place(run.run_name) for run in stored}
        kept = {
            name: place
            for name, place in places.items()
            if (chosen is None or place.run in chosen) and (self._runs_dir / place.run).is_dir()
        }
        names = self._names(chosen) if chosen else {}
        return {name: _Place(run=names.get(place.run, place.run), part=place.part) for name, place in kept.items()}


def experiment_of(environ: Mapping[str, Any]) -> str:
    """The chosen runs, which TensorBoard passes as its "experiment id"."""
    return str(environ.get(WSGI_ENVIRON_KEY, ""))


def _chosen(experiment_id: str) -> list[str] | None:
    """Ids in the order they were chosen; None for all runs."""
    return list(dict.fromkeys(experiment_id.split(","))) if experiment_id else None


def _is_plain(name: str) -> bool:
    """Whether an id from a URL is a plain file name."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name) is not None


class _Place(NamedTuple):
    """A run, and which part of its curves: ``train``, ``validation`` or neither ("")."""

    run: str
    part: str


def _place(stored: str) -> _Place:
    """``r-1/tensorboard/train`` -> (``r-1``, ``train``)."""
    run, _, part = stored.partition("/")
    return _Place(run=run, part=part.removeprefix(FOLDER).strip("/"))


_PARTS = {"train": "training", "validation": "validation"}
_PREFIX = "epoch_"


def shown_tag(stored: str, part: str) -> str:
    """``epoch_loss`` of the part ``train`` -> ``loss/training``, beside ``loss/validation``."""
    return f"{stored.removeprefix(_PREFIX)}/{_PARTS[part]}" if part in _PARTS else stored


def stored_tags(shown: str) -> set[str]:
    """The tags that may be shown so."""
    name, _, part = shown.rpartition("/")
    return {shown, name, f"{_PREFIX}{name}"} if part in _PARTS.values() else {shown}
