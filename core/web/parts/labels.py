"""Titles and sentences that several pages show."""

from collections.abc import Callable, Iterable
from functools import partial

from core.backbones.values import Availability, Backbone
from core.comparison.cost_axes import CostKind
from core.datasets.values import Dataset
from core.errors import GraftError
from core.recipes.labels import OWN_SIZE
from core.recipes.recipe import Recipe
from core.runs.epochs import keeps_head
from core.runs.values import Run, Status
from core.text.units import count, duration, listed, money, percent, plain, size
from core.workbench import Workbench
from core.workbench.delete import DeletionImpact

AVAILABILITY: dict[Availability, str] = {
    Availability.READY: "● ready",
    Availability.CACHED: "● ready",
    Availability.DOWNLOAD: "○ download",
    Availability.NO_NETWORK: "✕ no network",
    Availability.GONE: "✕ deleted",
}


def weights_label(backbone: Backbone, state: Availability) -> str:
    """Whether the weights are on this machine: ``● ready``, ``○ download 98 MB``."""
    missing = state in (Availability.DOWNLOAD, Availability.NO_NETWORK)
    return f"{AVAILABILITY[state]}{f' {size(backbone.weights_bytes)}' if missing else ''}"


def cost_title(kind: CostKind) -> str:
    """The title of a cost with a capital: ``Training time``, ``CPU time``."""
    return kind.title[:1].upper() + kind.title[1:]


def cost_formatter(kind: CostKind, currency: str) -> Callable[[float | None], str]:
    """The formatter of a cost; costs in money use the user's currency."""
    return partial(money, currency=currency) if "money" in kind.key else kind.words


def dataset_title(dataset: Dataset) -> str:
    """Name and version, not escaped."""
    return f"{dataset.name} · v{dataset.version}"


def dataset_size(dataset: Dataset) -> str:
    return f"{count(dataset.photo_count, 'photo')} in {count(len(dataset.class_names), 'class', 'classes')}"


def slot_label(name: str) -> str:
    """``CPU``, the prefixes of the UUIDs of its GPUs, or the machine of a cluster and its device: ``node2 gpu0``."""
    if "/" in name:
        return name.replace("/", " ")
    return "CPU" if name == "cpu" else " + ".join(gpu[:12] for gpu in name.split("+"))


def interval(run: Run) -> tuple[float | None, float | None]:
    return (run.test_low, run.test_high)


def run_sentence(run: Run) -> str:
    """What is to be said of a run beside the badge of its status, in Markdown (its reason is escaped)."""
    if run.status is Status.FINISHED:
        return _finished_sentence(run)
    if run.status is Status.RUNNING and not run.recipe.is_trained:
        return ""
    if run.status is Status.RUNNING:
        return f"{run.epochs_done} of {count(run.recipe.hyperparameters.epochs, 'epoch')} done."
    if run.status is Status.SCHEDULED:
        return f"It resumes after epoch {run.epochs_done}." if run.epochs_done else "It has not started yet."
    asked = count(run.recipe.hyperparameters.epochs, "epoch")
    after = f"After {run.epochs_done} of {asked}. " if run.epochs_done else ""
    return f"{after}{plain(run.reason)}".strip()


def _finished_sentence(run: Run) -> str:
    """Accuracy, time, best epoch, and the reason of an early end."""
    right = f"{percent(run.test_accuracy, interval(run))} test accuracy"
    if not run.recipe.is_trained:
        return f"{right}; time spent {duration(run.wall_seconds)}."
    asked = run.recipe.hyperparameters.epochs
    early = f" of {run.epochs_done} ({asked} requested)" if run.epochs_done < asked else f" of {run.epochs_done}"
    reason = f" {plain(run.reason)}" if run.reason else ""
    kept = f"; best epoch {run.best_epoch}{early}" if run.best_epoch else ""
    kept += ": the head from before fine-tuning was better on the validation photos and is kept" * keeps_head(run)
    return f"{right}; time spent {duration(run.wall_seconds)}{kept}.{reason}"


def alias_warning(impact: DeletionImpact, *, weights_only: bool = False) -> str:
    """A sentence if an alias points to a run that is to be deleted, or whose weights are; else ""."""
    if not impact.aliases:
        return ""
    then = "it keeps the alias but can no longer predict" if weights_only else "the alias will be removed"
    return f" **Among them is the {plain(listed(impact.aliases, 4))}**: {then}."


def own_sizes(bench: Workbench, backbones: Iterable[str]) -> str:
    """The input sizes that backbones were trained at: ``224 px``, ``224 and 240 px``; in words where one is gone."""
    try:
        sizes = {bench.backbone(name).input_size for name in backbones}
    except GraftError:
        return OWN_SIZE
    return f"{listed([str(size) for size in sorted(sizes)])} px" if sizes else OWN_SIZE


def input_size_label(bench: Workbench, recipe: Recipe) -> str:
    """The input size of a recipe, also where it is the one that its backbones were trained at."""
    size = recipe.hyperparameters.input_size
    return f"{size} px" if size else own_sizes(bench, recipe.backbones)
