"""An exported model predicts the test photos with its own runtime, by the ``predict.py`` that is taken home with it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import Unavailable
from core.exports.formats import FORMATS, Format
from core.exports.record import ExportCheck
from core.exports.takeaway import SCRIPT
from core.files.here import dataset_here
from core.models.temperature import scaled
from core.runs.predictions import read_predictions
from core.settings import Settings

MOST_PHOTOS = 200
"""Test photos that are predicted; the first by digest, so that neither labels nor predictions choose them."""

LEAST_AGREEMENT = 0.98
"""Fraction of photos with the same class that a file with preprocessing inside needs."""

SECONDS = 1200.0


def check(
    folder: Path, *, run_id: str, dataset_id: str, class_names: Sequence[str], temperature: float, settings: Settings
) -> ExportCheck:
    """Runs ``predict.py`` of ``folder`` on the test photos and compares with the run's ``test.npz``.

    Raises:
        NotFound, InvalidInput: there are no stored predictions. Unavailable: no test photo is stored here, or the
            exported model cannot be run.
    """
    stored = read_predictions(run_id, "test", settings)
    order = np.argsort(np.array(stored.digests))[:MOST_PHOTOS]
    photos = dataset_here(settings, dataset_id)
    paths = [photos.photo(stored.digests[row]) for row in order]
    if not all(path.exists() for path in paths):
        raise Unavailable("The test photos are not in this home, so an export of this model cannot be checked here.")
    expected = scaled(stored.probabilities[order], temperature)
    found = predicted(folder, paths, class_names)
    return ExportCheck(
        photos=len(paths),
        of=len(stored.digests),
        difference=float(np.abs(found - expected).max()),
        agreement=float((found.argmax(axis=1) == expected.argmax(axis=1)).mean()),
    )


def predicted(folder: Path, photos: Sequence[Path], class_names: Sequence[str]) -> np.ndarray:
    """(photos, classes) probabilities by the ``predict.py`` of an export, in a process of its own.

    Raises:
        Unavailable: it cannot be run.
    """
    command = [sys.executable, str(folder / SCRIPT), "--json", "--stored", "--top", str(len(class_names))]
    environment = os.environ | {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(
            [*command, *map(str, photos)], cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS
        )
        rows = json.loads(done.stdout.strip().splitlines()[-1])["photos"]
    except subprocess.TimeoutExpired:
        raise Unavailable(f"The exported model did not predict within {SECONDS / 60:.0f} min.") from None
    except (ValueError, KeyError, IndexError):
        raise Unavailable(f"The exported model cannot be run ({_last_line(done.stderr)}).") from None
    problems = [row["problem"] for row in rows if row["problem"]]
    if problems:
        raise Unavailable(f"The exported model cannot be run: {problems[0][:300]}")
    label = {name: number for number, name in enumerate(class_names)}
    found = np.zeros((len(rows), len(label)))
    for number, row in enumerate(rows):
        for one in row["predictions"]:
            found[number, label[one["class_name"]]] = one["probability"]
    return found


def refusal(format: Format, found: ExportCheck) -> str:
    """Why an export that was checked is not offered, one sentence with the figure; "" where it is."""
    limit = FORMATS[format].limit
    if not found.difference <= limit:
        return (
            f"Its probabilities differ from the stored test predictions by up to {found.difference:.1e}; "
            f"at most {limit:g} is accepted."
        )
    if found.agreement < LEAST_AGREEMENT:
        return (
            f"It names the same class on {found.agreement:.1%} of the test photos; at least {LEAST_AGREEMENT:.0%} is "
            "accepted."
        )
    return ""


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no output"
