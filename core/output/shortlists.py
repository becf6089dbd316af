"""A shortlist as JSON: ``core shortlist``, REST and MCP."""

from dataclasses import asdict

from core.advising.background import AdviceState
from core.advising.regret import Regret, latest_shortlist, regret_of
from core.advising.values import Shortlist
from core.datasets.values import Dataset
from core.registry import Registry
from core.text.units import count, listed, percent, rough_duration


def shortlist_json(dataset: Dataset, registry: Registry, state: AdviceState | None = None) -> dict:
    """The newest shortlist of a dataset with its regret; ``shortlist`` is None where there is none.

    Args:
        state: of the one that is made in the background, where that is known.
    """
    latest = latest_shortlist(dataset.id, registry)
    found, made_at, who = latest or (None, None, "")
    regret = None if found is None else regret_of(found, registry)
    return {
        "dataset": dataset.id,
        "name": dataset.name,
        "version": dataset.version,
        "state": "ready" if state is None else state.state,
        "message": "" if state is None else state.message,
        "summary": "There is no shortlist yet." if found is None else shortlist_sentence(found),
        "shortlist": None if found is None else found.to_json(),
        "regret": None if regret is None else regret_json(regret),
        "made_at": made_at,
        "who": who,
    }


def regret_json(regret: Regret) -> dict:
    """With the sentence."""
    return asdict(regret) | {"verdict": regret.verdict}


def shortlist_sentence(found: Shortlist) -> str:
    """``Train these 3, in this order, about 4 min: …``, or that the photos are too few to tell."""
    names = listed([one.name for one in found.named])
    time = rough_duration(60 * found.minutes)
    if found.too_few:
        most = max(one.validation for one in found.candidates)
        return (
            f"Too few photos to tell: on {count(most, 'validation photo')} no recipe is distinguishable from the "
            f"one with the highest score. The first of these has the highest published accuracy: {names}, about {time}."
        )
    if len(found.named) == 1:
        return f"Train this one, about {time}: {names}."
    return f"Train these {len(found.named)}, in this order, about {time}: {names}."


def neighbours_sentence(found: Shortlist) -> str:
    """What the nearest photos say; "" where nothing is known."""
    near = found.neighbours
    if near is None:
        return ""
    return (
        f"Without any training, the nearest of {count(near.photos, 'training photo')} name the class of "
        f"{percent(near.accuracy, (near.low, near.high))} of {count(near.validation, 'validation photo')} "
        f"({near.title}, {near.size} px)."
    )
