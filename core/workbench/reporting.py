"""Verbs about what is said of finished runs: how sure their models are, a map of their photos, a report."""

from core import calibration, photo_map
from core.calibration import Calibration
from core.errors import NotFound
from core.photo_map import PhotoMap, Progress
from core.workbench.base import Bench


class Reporting(Bench):
    """Calibration, maps of photos, reports."""

    def calibrate(self, run_id: str) -> Calibration:
        """Fit a temperature on a finished run's validation answers and keep it with its model, for live prediction.

        Raises:
            InvalidInput: it is not finished, its model was deleted, or it has no validation answers.
        """
        return calibration.calibrate(self.run(run_id), self.registry, self.settings)

    def uncalibrate(self, run_id: str) -> None:
        """Take the temperature back."""
        calibration.uncalibrate(self.run(run_id), self.registry, self.settings)

    def calibration(self, run_id: str) -> Calibration | None:
        """The temperature of a run's model; None when it has none, or no model."""
        run = self.run(run_id)
        try:
            return calibration.calibration_of(self.registry.model(run.id))
        except NotFound:
            return None

    def photo_map(self, run_id: str, *, compute: bool = False, progress: Progress | None = None) -> PhotoMap | None:
        """Where the test photos lie for a finished run; None where its network would have to be asked (``compute``)."""
        return photo_map.photo_map(self.run(run_id), self.registry, self.settings, compute=compute, progress=progress)
