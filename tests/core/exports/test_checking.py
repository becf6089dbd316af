"""The check runs the predict.py that is taken home and compares with test.npz."""

import json

import pytest

from core.errors import Unavailable
from core.exports import checking
from core.exports.checking import check, predicted, refusal
from core.exports.formats import Format
from core.exports.record import ExportCheck
from core.files.home import dataset_folder
from core.runs.predictions import read_predictions

SCRIPT = """
import json, sys
from pathlib import Path
known = json.loads((Path(__file__).parent / "known.json").read_text())
rows = []
for name in [one for one in sys.argv[1:] if one.endswith(".jpg")]:
    row = known[Path(name).stem]
    rows.append({"file": name, "problem": "", "predictions": [{"class_name": c, "probability": p} for c, p in row]})
print("what a library prints")
print(json.dumps({"photos": rows}))
"""


@pytest.fixture
def export(run, registry, settings, tmp_path):
    """(folder, names, probabilities by digest): a script that gives the stored predictions, the best class first."""
    names = registry.dataset(run.dataset_id).class_names
    stored = read_predictions(run.id, "test", settings)
    folder = dataset_folder(settings, run.dataset_id).photos
    folder.mkdir(parents=True, exist_ok=True)
    for digest in stored.digests:
        (folder / f"{digest}.jpg").write_bytes(b"a photo")
    known = dict(zip(stored.digests, stored.probabilities.tolist(), strict=True))
    (tmp_path / "predict.py").write_text(SCRIPT)
    return tmp_path, names, known


def give(folder, names, known) -> None:
    rows = {digest: sorted(zip(names, row, strict=True), key=lambda one: -one[1]) for digest, row in known.items()}
    (folder / "known.json").write_text(json.dumps(rows))


def checked(export, run, settings, temperature=1.0) -> ExportCheck:
    folder, names, known = export
    give(folder, names, known)
    return check(
        folder, run_id=run.id, dataset_id=run.dataset_id, class_names=names, temperature=temperature, settings=settings
    )


def test_equal_predictions_have_no_difference(export, run, settings):
    found = checked(export, run, settings)
    assert (found.photos, found.of, found.agreement) == (len(export[2]), len(export[2]), 1.0)
    assert found.difference < 1e-12 and refusal(Format.ONNX, found) == ""


def test_one_other_probability_is_found_and_refused_with_the_figure(export, run, settings):
    row = next(iter(export[2].values()))
    row[0] += 0.25
    found = checked(export, run, settings)
    assert found.difference == pytest.approx(0.25)
    assert refusal(Format.ONNX, found) == (
        "Its probabilities differ from the stored test predictions by up to 2.5e-01; at most 0.002 is accepted."
    )


def test_the_temperature_of_a_calibrated_model_belongs_to_what_is_expected(export, run, settings):
    assert checked(export, run, settings, temperature=3.0).difference > 0.01


def test_at_most_200_photos_are_predicted_the_first_by_digest(export, run, settings, monkeypatch):
    monkeypatch.setattr(checking, "MOST_PHOTOS", 3)
    later = sorted(export[2])[3:]
    for digest in later:
        export[2][digest] = [1.0] + [0.0] * (len(export[1]) - 1)
    found = checked(export, run, settings)
    assert (found.photos, found.of) == (3, len(export[2])) and found.difference < 1e-12


def test_other_classes_on_too_many_photos_are_refused():
    assert refusal(Format.LITERT_PIXELS, ExportCheck(photos=50, of=50, difference=1e-4, agreement=0.97)).startswith(
        "It names the same class on 97.0% of the test photos"
    )
    assert refusal(Format.ONNX, ExportCheck(photos=50, of=50, difference=float("nan"), agreement=1.0))


def test_what_does_not_run_says_so(export, run, settings):
    folder, names, _ = export
    (folder / "predict.py").write_text("raise SystemExit('no such operation')")
    with pytest.raises(Unavailable, match="cannot be run .no such operation"):
        predicted(folder, [], names)
    (folder / "predict.py").write_text('print(\'{"photos": [{"problem": "a.jpg cannot be predicted: x"}]}\')')
    with pytest.raises(Unavailable, match=r"a\.jpg cannot be predicted: x"):
        predicted(folder, [], names)


def test_without_the_test_photos_nothing_can_be_checked(export, run, settings):
    (dataset_folder(settings, run.dataset_id).photos / f"{next(iter(export[2]))}.jpg").unlink()
    with pytest.raises(Unavailable, match="test photos are not in this home"):
        checked(export, run, settings)
