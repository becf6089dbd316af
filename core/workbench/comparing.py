"""Verbs that compare: some runs side by side, and the leaderboard of all of them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from core import comparison
from core.comparison import Board, BoardPage, Comparison, Curve, PhotoResults, load_results
from core.errors import GraftError
from core.files.home import run_folder
from core.registry import Registry
from core.registry.search import RunQuery
from core.runs.values import Run, Status
from core.settings import Settings
from core.workbench.base import Bench

_KEPT = 8
"""Boards and comparisons remembered per registry."""


FINISHED = RunQuery(statuses=(Status.FINISHED,))
"""What the leaderboard lists unless asked otherwise."""


class Comparing(Bench):
    """Figures of several runs; nothing is computed twice while nothing was written."""

    def comparison(self, run_ids: Sequence[str]) -> Comparison:
        """Runs of one dataset side by side, finished or not; those without answers are in ``missing``.

        Raises:
            NotFound: a run is not there. SeveralDatasets: they belong to several datasets. InvalidInput: no run.
        """
        known = {run.id: run for run in self.registry.runs_of(run_ids)}
        runs = list({run.id: run for run in (known.get(ref) or self.registry.run(ref) for ref in run_ids)}.values())
        ids = [run.id for run in runs]
        comparison.require_one_dataset(
            runs, {one: self._dataset_title(one) for one in {run.dataset_id for run in runs}}
        )
        key = ("comparison", *ids, *(_stamp(self.settings, run_id) for run_id in ids))
        return _remembered(self.registry, key, lambda: self._compare(runs))

    def _compare(self, runs: Sequence[Run]) -> Comparison:
        ids = [run.id for run in runs]
        results, missing = read_answers(self.settings, [run.id for run in runs if run.status is Status.FINISHED])
        return comparison.compare(
            runs,
            costs=self.registry.costs(ids),
            evaluations=self.registry.evaluations(ids),
            results=results,
            missing=missing,
            class_names=self.registry.dataset(runs[0].dataset_id).class_names if runs else (),
            rate_per_hour=self.registry.preference("rate_per_hour"),
        )

    def _dataset_title(self, dataset_id: str) -> str:
        dataset = self.registry.dataset(dataset_id)
        return f"{dataset.name}:{dataset.version}"

    def board(self, dataset_id: str) -> Board:
        """All runs of a dataset as columns, for ``board_page``."""
        key = ("board", dataset_id)

        def read() -> Board:
            columns, former = self.registry.board(dataset_id), _former(self.registry, key)
            return former if former is not None and former.says(columns) else Board.from_columns(columns)

        return _remembered(self.registry, key, read)

    def board_rows(self, dataset_id: str, query: RunQuery = FINISHED) -> tuple[Board, np.ndarray]:
        """``board(dataset_id)``, and (m,) ascending row numbers on it of the runs of the dataset that match."""
        board, query = self.board(dataset_id), replace(query, dataset_id=dataset_id)
        # A board is replaced as soon as anything about its runs changes, and with it what matches.
        return board, board.remembered(query, lambda: board.rows_of(self.registry.matching_ids(query)))

    def board_page(self, dataset_id: str, query: RunQuery = FINISHED, **options: Any) -> BoardPage:
        """Some lines of the leaderboard; ``options`` of ``comparison.page``."""
        rate = self.registry.preference("rate_per_hour")
        return comparison.page(*self.board_rows(dataset_id, query), rate_per_hour=rate, **options)

    def curves(self, run_ids: Sequence[str], metric: str) -> tuple[Curve, ...]:
        """One figure of every epoch of those of the runs that have any, in their order."""
        return _remembered(self.registry, ("curves", metric, *run_ids), lambda: self._curves(run_ids, metric))

    def _curves(self, run_ids: Sequence[str], metric: str) -> tuple[Curve, ...]:
        costs = self.registry.costs(run_ids)
        return comparison.curves(self.registry.runs_of(run_ids), self.registry.epochs_of(run_ids), metric, costs)


def read_answers(settings: Settings, run_ids: Sequence[str]) -> tuple[dict[str, PhotoResults], dict[str, str]]:
    """Answers of finished runs by run id, and why those of others cannot be read."""
    found, missing = {}, {}
    for run_id in run_ids:
        try:
            found[run_id] = load_results(settings, run_id)
        except GraftError as error:
            missing[run_id] = str(error)
    return found, missing


def _stamp(settings: Settings, run_id: str) -> tuple[int, int] | None:
    """Changes with the file of a run's answers, which the registry does not watch."""
    try:
        status = run_folder(settings, run_id).predictions("test").stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


_lock = threading.Lock()
_memory: WeakKeyDictionary[Registry, OrderedDict[Hashable, tuple[int, Any]]] = WeakKeyDictionary()


def _former(registry: Registry, key: Hashable) -> Any:
    """What was last remembered, however old; None when nothing was."""
    with _lock:
        known = _memory.get(registry)
        return known[key][1] if known and key in known else None


def _remembered(registry: Registry, key: Hashable, compute: Callable[[], Any]) -> Any:
    """What ``compute`` returned, as long as nobody wrote to the registry since."""
    counter = registry.change_counter()  # read first: what is written meanwhile makes the result old, not new
    with _lock:
        known = _memory.setdefault(registry, OrderedDict())
        if known.get(key, (None,))[0] == counter:
            known.move_to_end(key)
            return known[key][1]
    found = compute()
    with _lock:
        known[key] = (counter, found)
        known.move_to_end(key)
        while len(known) > _KEPT:
            known.popitem(last=False)
    return found
