"""Predictions of finished runs: their models' classes and how sure they are."""

from collections.abc import Sequence

from core.files.here import model_here
from core.models.conformal import CONFIDENCE, checked_confidence
from core.models.doubts import Doubts
from core.models.predict import PhotoPredictions
from core.serving import engine
from core.serving.photos import NamedPhoto
from core.settings import Settings


def predict_runs(
    run_ids: Sequence[str],
    photos: Sequence[NamedPhoto],
    *,
    settings: Settings,
    doubts: Doubts,
    top: int = 5,
    confidence: float = CONFIDENCE,
) -> list[PhotoPredictions]:
    """What the models of runs predict for photos, with prediction sets at ``confidence`` and novelty; see
    ``core.serving.engine.predict`` and ``core.models.doubts``.

    Raises:
        Unavailable: none of the models can be used. InvalidInput: the confidence is not between 0 and 1.
    """
    checked_confidence(confidence)
    known = {run_id: doubts.of_run(run_id) for run_id in run_ids}
    return engine.predict(
        [model_here(settings, run_id) for run_id in run_ids],
        photos,
        top=top,
        limit_bytes=settings.models_limit_bytes,
        judge=lambda run_id, class_names, found: known[run_id].of(found, class_names, confidence),
    )
