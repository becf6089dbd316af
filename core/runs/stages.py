"""The stages of a run, in their order: keys of ``Cost.stages`` and names in ``progress.json``."""

from collections.abc import Mapping

LOADING = "Loading"
OPTIMISING = "Optimising the backbone for this machine (once)"
WAITING = "Waiting for another run's features"
FEATURES = "Computing features"
TRAINING = "Training"
SAVING = "Saving"
EVALUATING = "Measuring"
"""Recorded under this name since 0.1; pages write "Evaluating"."""

STORE = "Waiting for the store of artifacts"
FETCHING = "Fetching from the store of artifacts"
"""Only in ``progress.json``, where several machines share a store."""

STAGES = (LOADING, OPTIMISING, FEATURES, TRAINING, SAVING, EVALUATING)
"""Every stage that a run can measure. ``OPTIMISING`` only appears where a backbone was exported."""

_LABELS = {LOADING: "Loading TensorFlow and the backbone", SAVING: "Saving the model", EVALUATING: "Evaluating"}
_SHORT = {
    FEATURES: "Computing features",
    WAITING: "Waiting for features",
    STORE: "Waiting for the store",
    FETCHING: "Fetching",
}


def stage_label(name: str) -> str:
    """What pages call a stage; other names (a download) are shown as they are."""
    return _LABELS.get(name, name)


def short_stage_label(name: str) -> str:
    """One word or two, for the cells of a table."""
    return _SHORT.get(name) or stage_label(name).partition(" ")[0]


def in_order(stages: Mapping[str, float]) -> dict[str, float]:
    """Seconds per stage, the stages in the order of ``STAGES`` and unknown ones last."""
    known = {name: stages[name] for name in STAGES if name in stages}
    return known | {name: seconds for name, seconds in stages.items() if name not in known}
