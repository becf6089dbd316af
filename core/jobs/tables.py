"""A table of predictions: what models predict for every photo of a folder or archive, a group of photos at a time."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from core.errors import Cancelled, NoSpace
from core.files.folders import TableFolder
from core.models.conformal import PredictionSet
from core.models.doubts import Doubts
from core.models.novelty import Novelty
from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.serving.service import predict_runs
from core.serving.uploads import upload_photos
from core.settings import Settings

GROUP = 32
"""Photos that are in memory together, and after which the table is written."""

LEAST_CERTAIN = 12
"""Photos that are kept to be looked at."""


@dataclass(frozen=True, kw_only=True)
class UncertainPhoto:
    """A photo whose most probable class has a low probability.

    Args:
        sample: name of its JPEG in the folder of samples.
    """

    file: str
    class_name: str
    probability: float
    sample: str


@dataclass(frozen=True, kw_only=True)
class TableProgress:
    """How far a table is.

    Args:
        done, total: photos. refused: of those done, files that could not be read as a photo.
        classes: by run, the number of photos for each predicted class.
        uncertain: the least certain photos, by the lowest of the models' highest probabilities.
    """

    done: int = 0
    total: int = 0
    refused: int = 0
    classes: dict[str, dict[str, int]] = field(default_factory=dict)
    uncertain: tuple[UncertainPhoto, ...] = ()

    @classmethod
    def from_json(cls, content: dict) -> "TableProgress":
        """Reverse of ``asdict``."""
        return cls(**content | {"uncertain": tuple(UncertainPhoto(**one) for one in content["uncertain"])})


def write_table(
    source: Path,
    run_ids: Sequence[str],
    folder: TableFolder,
    *,
    settings: Settings,
    doubts: Doubts,
    top: int,
    confidence: float,
    report: Callable[[TableProgress], None],
    cancelled: Callable[[], bool],
) -> TableProgress:
    """Predict all photos of ``source`` and append them to the folder's rows.

    Args:
        top: classes per photo. confidence: of the prediction sets.

    Raises:
        Cancelled: it was stopped; what was predicted before stays.
        GraftError: the source cannot be read, or none of the models can predict.
    """

    def check() -> None:
        if cancelled():
            raise Cancelled("It was cancelled.")

    with upload_photos(source, settings, check=check) as upload:
        progress = TableProgress(total=len(upload.photos) + len(upload.refused))
        refused = [PhotoPredictions(name=one.file, problem=f"It {one.reason}.") for one in upload.refused]
        progress = _added(progress, refused, folder)
        report(progress)
        for first in range(0, len(upload.photos), GROUP):
            check()
            group = upload.photos[first : first + GROUP]
            found = predict_runs(run_ids, group, settings=settings, doubts=doubts, top=top, confidence=confidence)
            progress = _added(progress, found, folder)
            report(progress)
    return progress


def _added(progress: TableProgress, found: Sequence[PhotoPredictions], folder: TableFolder) -> TableProgress:
    """Append photos to the rows, and count them."""
    try:
        with folder.rows.open("a", encoding="utf-8") as rows:
            rows.writelines(f"{json.dumps(_line(one), ensure_ascii=False)}\n" for one in found)
        uncertain = _least_certain(progress.uncertain, found, folder)
    except OSError as error:
        raise NoSpace(
            f"The table could not be written ({error.strerror}). Free some space and start it again."
        ) from None
    classes = {run_id: Counter(counts) for run_id, counts in progress.classes.items()}
    for photo in found:
        for one in photo.predictions:
            if one.classes:
                classes.setdefault(one.run_id, Counter())[one.classes[0].class_name] += 1
    return replace(
        progress,
        done=progress.done + len(found),
        refused=progress.refused + sum(bool(photo.problem) for photo in found),
        classes={run_id: dict(counts.most_common()) for run_id, counts in classes.items()},
        uncertain=uncertain,
    )


def _least_certain(
    before: Sequence[UncertainPhoto], found: Sequence[PhotoPredictions], folder: TableFolder
) -> tuple[UncertainPhoto, ...]:
    """The least certain of those before and of new photos; only their JPEGs are kept."""
    folder.samples.mkdir(exist_ok=True)
    kept, photos = list(before), {}
    for photo in found:
        made = [one.classes[0] for one in photo.predictions if one.classes]
        if made and photo.jpeg is not None:
            least = min(made, key=lambda one: one.probability)
            sample = f"{sha256(photo.name.encode()).hexdigest()[:32]}.jpg"
            photos[sample] = photo.jpeg
            kept.append(
                UncertainPhoto(
                    file=photo.name, class_name=least.class_name, probability=least.probability, sample=sample
                )
            )
    kept = sorted(kept, key=lambda one: one.probability)[:LEAST_CERTAIN]
    names = {one.sample for one in kept}
    for sample in names & photos.keys():
        (folder.samples / sample).write_bytes(photos[sample])
    for path in folder.samples.iterdir():
        if path.name not in names:
            path.unlink()
    return tuple(kept)


def _line(photo: PhotoPredictions) -> dict:
    made = [asdict(one) for one in photo.predictions]
    for one in made:
        if one["novelty"]:
            one["novelty"]["nearest"] = []  # most of a line, and shown nowhere
    return {"name": photo.name, "problem": photo.problem, "predictions": made}


def read_table(folder: TableFolder) -> Iterator[PhotoPredictions]:
    """The photos of a table, without their JPEGs; a last line that was cut off is left out."""
    if not folder.rows.exists():
        return
    with folder.rows.open(encoding="utf-8") as rows:
        for line in rows:
            if line.endswith("\n"):
                content = json.loads(line)
                made = tuple(_prediction(one) for one in content["predictions"])
                yield PhotoPredictions(name=content["name"], problem=content["problem"], predictions=made)


def _prediction(content: dict) -> Prediction:
    """Reverse of ``asdict``."""
    sets = {
        name: PredictionSet(**content[name] | {part: tuple(content[name][part]) for part in ("classes", "always")})
        for name in ("prediction_set", "class_prediction_set")
        if content[name]
    }
    novelty = Novelty(**content["novelty"] | {"nearest": ()}) if content["novelty"] else None
    classes = tuple(ClassProbability(**one) for one in content["classes"])
    return Prediction(**content | sets | {"classes": classes, "novelty": novelty})
