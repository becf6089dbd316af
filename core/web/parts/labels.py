"""Titles and one-line explanations that several pages show."""

from collections.abc import Callable
from functools import partial

from core.backbones.values import Availability, Backbone
from core.comparison import CostKind
from core.datasets.values import Dataset
from core.runs.values import Run, Status
from core.text.units import count, duration, listed, money, percent, plain, size
from core.workbench.delete import DeletionImpact

AVAILABILITY: dict[Availability, str] = {
    Availability.READY: "● ready",
    Availability.CACHED: "● ready",
    Availability.DOWNLOAD: "○ download",
    Availability.NO_NETWORK: "✕ no network",
    Availability.GONE: "✕ deleted",
}


def weights_words(backbone: Backbone, state: Availability) -> str:
    """Whether the weights are here: ``● ready``, ``○ download 98 MB``."""
    missing = state in (Availability.DOWNLOAD, Availability.NO_NETWORK)
    return f"{AVAILABILITY[state]}{f' {size(backbone.weights_bytes)}' if missing else ''}"


def title_of(kind: CostKind) -> str:
    """The title of a cost as a label begins: ``Training time alone``, ``CPU time``."""
    return kind.title[:1].upper() + kind.title[1:]


def saying(kind: CostKind, currency: str) -> Callable[[float | None], str]:
    """How a cost reads; prices in the user's currency."""
    return partial(money, currency=currency) if "money" in kind.key else kind.words


def dataset_title(dataset: Dataset) -> str:
    """Name and version, not escaped."""
    return f"{dataset.name} · v{dataset.version}"


def dataset_size(dataset: Dataset) -> str:
    return f"{count(dataset.photo_count, 'photo')} in {count(len(dataset.class_names), 'class', 'classes')}"


def slot_words(name: str) -> str:
    """``CPU``; of a GPU as much of its UUID as tells it from another."""
    return "CPU" if name == "cpu" else " + ".join(gpu[:12] for gpu in name.split("+"))


def interval(run: Run) -> tuple[float | None, float | None]:
    return (run.test_low, run.test_high)


def run_sentence(run: Run) -> str:
    """How a run stands, one sentence in markdown (reasons are escaped)."""
    if run.status is Status.FINISHED:
        return _finished_sentence(run)
    if run.status is Status.RUNNING and not run.recipe.is_trained:
        return "At work now."
    if run.status is Status.RUNNING:
        return f"Training now: {run.epochs_done} of {count(run.recipe.hyperparameters.epochs, 'epoch')} done."
    if run.status is Status.SCHEDULED:
        kept = f", going on after epoch {run.epochs_done}" if run.epochs_done else ""
        return f"Waiting in the queue{kept}."
    word = "Failed" if run.status is Status.FAILED else "Stopped"
    after = f" after {count(run.epochs_done, 'epoch')}" if run.epochs_done else ""
    return f"{word}{after}. {plain(run.reason)}".strip()


def _finished_sentence(run: Run) -> str:
    """With the epoch that was kept, and why it ended before its last one, if it did."""
    right = f"Right on {percent(run.test_accuracy, interval(run))} of the test photos"
    if not run.recipe.is_trained:
        return f"{right}; it took {duration(run.wall_seconds)}."
    asked = run.recipe.hyperparameters.epochs
    early = f" of {run.epochs_done} ({asked} were asked for)" if run.epochs_done < asked else f" of {run.epochs_done}"
    reason = f" {plain(run.reason)}" if run.reason else ""
    kept = f"; the model is that of its best epoch, {run.best_epoch}{early}" if run.best_epoch else ""
    return f"{right}, trained in {duration(run.wall_seconds)}{kept}.{reason}"


def alias_words(impact: DeletionImpact, *, weights_only: bool = False) -> str:
    """A further sentence where somebody chose a run that goes, or whose weights go."""
    if not impact.aliases:
        return ""
    then = "it keeps that name, but can no longer be asked" if weights_only else "nobody will have that name then"
    return f" **Among them is the {plain(listed(impact.aliases, 4))}**: {then}."
