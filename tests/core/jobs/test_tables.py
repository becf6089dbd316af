"""A table of predictions."""

from dataclasses import asdict, replace

import pytest

from core.errors import Cancelled
from core.files.home import table_folder
from core.jobs import tables
from core.jobs.tables import TableProgress, UncertainPhoto, read_table, write_table
from core.models.conformal import PredictionSet
from core.models.novelty import Novelty
from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from tests.photo_files import archive, jpeg


def predicted(run_ids, photos, *, confidence=0.95, **_) -> list[PhotoPredictions]:
    """The number in a name is the probability in percent of "cat"; text is no photo."""
    return [_photo(run_ids, name, confidence) for name, _ in photos]


def _photo(run_ids, name: str, confidence: float = 0.95) -> PhotoPredictions:
    if name.endswith(".txt"):
        return PhotoPredictions(name=name, problem="It is a text file, not a photo.")
    p = int(name.partition(".")[0]) / 100
    classes = (ClassProbability(class_name="cat", probability=p), ClassProbability(class_name="dog", probability=1 - p))
    made = tuple(
        Prediction(
            run_id=run_id,
            title="Lite0",
            classes=tuple(sorted(classes, key=lambda one: -one.probability)),
            milliseconds=8.0,
            prediction_set=PredictionSet(confidence=confidence, by_class=False, classes=("cat",), photos=40),
            class_prediction_set=PredictionSet(confidence=confidence, by_class=True, always=("dog",), photos=40),
            novelty=Novelty(unlike=True, threshold=0.5),
        )
        for run_id in run_ids
    )
    return PhotoPredictions(name=name, jpeg=jpeg(round(100 * p)), width=4, height=3, predictions=made)


@pytest.fixture
def folder(settings, monkeypatch):
    monkeypatch.setattr(tables, "predict_runs", predicted)
    monkeypatch.setattr(tables, "GROUP", 4)
    made = table_folder(settings, "t")
    made.path.mkdir(parents=True)
    return made


def run(folder, settings, source, *, cancelled=lambda: False, run_ids=("r-1",), confidence=0.95):
    reports = []
    end = write_table(
        source, run_ids, folder, settings=settings, doubts=None, top=5, confidence=confidence, report=reports.append,
        cancelled=cancelled,
    )  # fmt: skip
    return end, reports


def test_every_photo_is_a_line_in_groups_and_what_is_no_photo_says_why(folder, settings, tmp_path):
    names = [f"{number}.jpg" for number in (10, 40, 55, 60, 70, 80, 90)]
    source = archive(tmp_path / "a.zip", {name: jpeg(1) for name in names} | {"x.txt": b"text"})
    end, reports = run(folder, settings, source, run_ids=("r-1", "r-2"))
    assert [one.done for one in reports] == [0, 4, 8] and {one.total for one in reports} == {8}
    assert (end.done, end.refused) == (8, 1)
    assert end.classes == {"r-1": {"cat": 5, "dog": 2}, "r-2": {"cat": 5, "dog": 2}}
    rows = list(read_table(folder))
    assert [row.name for row in rows] == [*names, "x.txt"] and rows[-1].problem == "It is a text file, not a photo."
    whole = _photo(("r-1", "r-2"), "10.jpg")
    assert rows[0] == replace(whole, jpeg=None, width=0, height=0)


def test_the_sets_of_a_table_are_of_the_confidence_that_was_asked_for(folder, settings, tmp_path):
    run(folder, settings, archive(tmp_path / "a.zip", {"10.jpg": jpeg(1)}), confidence=0.99)
    (row,) = read_table(folder)
    (made,) = row.predictions
    assert (made.prediction_set.confidence, made.class_prediction_set.confidence) == (0.99, 0.99)


def test_the_least_certain_photos_are_kept_to_be_looked_at(folder, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "LEAST_CERTAIN", 3)
    names = [f"{number}.jpg" for number in (56, 99, 98, 52, 97, 96, 45, 95, 51)]
    end, _ = run(folder, settings, archive(tmp_path / "a.zip", {name: jpeg(1) for name in names}))
    assert [(one.file, one.class_name) for one in end.uncertain] == [
        ("51.jpg", "cat"),
        ("52.jpg", "cat"),
        ("45.jpg", "dog"),
    ]
    kept = {(folder.samples / one.sample).read_bytes() for one in end.uncertain}
    assert kept == {jpeg(51), jpeg(52), jpeg(45)} and len(list(folder.samples.iterdir())) == 3


def test_what_was_predicted_before_a_stop_stays(folder, settings, tmp_path):
    source = archive(tmp_path / "a.zip", {f"{number}.jpg": jpeg(1) for number in range(50, 60)})
    with pytest.raises(Cancelled):
        run(folder, settings, source, cancelled=lambda: len(list(read_table(folder))) >= 4)
    assert len(list(read_table(folder))) == 4


def test_a_line_that_was_cut_off_is_left_out(folder, settings, tmp_path):
    run(folder, settings, archive(tmp_path / "a.zip", {"60.jpg": jpeg(1), "70.jpg": jpeg(2)}))
    content = folder.rows.read_bytes()
    folder.rows.write_bytes(content[:-5])
    assert [row.name for row in read_table(folder)] == ["60.jpg"]
    folder.rows.unlink()
    assert list(read_table(folder)) == []


def test_progress_survives_json():
    sample = UncertainPhoto(file="a.jpg", class_name="cat", probability=0.4, sample="x.jpg")
    progress = TableProgress(done=1, total=2, refused=1, classes={"r-1": {"cat": 1}}, uncertain=(sample,))
    assert TableProgress.from_json(asdict(progress) | {"uncertain": [asdict(sample)]}) == progress
