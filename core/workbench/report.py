"""Verbs about what is said of finished runs: how sure their models are, a map of their photos, a report."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from core.comparison import Comparison
from core.errors import GraftError
from core.files.home import dataset_folder
from core.models import calibration, embedding
from core.models.calibration import Calibration
from core.models.cascades.thresholds import threshold_points
from core.models.embedding import PhotoMap, Progress
from core.runs.values import Model
from core.settings import VERSION
from core.workbench.comparing import Comparing

if TYPE_CHECKING:
    from core.reporting import Material
    from core.reporting.material import Thresholds


_MOST_MAPS = 12


class Reporting(Comparing):
    """Calibration, maps of photos, reports. What draws is imported when a report is made: most who import the
    workbench never draw.
    """

    def calibrate(self, run_id: str) -> Calibration:
        """Fit a temperature on a finished run's validation answers and keep it with its model, for live prediction.

        Raises:
            InvalidInput: it is not finished, its model was deleted, or it has no validation answers.
        """
        return calibration.calibrate(self.registry.run(run_id), self.registry, self.settings)

    def uncalibrate(self, run_id: str) -> None:
        """Take the temperature back."""
        calibration.uncalibrate(self.registry.run(run_id), self.registry, self.settings)

    def calibration(self, run_id: str) -> Calibration | None:
        """The temperature of a run's model; None when it has none, or no model."""
        run = self.registry.run(run_id)
        return self.calibrations([run.id]).get(run.id)

    def calibrations(self, run_ids: Sequence[str]) -> Mapping[str, Calibration]:
        """The temperatures of those of the runs whose models have one, by run id."""
        models = self.registry.models_of(run_ids).values()
        return {one.run_id: one for one in map(calibration.calibration_of, models) if one is not None}

    def photo_map(self, run_id: str, *, compute: bool = False, progress: Progress | None = None) -> PhotoMap | None:
        """Where the test photos lie for a finished run; None where its network would have to be asked (``compute``)."""
        return embedding.photo_map(
            self.registry.run(run_id), self.registry, self.settings, compute=compute, progress=progress
        )

    def report(self, run_ids: Sequence[str]) -> str:
        """Runs of one dataset side by side as one HTML file that needs nothing but a browser, about 5 MB.

        Raises:
            NotFound: a run is not there. SeveralDatasets: they belong to several datasets. InvalidInput: no run.
        """
        from core.reporting import report_html

        return report_html(self.material(run_ids))

    def table(self, name: str, run_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The rows of a table of a comparison: one of ``reporting.TABLES``."""
        from core.reporting import table_rows

        return table_rows(self.material(run_ids, maps=False), name)

    def material(self, run_ids: Sequence[str], *, maps: bool = True) -> "Material":
        """What a report of these runs is made of; ``maps``: with that of the best run's photos, if it is at hand."""
        from core.reporting import Material

        found = self.comparison(run_ids)
        ids, dataset = [row.run_id for row in found.rows], self.registry.dataset(found.dataset_id)
        runs = {run.id: run for run in self.registry.runs_of(ids)}
        models = self.registry.models_of(ids).values()
        beside = {name for run in runs.values() for name in (run.recipe.backbone, *run.recipe.members)} - runs.keys()
        return Material(
            comparison=found,
            dataset=dataset,
            runs={
                run_id: runs.get(run_id) or self.registry.run(run_id) for run_id in ids
            },  # says which was just deleted
            others={run.id: run.name for run in self.registry.runs_of(sorted(beside))},
            costs=self.registry.costs(ids),
            epochs=self.registry.epochs_of(ids),
            photos=self.registry.photos(dataset.id, split="test"),
            photos_dir=dataset_folder(self.settings, dataset.id).photos,
            calibrations=self.calibrations(ids),
            thresholds={model.run_id: one for model in models if (one := _thresholds(model)) is not None},
            map=self._map_at_hand(found) if maps else None,
            rate=(self.registry.preference("rate_per_hour"), self.registry.preference("currency", "EUR")),
            made_at=time.time(),
            version=VERSION,
        )

    def _map_at_hand(self, found: Comparison) -> PhotoMap | None:
        """Of the best run that has one without asking a network; of features if any has, for they say more."""
        maps = []
        for run_id in list(found.results)[:_MOST_MAPS]:
            with suppress(GraftError):
                if (known := self.photo_map(run_id)) is not None:
                    maps.append(known)
        return min(maps, key=lambda known: known.source == embedding.PROBABILITIES, default=None)


def _thresholds(model: Model) -> "Thresholds | None":
    from core.reporting.material import Thresholds

    choice = model.card.get("choice") or {}
    points = threshold_points(choice)
    return Thresholds(points=points, chosen=float(choice["threshold"])) if points else None
