"""What several models say about photos: the classes they answer, and how far they agree."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.models.predict import PhotoPredictions
from core.text.units import count, listed, plain


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A class that at least one model holds for the most probable.

    Args:
        probability: the mean of these models' probabilities.
        run_ids: of these models.
    """

    class_name: str
    probability: float
    run_ids: tuple[str, ...]


def answers(photo: PhotoPredictions) -> tuple[Answer, ...]:
    """The answers to one photo, that of most models first, then the more probable; () if no model made a prediction."""
    by_class: dict[str, dict[str, float]] = {}
    for one in photo.predictions:
        if one.classes:
            best = one.classes[0]
            by_class.setdefault(best.class_name, {})[one.run_id] = best.probability
    found = [
        Answer(class_name=name, probability=sum(models.values()) / len(models), run_ids=tuple(models))
        for name, models in by_class.items()
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.run_ids), -one.probability)))


def majority(said: Sequence[Answer]) -> str | None:
    """The class that more models answer than any other; None where there is none, or a single model."""
    most = len(said[0].run_ids) if said else 0
    models = sum(len(one.run_ids) for one in said)
    return said[0].class_name if models > 1 and all(len(one.run_ids) < most for one in said[1:]) else None


def summary(found: Sequence[PhotoPredictions]) -> str:
    """The first line: the predicted class, or on how many photos the models agree."""
    seen = [photo for photo in found if not photo.problem]
    if not seen:
        return f"None of the {count(len(found), 'file')} could be read as a photo."
    refused = f"; {count(len(found) - len(seen), 'file')} could not be read" if len(seen) < len(found) else ""
    return f"{_outcome(seen)}{refused}."


def _outcome(seen: Sequence[PhotoPredictions]) -> str:
    said, models = [answers(photo) for photo in seen], len(seen[0].predictions)
    if not any(said):
        return "No model made a prediction"
    if models == 1 and len(seen) > 1:
        return f"{count(len(seen), 'photo')}: {_class_counts(said)}"
    if len(seen) > 1:
        agreed = sum(len(one) == 1 for one in said)
        on = {0: "none", len(seen): "all"}.get(agreed, agreed)
        return f"{count(len(seen), 'photo')}, {count(models, 'model')}: agree on {on}"
    names = [plain(one.class_name) for one in said[0]]
    if models == 1:
        return f"Predicted: {names[0]}"
    return f"1 photo, {count(models, 'model')}: " + (
        f"agree on {names[0]}" if len(names) == 1 else f"disagree, {' or '.join(names)}"
    )


def _class_counts(said: Sequence[Sequence[Answer]]) -> str:
    """Predicted classes of one model, the most frequent first: ``3 × animal and 1 × fish``."""
    classes = Counter(one[0].class_name for one in said if one)
    return plain(listed([f"{number} × {name}" for name, number in classes.most_common()]))


def chance(probability: float) -> str:
    """A probability in whole percent; 0 and 100 % are never claimed: ``97 %``, ``over 99 %``, ``under 1 %``."""
    if probability >= 0.995:
        return "over 99 %"
    return "under 1 %" if probability < 0.005 else f"{100 * probability:.0f} %"
