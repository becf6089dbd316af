"""``predict``: classes of photos by trained models."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.cli.verbs import Result, Verbs, add_verb
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.decoding.warm import PhotoSource
from core.errors import InvalidInput
from core.files.native_output import without_native_errors
from core.models.conformal import CONFIDENCE, checked_confidence
from core.models.predict import PhotoPredictions
from core.output.predictions import photo_row
from core.serving.rows import table_rows
from core.serving.uploads import holds_photos, upload_photos
from core.text.tables import as_csv
from core.text.units import percent
from core.workbench import Workbench

PHOTOS_AT_ONCE = 500
"""Photos that are in memory together."""


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "predict", predict, predict_text, "predict the classes of photos")
    verb.add_argument("--model", required=True, action="append", metavar="RUN", help="run or model; repeatable")
    verb.add_argument("photos", nargs="*", metavar="PHOTO", help="a photo, or a folder, ZIP or TAR of photos")
    verb.add_argument("--unlabelled", metavar="DATASET", help="the photos of a dataset without a class")
    verb.add_argument("--top", type=int, default=5, help="classes per photo")
    verb.add_argument("--csv", type=Path, metavar="FILE", help="write the predictions as a table")
    verb.add_argument("--confidence", type=float, default=CONFIDENCE, metavar="C", help="of the prediction sets")


def predict(options: Namespace) -> Result:
    if not 1 <= options.top <= 1000:
        raise InvalidInput(f"--top must be between 1 and 1000. Received: {options.top}")
    checked_confidence(options.confidence)
    workbench = Workbench.open()
    with ExitStack() as opened:
        photos, refused = _photos(workbench, options, opened)
        found = [*refused, *_predicted(workbench, photos, options)]
    if options.csv is not None:
        _write_csv(found, options.csv)
    rows = [photo_row(photo) for photo in found]
    problems = [f"{row['file']}: {row['problem']}" for row in rows if row["problem"]]
    predicted = next((row for row in rows if row["answers"]), None)
    problems += [f"{a['run']}: {a['problem']}" for a in predicted["answers"] if a["problem"]] if predicted else []
    if problems:
        print(" ".join(problems), file=sys.stderr)
    return {"photos": rows}, not problems


_Photo = tuple[str, Callable[[], PhotoSource | StoredPhoto]]
"""The name of a photo, and what reads it or says where it lies."""


def _predicted(workbench: Workbench, photos: Sequence[_Photo], options: Namespace) -> Iterator[PhotoPredictions]:
    """The predictions without the photos themselves."""
    for first in range(0, len(photos), PHOTOS_AT_ONCE):
        some = [(name, read()) for name, read in photos[first : first + PHOTOS_AT_ONCE]]
        with without_native_errors():
            found = workbench.predict(options.model, some, top=options.top, confidence=options.confidence)
        yield from (replace(photo, jpeg=None) for photo in found)


def _photos(workbench: Workbench, options: Namespace, opened: ExitStack) -> tuple[list[_Photo], list[PhotoPredictions]]:
    """The photos that were given, alone and in folders and archives, then the unlabelled ones of a dataset; and the
    files that were refused at sight."""
    photos: list[_Photo] = []
    refused: list[PhotoPredictions] = []
    for name in options.photos:
        if not holds_photos(Path(name)):
            photos.append((name, partial(_read, Path(name))))
            continue
        upload = opened.enter_context(upload_photos(Path(name), workbench.settings))
        photos += [(f"{name}/{inner}", partial(_given, source)) for inner, source in upload.photos]
        refused += [PhotoPredictions(name=f"{name}/{one.file}", problem=f"It {one.reason}.") for one in upload.refused]
    if options.unlabelled is not None:
        dataset = workbench.registry.dataset(options.unlabelled)
        unlabelled = workbench.registry.unlabelled_photos(dataset.id)
        if not unlabelled:
            raise InvalidInput(f"Dataset {dataset.name!r} has no unlabelled photos.")
        photos += [(photo.file, partial(workbench.unlabelled_photo, dataset.id, photo)) for photo in unlabelled]
    if not photos and not refused:
        raise InvalidInput("Name photos to predict, or a dataset with unlabelled ones: --unlabelled DATASET.")
    return photos, refused


def _given(source: PhotoSource | StoredPhoto) -> PhotoSource | StoredPhoto:
    return source


def _write_csv(found: Sequence[PhotoPredictions], path: Path) -> None:
    try:
        path.write_text(as_csv([row for photo in found for row in table_rows(photo)]), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None


def predict_text(result: dict) -> str:
    lines = []
    for row in result["photos"]:
        lines.append(f"{row['file']}")
        for answer in row["answers"]:
            best = ", ".join(f"{p['class_name']} {percent(p['probability'])}" for p in answer["predictions"])
            lines.append(f"  {answer['title']} ({answer['run']}): {best or answer['problem']}")
            lines += [f"    {answer[key]['sentence']}" for key in ("prediction_set", "novelty") if answer[key]]
    return "\n".join(lines)
