"""Verbs about what finished runs leave: figures, models, predictions, stored features."""

from collections.abc import Sequence

from core.errors import InvalidInput
from core.files.home import run_folder
from core.models import predict
from core.models.predict import PhotoPredictions
from core.workbench.base import Bench


class Results(Bench):
    """What runs left."""

    def rate(self) -> tuple[float | None, str]:
        """(money per hour, currency) the user set, None when not set."""
        return self.registry.preference("rate_per_hour"), self.registry.preference("currency", "EUR")

    def set_rate(self, per_hour: float | None, currency: str = "EUR") -> None:
        if per_hour is not None and not 0 <= per_hour < 1e6:
            raise InvalidInput(f"The rate must be between 0 and 1,000,000 an hour. Received: {per_hour}")
        self.registry.set_preference("rate_per_hour", per_hour)
        self.registry.set_preference("currency", currency)

    def predict(
        self, references: Sequence[str], photos: Sequence[tuple[str, bytes]], *, top: int = 5
    ) -> list[PhotoPredictions]:
        """Predictions of several models for several photos (file name, bytes); see ``prediction``."""
        folders = [run_folder(self.settings, self.registry.model(reference).run_id).model for reference in references]
        return predict.predict(folders, photos, top=top)
