"""Titles and one-line explanations that several pages show."""

from collections.abc import Callable
from functools import partial

from core.backbones.values import Availability, Backbone
from core.comparison import CostKind
from core.datasets.values import Dataset
from core.deletion import Toll
from core.recipes import Pattern
from core.runs import Run, Status
from core.suggestions import suggest_hyperparameters
from core.wording import count, duration, listed, money, plain, share, size

PATTERNS: dict[Pattern, tuple[str, str]] = {
    Pattern.INTEGRATED_EXTRACTOR: (
        "Frozen + new head",
        "Integrated feature extractor: the pretrained network stays as it is, a new head learns on what it sees. "
        "The network runs once per photo, so this is the cheapest way to learn.",
    ),
}
"""Title and help of every pattern, in the order of the columns of the grid."""

FIELDS: dict[str, tuple[str, str]] = {
    "epochs": ("Epochs", "How often the head sees all training photos. The best epoch is kept, so more does no harm."),
    "views": (
        "Views per photo",
        "Augmented renderings of every training photo (mirrored, cropped, brightened). 1 is the photo itself. "
        "Each view costs one more pass through the network, and helps where photos are few.",
    ),
    "learning_rate": ("Learning rate", "Size of the steps of the optimizer (Adam). 0.003 suits most heads."),
    "batch_size": ("Batch size", "Photos per step."),
    "dropout": ("Dropout", "Share of features hidden at random in training, so that the head relies on many of them."),
    "hidden_units": ("Hidden units", "Size of one extra layer in the head. 0 is a linear head, right for most photos."),
    "label_smoothing": (
        "Label smoothing",
        "How far from certain the head is asked to stay; 0.1 helps when labels err.",
    ),
    "seed": (
        "Seed",
        "Start of all random numbers. The same seed gives the same model; another shows how much is luck.",
    ),
}
"""Title and help of every hyperparameter, the ones most often changed first."""

AVAILABILITY: dict[Availability, str] = {
    Availability.READY: "● ready",
    Availability.CACHED: "● ready",
    Availability.DOWNLOAD: "○ download",
    Availability.NO_NETWORK: "✕ no network",
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


def recipe_words(run: Run) -> str:
    """What tells runs of one backbone apart: pattern and hyperparameters that are not the usual ones."""
    chosen = run.recipe.hyperparameters
    usual = suggest_hyperparameters(
        train_photos=1000, classes=2, pattern=run.recipe.pattern
    )  # these names do not depend on the size
    parts = [PATTERNS[run.recipe.pattern][0], count(chosen.epochs, "epoch"), count(chosen.views, "view")]
    for name in ("learning_rate", "dropout", "hidden_units", "label_smoothing", "seed"):
        value = getattr(chosen, name)
        if value != getattr(usual, name):
            parts.append(f"{FIELDS[name][0].lower()} {value:g}")
    return " · ".join(parts)


def interval(run: Run) -> tuple[float | None, float | None]:
    return (run.test_low, run.test_high)


def run_sentence(run: Run) -> str:
    """How a run stands, one sentence in markdown (reasons are escaped)."""
    if run.status is Status.FINISHED:
        return (
            f"Right on {share(run.test_accuracy, interval(run))} of the test photos, trained in "
            f"{duration(run.wall_seconds)}; its best epoch was {run.best_epoch}."
        )
    if run.status is Status.RUNNING:
        return f"Training now: {run.epochs_done} of {count(run.recipe.hyperparameters.epochs, 'epoch')} done."
    if run.status is Status.SCHEDULED:
        kept = f", going on after epoch {run.epochs_done}" if run.epochs_done else ""
        return f"Waiting in the queue{kept}."
    word = "Failed" if run.status is Status.FAILED else "Cancelled"
    after = f" after {count(run.epochs_done, 'epoch')}" if run.epochs_done else ""
    return f"{word}{after}. {plain(run.reason)}".strip()


def toll_words(toll: Toll) -> str:
    """What goes with a deletion: ``1 dataset, 3 runs, 2 models: 148 MB``."""
    nouns = [(toll.datasets, "dataset"), (toll.runs, "run"), (toll.models, "model")]
    return f"{listed([count(number, noun) for number, noun in nouns if number])}, {size(toll.bytes)} on disk"
