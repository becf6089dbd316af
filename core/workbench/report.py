"""Runs side by side: comparison, leaderboard, curves, calibration, embedding map and report.

Charts are imported only when a report is made, because few users of the workbench need them.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.advising.curve_process import read_growth
from core.comparison.board import Board
from core.comparison.board_page import BoardPage, page
from core.comparison.boards import current_board
from core.comparison.cache import cached
from core.comparison.compare import Comparison, compare, compare_on
from core.comparison.curves import Curve, curves
from core.comparison.prediction_sets import SetMeasures, measure_sets
from core.comparison.subset import PhotoSubset, board_on
from core.comparison.table import require_one_dataset
from core.comparison.verdict import Verdict, verdict
from core.curation.flags import Flag
from core.errors import GraftError, InvalidInput
from core.files.here import dataset_here
from core.files.home import run_folder
from core.models import calibration, embedding
from core.models.calibration import Calibration
from core.models.cascades.thresholds import threshold_points
from core.models.conformal import SetPredictor
from core.models.embedding import PhotoMap, Progress
from core.models.lineage import source_title
from core.people.acting import Role, require
from core.registry.search import RunQuery
from core.runs.predictions import Predictions, read_predictions
from core.runs.values import Model, Run, Status
from core.settings import VERSION, Settings
from core.workbench.flags import Flagging

if TYPE_CHECKING:
    from core.reporting import Material
    from core.reporting.material import Thresholds


_MOST_MAPS = 12


FINISHED = RunQuery(statuses=(Status.FINISHED,))
"""The runs of the leaderboard by default."""


class Reporting(Flagging):
    """Comparisons and reports of several runs; cached until the registry is written."""

    def verdict(
        self, dataset_id: str, query: RunQuery = FINISHED, *, fold: bool = True, without: Sequence[Flag] = ()
    ) -> Verdict | None:
        """Which of the runs that match is best, which are not distinguishable from it, and which to use.

        By default of all unarchived runs of the dataset, with all photos: what pages say of a dataset. None where none
        was measured.
        """
        return verdict(*self.board_rows(dataset_id, query, without), fold=fold)

    def model_to_label_with(self, dataset_id: str) -> str:
        """The recommended run of the dataset, by whose model photos to label are chosen; "" where it has none."""
        found = self.verdict(dataset_id)
        run_id = "" if found is None else found.recommended.run_id
        return run_id if run_id and self.registry.having_model([run_id]) else ""

    def comparison(
        self,
        run_ids: Sequence[str],
        *,
        among: RunQuery | None = None,
        fold: bool = True,
        without: Sequence[Flag] = (),
    ) -> Comparison:
        """Runs of one dataset side by side, finished or not; those without predictions are in ``missing``.

        Args:
            among: the runs are the best of all that match this; the verdict is on all of these. By default it is on the
                runs alone. fold: whether repetitions of one recipe are one among these. without: test photos to leave
                out.

        Raises:
            NotFound: a run does not exist. SeveralDatasets: they belong to several datasets. InvalidInput: no run, or
            photos were to be left out that were not checked. TooFewLeft: too few photos would be left.
        """
        known = {run.id: run for run in self.registry.runs_of(run_ids)}
        runs = list({run.id: run for run in (known.get(ref) or self.registry.run(ref) for ref in run_ids)}.values())
        ids = [run.id for run in runs]
        require_one_dataset(runs, {one: self._dataset_title(one) for one in {run.dataset_id for run in runs}})
        subset = self.subset(runs[0].dataset_id, without) if runs else None
        key = ("comparison", among, fold, subset and subset.key, *ids, *(_stamp(self.settings, one) for one in ids))
        return cached(self.registry, key, lambda: self._compare(runs, among, fold, subset))

    def _compare(
        self, runs: Sequence[Run], among: RunQuery | None, fold: bool, subset: PhotoSubset | None
    ) -> Comparison:
        ids, without = [run.id for run in runs], () if subset is None else subset.without
        predictions, missing = _read_predictions(
            self.settings, [run.id for run in runs if run.status is Status.FINISHED]
        )
        side_by_side = compare if subset is None else partial(compare_on, subset)
        return side_by_side(
            runs,
            costs=self.registry.costs(ids),
            evaluations=self.registry.evaluations(ids),
            predictions=predictions,
            missing=missing,
            class_names=self.registry.dataset(runs[0].dataset_id).class_names if runs else (),
            rate_per_hour=self.registry.preference("rate_per_hour"),
            among=None if among is None else self.verdict(runs[0].dataset_id, among, fold=fold, without=without),
        )

    def _dataset_title(self, dataset_id: str) -> str:
        dataset = self.registry.dataset(dataset_id)
        return f"{dataset.name}:{dataset.version}"

    def board(self, dataset_id: str) -> Board:
        """All runs of a dataset as columns, for ``board_page``."""
        return current_board(self.registry, dataset_id)

    def board_rows(
        self, dataset_id: str, query: RunQuery = FINISHED, without: Sequence[Flag] = ()
    ) -> tuple[Board, np.ndarray]:
        """``board(dataset_id)``, on the test photos that are left, and (m,) ascending row numbers on it of the runs of
        the dataset that match."""
        board = self.board(dataset_id)

        def find() -> np.ndarray:
            there = board.matching(query)
            if query.text.strip() or query.tags:
                words = RunQuery(dataset_id=dataset_id, text=query.text, tags=query.tags, statuses=(), archived=True)
                there &= board.with_words(words, partial(self.registry.matching_numbers, words))
            return np.flatnonzero(there)

        rows = board.remembered(query, find)  # a board is replaced when its runs change, and what it remembers
        subset = self.subset(dataset_id, without)
        return board if subset is None else board_on(board, subset), rows

    def board_page(
        self, dataset_id: str, query: RunQuery = FINISHED, *, without: Sequence[Flag] = (), **options: Any
    ) -> BoardPage:
        """Some lines of the leaderboard; ``options`` of ``page``."""
        rate = self.registry.preference("rate_per_hour")
        whole = self.board(dataset_id) if without else None
        return page(*self.board_rows(dataset_id, query, without), rate_per_hour=rate, whole=whole, **options)

    def curves(self, run_ids: Sequence[str], metric: str) -> tuple[Curve, ...]:
        """One metric per epoch, of the runs that have epochs, in their order."""
        return cached(self.registry, ("curves", metric, *run_ids), lambda: self._curves(run_ids, metric))

    def _curves(self, run_ids: Sequence[str], metric: str) -> tuple[Curve, ...]:
        costs = self.registry.costs(run_ids)
        return curves(self.registry.runs_of(run_ids), self.registry.epochs_of(run_ids), metric, costs)

    def rate(self) -> tuple[float | None, str]:
        """(hourly cost, currency) the user set; None when not set."""
        return self.registry.preference("rate_per_hour"), self.registry.preference("currency", "EUR")

    def set_rate(self, per_hour: float | None, currency: str = "EUR") -> None:
        if per_hour is not None and not 0 <= per_hour < 1e6:
            raise InvalidInput(f"The rate must be between 0 and 1,000,000 an hour. Received: {per_hour}")
        self.registry.set_preference("rate_per_hour", per_hour)
        self.registry.set_preference("currency", currency)

    # --- calibration, embedding map, report ---

    def calibrate(self, run_id: str) -> Calibration:
        """Fit a temperature on a run's validation predictions and store it with its model, for live prediction.

        Raises:
            InvalidInput: it is not finished, its model was deleted, or it has no validation predictions.
        """
        return calibration.calibrate(self.registry.run(*self.changing([run_id])), self.registry, self.settings)

    def uncalibrate(self, run_id: str) -> None:
        """Remove the temperature."""
        calibration.uncalibrate(self.registry.run(*self.changing([run_id])), self.registry, self.settings)

    def calibration(self, run_id: str) -> Calibration | None:
        """The temperature of a run's model; None when it has none, or no model."""
        run = self.registry.run(run_id)
        return self.calibrations([run.id]).get(run.id)

    def calibrations(self, run_ids: Sequence[str]) -> Mapping[str, Calibration]:
        """The temperatures of those of the runs whose models have one, by run id."""
        models = self.registry.models_of(run_ids).values()
        return {one.run_id: one for one in map(calibration.calibration_of, models) if one is not None}

    def set_measures(self, run_ids: Sequence[str], subset: PhotoSubset | None = None) -> Mapping[str, SetMeasures]:
        """How the prediction sets of runs do on their test photos (of ``subset``), by run id, without runs that lack
        predictions for test or validation photos."""
        ids = list(run_ids)
        key = ("prediction sets", subset and subset.key, *ids, *(_stamp(self.settings, run_id) for run_id in ids))
        return cached(self.registry, key, lambda: self._measure_sets(ids, subset))

    def _measure_sets(self, run_ids: Sequence[str], subset: PhotoSubset | None) -> dict[str, SetMeasures]:
        test, _ = _read_predictions(self.settings, run_ids)
        if subset is not None:
            test = {run_id: subset.predictions(one) for run_id, one in test.items()}
        found = {run_id: self.doubts.sets_of(run_id) for run_id in test}
        return {
            run_id: measure_sets(sets, test[run_id])
            for run_id, sets in found.items()
            if isinstance(sets, SetPredictor) and sets.classes == test[run_id].probabilities.shape[1]
        }

    def photo_map(self, run_id: str, *, compute: bool = False, progress: Progress | None = None) -> PhotoMap | None:
        """The embedding map of a finished run; None where the run's network must compute it (see ``compute``)."""
        if compute:
            require(Role.TRAINER, "Computing a map")
        return embedding.photo_map(
            self.registry.run(run_id), self.registry, self.settings, compute=compute, progress=progress
        )

    def report(self, run_ids: Sequence[str], *, without: Sequence[Flag] = ()) -> str:
        """Runs of one dataset side by side as one HTML file that only needs a browser, about 5 MB.

        Args:
            without: test photos to leave out, which the report names.

        Raises: as ``comparison``.
        """
        from core.reporting import report_html

        return report_html(self.material(run_ids, without=without))

    def table(self, name: str, run_ids: Sequence[str], *, without: Sequence[Flag] = ()) -> list[dict[str, Any]]:
        """The rows of a table of a comparison: one of ``reporting.TABLES``."""
        from core.reporting import table_rows

        return table_rows(self.material(run_ids, maps=False, without=without), name)

    def material(self, run_ids: Sequence[str], *, maps: bool = True, without: Sequence[Flag] = ()) -> "Material":
        """The data of a report of these runs; ``maps``: with the embedding map of the best run that has one."""
        from core.reporting import Material

        found = self.comparison(run_ids, without=without)
        ids, dataset = [row.run.id for row in found.rows], self.registry.dataset(found.dataset_id)
        runs = {run.id: run for run in self.registry.runs_of(ids)}
        models = self.registry.models_of(ids).values()
        beside = {name for run in runs.values() for name in (run.recipe.backbone, *run.recipe.members)} - runs.keys()
        return Material(
            comparison=found,
            dataset=dataset,
            runs={
                run_id: runs.get(run_id) or self.registry.run(run_id) for run_id in ids
            },  # the error message names the deleted run
            others={name: source_title(name, self.registry) for name in sorted(beside) if name},
            costs=self.registry.costs(ids),
            epochs=self.registry.epochs_of(ids),
            photos=self.registry.photos(dataset.id, split="test"),
            photos_dir=dataset_here(self.settings, dataset.id).photos,
            calibrations=self.calibrations(ids),
            thresholds={model.run_id: one for model in models if (one := _thresholds(model)) is not None},
            sets=self.set_measures([run_id for run_id in ids if run_id in found.predictions], found.subset),
            map=self._map_at_hand(found) if maps else None,
            leaks=" ".join(note["sentence"] for note in self.leak_notes([dataset.id])),
            left_out=self.left_out(dataset.id, without),
            growth=read_growth(dataset.id, self.settings),
            rate=self.rate(),
            made_at=time.time(),
            version=VERSION,
        )

    def _map_at_hand(self, found: Comparison) -> PhotoMap | None:
        """The map of the best run that has one already; maps of features are preferred to those of probabilities."""
        maps = []
        for run_id in list(found.predictions)[:_MOST_MAPS]:
            with suppress(GraftError):
                if (known := self.photo_map(run_id)) is not None:
                    maps.append(known)
        best = min(maps, key=lambda known: known.source == embedding.PROBABILITIES, default=None)
        subset = found.subset
        return best if best is None or subset is None else best.rows([digest in subset for digest in best.digests])


def _read_predictions(settings: Settings, run_ids: Sequence[str]) -> tuple[dict[str, Predictions], dict[str, str]]:
    """Test predictions of finished runs by run id, and why those of others cannot be read."""
    found, missing = {}, {}
    for run_id in run_ids:
        try:
            found[run_id] = read_predictions(run_id, "test", settings)
        except GraftError as error:
            missing[run_id] = str(error)
    return found, missing


def _stamp(settings: Settings, run_id: str) -> tuple[int, int] | None:
    """Changes with the file of a run's predictions, whose changes the registry does not record."""
    try:
        status = run_folder(settings, run_id).predictions("test").stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _thresholds(model: Model) -> "Thresholds | None":
    from core.reporting.material import Thresholds

    choice = model.card.get("choice") or {}
    points = threshold_points(choice)
    return Thresholds(points=points, chosen=float(choice["threshold"])) if points else None
