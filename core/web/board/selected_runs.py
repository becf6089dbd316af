"""The data provider that limits TensorBoard to the chosen runs, under their names.

TensorBoard's own filter is a regular expression in the browser: it loads every run of the folder, and selects none if
there are more than 500. Here the choice is part of the URL, and other runs are not read.
"""

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

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
        known: names and metrics of the runs; read for the chosen ones only.
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
        shown = self._shown(ctx, experiment_id)
        runs = self._inner.list_runs(ctx, experiment_id="")
        started = {shown[run.run_name]: run.start_time for run in runs if run.run_name in shown}
        # Runs without event files have a row in the HParams table too.
        started = dict.fromkeys(self._roots(_chosen(experiment_id) or ()), 0.0) | started
        return [provider.Run(run_id=name, run_name=name, start_time=moment) for name, moment in started.items()]

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
        names = self._known.names(having) if chosen else {}
        return {shown_name(name, names): folder for name, folder in having.items()}

    def _measured(self, experiment_id: str, wanted: provider.RunTagFilter) -> dict:
        found = hparams.last_values(self._details(experiment_id), wanted.tags)
        return {run: data for run, data in found.items() if wanted.runs is None or run in wanted.runs}

    def _details(self, experiment_id: str) -> dict[str, BoardRun]:
        """By displayed name, in the order of the choice."""
        chosen = _chosen(experiment_id)
        known = self._known.details(chosen)
        names = {name: one.run.name for name, one in known.items()} if chosen else {}
        return {shown_name(name, names): one for name, one in known.items()}

    def _roots(self, run_ids: Collection[str]) -> list[str]:
        names = self._known.names(run_ids)
        return [shown_name(run_id, names) for run_id in names]

    def _narrowed(self, read: Callable[..., Mapping], ctx: Context | None, experiment_id: str, options: dict) -> dict:
        shown = self._shown(ctx, experiment_id)
        wanted = options.pop("run_tag_filter", None) or provider.RunTagFilter()
        stored = set(shown) if wanted.runs is None else {stored_name(run) for run in wanted.runs} & set(shown)
        data = read(
            ctx, experiment_id="", run_tag_filter=provider.RunTagFilter(runs=stored, tags=wanted.tags), **options
        )
        return {shown[run]: series for run, series in data.items()}

    def _shown(self, ctx: Context | None, experiment_id: str) -> dict[str, str]:
        """Stored name -> displayed name of the runs to show."""
        chosen = _chosen(experiment_id)
        names = self._known.names(chosen) if chosen else {}
        return {
            run.run_name: shown_name(run.run_name, names)
            for run in self._inner.list_runs(ctx, experiment_id="")
            if (chosen is None or run_id(run.run_name) in chosen) and (self._runs_dir / run_id(run.run_name)).is_dir()
        }


def experiment_of(environ: Mapping[str, Any]) -> str:
    """The chosen runs, which TensorBoard passes as its "experiment id"."""
    return str(environ.get(WSGI_ENVIRON_KEY, ""))


def _chosen(experiment_id: str) -> list[str] | None:
    """Ids in the order they were chosen; None for all runs."""
    return list(dict.fromkeys(experiment_id.split(","))) if experiment_id else None


def _is_plain(name: str) -> bool:
    """Whether an id from a URL is a plain file name."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name) is not None


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
    """The inverse of ``shown_name``, which ignores the name of the run: it may have changed."""
    part = shown.partition("/")[2]
    return f"{run_id(shown)}/{FOLDER}" + (f"/{part}" if part else "")
