"""The predictions as files."""

import csv
import io
import json

from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.web.predict.results import _as_csv, _as_json

ROSE = (ClassProbability(class_name="rose", probability=0.8), ClassProbability(class_name="=tulip", probability=0.2))
FOUND = [
    PhotoPredictions(name="a.jpg", predictions=(Prediction(run_id="r-1", title="Lite0", classes=ROSE),)),
    PhotoPredictions(name="b.txt", problem="It is a text file, not a photo."),
]


def test_the_csv_has_a_row_for_every_photo_and_no_formula():
    first, second = csv.DictReader(io.StringIO(_as_csv(FOUND)))
    assert (first["file"], first["model"], first["class_1"], first["probability_1"]) == (
        "a.jpg",
        "Lite0",
        "rose",
        "0.8",
    )
    assert first["class_2"] == "'=tulip"
    assert (second["file"], second["class_1"]) == ("b.txt", "") and "text file" in second["problem"]


def test_the_json_is_that_of_the_command_line():
    photos = json.loads(_as_json(FOUND))["photos"]
    assert [photo["file"] for photo in photos] == ["a.jpg", "b.txt"]
    assert photos[0]["answers"][0]["predictions"][0] == {"class_name": "rose", "probability": 0.8}
