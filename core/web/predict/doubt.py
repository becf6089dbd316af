"""How sure the predictions of a photo are: badges on its card, sentences beside its classes."""

from collections.abc import Sequence

import streamlit as st

from core.models.conformal import PredictionSet
from core.models.novelty import Novelty
from core.models.predict import Prediction
from core.text.units import count, plain

_UNLIKE = ":violet-badge[:material/travel_explore: unlike training]"


def badges(predictions: Sequence[Prediction]) -> list[str]:
    """Markdown badges for the card of a photo: more than one class left, none left, unlike training; [] where all
    models are sure."""
    sets = [one.prediction_set for one in predictions if one.prediction_set and not one.prediction_set.problem]
    most, found = max((len(one.classes) for one in sets), default=1), []
    if most > 1:
        found.append(f":orange-badge[:material/help: one of {most} classes]")
    elif any(not one.classes for one in sets):
        found.append(f":orange-badge[:material/help: none at {100 * sets[0].confidence:g} %]")
    if any(one.novelty is not None and one.novelty.unlike for one in predictions):
        found.append(_UNLIKE)
    return found


def show_doubt(prediction: Prediction) -> None:
    """What a person has to know: that the photo is unlike training, and the prediction set; what they promise is in
    the help of each line."""
    novelty, overall = prediction.novelty, prediction.prediction_set
    if novelty is not None and novelty.unlike:
        st.markdown(f"{_UNLIKE} The confidence does not hold for such a photo.", help=_how_far(novelty))
    if overall is not None:
        help = _promise(overall, prediction.class_prediction_set)
        why_not = f" {plain(novelty.problem)}" if novelty is not None else ""
        st.markdown(plain(overall.sentence), help=help + why_not)


def remark(prediction: Prediction) -> str:
    """For the line of small print: an ordinary photo, or one whose novelty is not known; "" else."""
    novelty = prediction.novelty
    if novelty is None or novelty.unlike:
        return ""
    return "not compared with training photos" if novelty.problem else "like the training photos"


def _how_far(novelty: Novelty) -> str:
    return plain(
        f"Its distance to the nearest training photos is {novelty.distance:.2f} in the {novelty.source}, and farther "
        f"than {novelty.threshold:.2f} is unusual. {novelty.rate}"
    )


def _promise(overall: PredictionSet, by_class: PredictionSet | None) -> str:
    if overall.problem:
        return plain("A prediction set names so many classes that the true one is among them as often as promised.")
    promise = (
        f"Of photos like the {count(overall.photos, 'validation photo')} at least {100 * overall.confidence:g} % have "
        "their true class in such a set."
    )
    return plain(promise if by_class is None else f"{promise} For every class by itself: {_in_words(by_class)}")


def _in_words(by_class: PredictionSet) -> str:
    return f"{by_class.sentence[0].lower()}{by_class.sentence[1:]}"
