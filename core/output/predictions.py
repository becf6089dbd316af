"""Predictions for photos as JSON: ``core predict``, REST and MCP."""

from dataclasses import asdict

from core.models.conformal import PredictionSet
from core.models.novelty import Novelty
from core.models.predict import PhotoPredictions, Prediction


def photo_row(photo: PhotoPredictions) -> dict:
    """One file with what every model predicts for it; ``problem`` is "" where it is a photo."""
    return {"file": photo.name, "problem": photo.problem, "answers": [_answer(one) for one in photo.predictions]}


def _answer(found: Prediction) -> dict:
    return {
        "run": found.run_id,
        "title": found.title,
        "predictions": [asdict(one) for one in found.classes],
        "milliseconds": found.milliseconds,
        "prediction_set": _optional(found.prediction_set),
        "class_prediction_set": _optional(found.class_prediction_set),
        "novelty": _optional(found.novelty),
        "calibrated": found.calibrated,
        "problem": found.problem,
    }


def _optional(value: PredictionSet | Novelty | None) -> dict | None:
    """With ``sentence``, what it says in words; None where nobody asked."""
    return None if value is None else asdict(value) | {"sentence": value.sentence}
