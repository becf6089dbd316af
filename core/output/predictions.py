"""Predictions for photos as JSON: ``core predict``, REST and MCP."""

from core.models.conformal import PredictionSet
from core.models.novelty import NearestPhoto, Novelty
from core.models.predict import PhotoPredictions, Prediction


def photo_row(photo: PhotoPredictions) -> dict:
    """One file with what every model predicts for it; ``problem`` is "" where it is a photo."""
    return {"file": photo.name, "problem": photo.problem, "answers": [_answer(one) for one in photo.predictions]}


def _answer(found: Prediction) -> dict:
    return {
        "run": found.run_id,
        "title": found.title,
        "predictions": [{"class_name": one.class_name, "probability": one.probability} for one in found.classes],
        "milliseconds": found.milliseconds,
        "prediction_set": _optional(found.prediction_set),
        "class_prediction_set": _optional(found.class_prediction_set),
        "novelty": _optional(found.novelty),
        "calibrated": found.calibrated,
        "problem": found.problem,
    }


def _optional(value: PredictionSet | Novelty | None) -> dict | None:
    """With ``sentence``, what it says in words; None where nobody asked."""
    return None if value is None else _fields(value) | {"sentence": value.sentence}


def _fields(value: PredictionSet | Novelty | NearestPhoto) -> dict:
    """As ``dataclasses.asdict``, which copies every value and takes ten times as long."""
    found = dict(vars(value))
    if isinstance(value, Novelty):
        found["nearest"] = [_fields(one) for one in value.nearest]
    return found
