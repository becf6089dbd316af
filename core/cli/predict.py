"""``predict``: classes of photos by trained models."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from core.cli.verbs import Result, Verbs, add_verb
from core.errors import InvalidInput
from core.models.predict import PhotoPredictions
from core.text.units import percent
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "predict", predict, predict_text, "predict the classes of photos")
    verb.add_argument("--model", required=True, action="append", metavar="RUN", help="run or model; repeatable")
    verb.add_argument("photos", nargs="+", metavar="PHOTO")
    verb.add_argument("--top", type=int, default=5, help="classes per photo")


def predict(options: Namespace) -> Result:
    if not 1 <= options.top <= 1000:
        raise InvalidInput(f"--top must be between 1 and 1000. Received: {options.top}")
    workbench = Workbench.open()
    photos = [(name, _read(name)) for name in options.photos]
    with _without_native_noise():
        predictions = workbench.predict(options.model, photos, top=options.top)
    rows = [_prediction(row) for row in predictions]
    problems = [f"{row['file']}: {row['problem']}" for row in rows if row["problem"]]
    problems += [f"{a['run']}: {a['problem']}" for row in rows[:1] for a in row["answers"] if a["problem"]]
    if problems:
        print(" ".join(problems), file=sys.stderr)
    return {"photos": rows}, not problems


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


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.") from None


def predict_text(result: dict) -> str:
    lines = []
    for row in result["photos"]:
        lines.append(f"{row['file']}")
        for answer in row["answers"]:
            best = ", ".join(f"{p['class_name']} {percent(p['probability'])}" for p in answer["predictions"])
            lines.append(f"  {answer['title']} ({answer['run']}): {best or answer['problem']}")
    return "\n".join(lines)
