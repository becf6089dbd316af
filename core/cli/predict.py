"""``predict``: classes of photos by trained models."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from core.cli.verbs import Result, Verbs, add_verb
from core.datasets.decoding.photos import StoredPhoto
from core.errors import InvalidInput
from core.models.predict import PhotoPredictions
from core.text.units import percent
from core.workbench import Workbench

PHOTOS_AT_ONCE = 500
"""Photos that are in memory together."""


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "predict", predict, predict_text, "predict the classes of photos")
    verb.add_argument("--model", required=True, action="append", metavar="RUN", help="run or model; repeatable")
    verb.add_argument("photos", nargs="*", metavar="PHOTO")
    verb.add_argument("--unlabelled", metavar="DATASET", help="the photos of a dataset without a class")
    verb.add_argument("--top", type=int, default=5, help="classes per photo")


def predict(options: Namespace) -> Result:
    if not 1 <= options.top <= 1000:
        raise InvalidInput(f"--top must be between 1 and 1000. Received: {options.top}")
    workbench = Workbench.open()
    photos = _photos(workbench, options)
    rows: list[dict] = []
    for first in range(0, len(photos), PHOTOS_AT_ONCE):
        some = [(name, read()) for name, read in photos[first : first + PHOTOS_AT_ONCE]]
        with _without_native_noise():
            rows += map(_prediction, workbench.predict(options.model, some, top=options.top))
    problems = [f"{row['file']}: {row['problem']}" for row in rows if row["problem"]]
    problems += [f"{a['run']}: {a['problem']}" for row in rows[:1] for a in row["answers"] if a["problem"]]
    if problems:
        print(" ".join(problems), file=sys.stderr)
    return {"photos": rows}, not problems


def _photos(workbench: Workbench, options: Namespace) -> list[tuple[str, Callable[[], bytes | StoredPhoto]]]:
    """Name of the photos that were given, then of the unlabelled ones of a dataset, each with what reads it."""
    photos: list[tuple[str, Callable[[], bytes | StoredPhoto]]] = [
        (name, partial(_read, Path(name))) for name in options.photos
    ]
    if options.unlabelled is not None:
        dataset = workbench.registry.dataset(options.unlabelled)
        unlabelled = workbench.registry.unlabelled_photos(dataset.id)
        if not unlabelled:
            raise InvalidInput(f"Dataset {dataset.name!r} has no unlabelled photos.")
        photos += [(photo.file, partial(workbench.unlabelled_photo, dataset.id, photo)) for photo in unlabelled]
    if not photos:
        raise InvalidInput("Name photos to predict, or a dataset with unlabelled ones: --unlabelled DATASET.")
    return photos


@contextmanager
def _without_native_noise() -> Iterator[None]:
    """LiteRT writes a message to stderr from C++, which no option turns off."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _prediction(row: PhotoPredictions) -> dict:
    answers = [
        {
            "run": answer.run_id,
            "title": answer.title,
            "predictions": [asdict(one) for one in answer.classes],
            "milliseconds": answer.milliseconds,
            "unsure": answer.unsure,
            "calibrated": answer.calibrated,
            "problem": answer.problem,
        }
        for answer in row.predictions
    ]
    return {"file": row.name, "problem": row.problem, "answers": answers}


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
    return "\n".join(lines)
