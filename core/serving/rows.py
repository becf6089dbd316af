"""Predictions as rows of a table: one a photo and model, with the columns of a spreadsheet."""

from core.models.predict import PhotoPredictions, Prediction
from core.text.tables import Rows


def table_rows(photo: PhotoPredictions) -> Rows:
    """The rows of a photo, one a model; a single one, with the reason, for a file that is no photo."""
    if not photo.predictions:
        return [{"file": photo.name, "model": None, "run": None, "problem": photo.problem}]
    return [_row(photo.name, one) for one in photo.predictions]


def _row(file: str, found: Prediction) -> dict:
    row: dict = {"file": file, "model": found.title, "run": found.run_id, "problem": found.problem}
    for place, one in enumerate(found.classes, start=1):
        row |= {f"class_{place}": one.class_name, f"probability_{place}": round(one.probability, 6)}
    if (left := found.prediction_set) is not None:
        row["confidence"] = left.confidence
        if not left.problem:  # the size tells a set without a class from one that could not be made
            row |= {"prediction_set": left.classes, "prediction_set_size": len(left.classes)}
    if found.novelty is not None and found.novelty.threshold is not None:
        row["unlike_training"] = found.novelty.unlike
    return row
