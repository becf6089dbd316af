"""What is known about one export of a model: its file, how it was checked, or why it was refused."""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from core.exports.formats import FORMATS, Format
from core.files.folders import EXPORT_RECORD
from core.runs.values import Model


@dataclass(frozen=True, kw_only=True)
class ExportCheck:
    """The exported file against the stored predictions for the test photos; their labels are not used.

    Args:
        photos, of: how many test photos were predicted, of how many.
        difference: largest absolute difference of a probability. agreement: fraction of photos with the same most
            probable class.
    """

    photos: int
    of: int
    difference: float
    agreement: float


@dataclass(frozen=True, kw_only=True)
class ExportRecord:
    """One export as it is stored in ``export.json``.

    Args:
        run_id, format, model: of what; ``model`` is ``state_of`` the exported model.
        file: the model's file in the folder. bytes: of all files. seconds: it took.
        check: None of a bundle, and where nothing could be checked. refused: why it is not offered; "" where it is.
    """

    run_id: str
    format: Format
    model: str
    file: str = ""
    bytes: int = 0
    check: ExportCheck | None = None
    refused: str = ""
    seconds: float = 0.0
    created_at: float = field(default_factory=time.time)

    def write(self, folder: Path) -> None:
        (folder / EXPORT_RECORD).write_text(json.dumps(asdict(self), indent=1))

    def to_json(self) -> dict:
        """For ``--json``: with the title and the limit of the format."""
        row = FORMATS[self.format]
        return asdict(self) | {"title": row.title, "limit": row.limit if self.format.runs else None}


def read_record(folder: Path) -> ExportRecord | None:
    """The record in the folder of an export; None where there is none that can be read."""
    try:
        content = json.loads((folder / EXPORT_RECORD).read_text())
        check = content["check"] and ExportCheck(**content["check"])
        return ExportRecord(**content | {"check": check, "format": Format(content["format"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def state_of(model: Model) -> str:
    """Identifies what a model predicts: its files, and its temperature. An export of another state is outdated."""
    return f"{model.answers_sha256}@{float((model.card.get('calibration') or {}).get('temperature', 1.0))}"
