"""A run and its results: epochs, evaluation, cost, model. Frozen values only."""

from dataclasses import dataclass, field
from enum import StrEnum
from math import isnan

from core.recipes.recipe import Recipe

CHAMPION = "champion"
"""The alias shown on pages; others can be given too."""
LONGEST_NOTE, LONGEST_TAG, MOST_TAGS = 20_000, 40, 50
"""Most characters of a run's notes and tag; most tags of a run."""
LONGEST_WHO, LONGEST_WHY = 100, 500
"""Most characters of ``who`` and ``why`` of an alias move."""


class Status(StrEnum):
    """The names of MLflow. FINISHED, FAILED and KILLED are final; the first final status is kept."""

    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"

    @property
    def ended(self) -> bool:
        return self in (Status.FINISHED, Status.FAILED, Status.KILLED)


class Cancel(StrEnum):
    """What the user requested of a running run."""

    AFTER_EPOCH = "after_epoch"
    NOW = "now"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of a recipe on a dataset.

    Args:
        id: opaque, ``r-`` and eight characters; also the folder ``runs/<id>`` and the TensorBoard run.
        dataset_id, recipe, fingerprint: what is run (see ``recipes.fingerprint``).
        name: for display, unlike all others of its dataset: "Lite0 · feature extraction · 20 epochs".
        status, reason: ``reason`` is one sentence when FAILED or KILLED.
        priority: higher first; ``position``: smaller first within one priority.
        attempt: number of process starts so far; 0 before the first.
        cancel: what the user requested, if anything.
        extends: id of the finished run whose last checkpoint this one continues, if any.
        reproduces: id of the run that this one repeats with the same seed, to check that the results agree.
        epochs_done: epochs whose metrics are recorded; ``best_epoch``: the one the model was saved from (1-based).
        test_accuracy, test_low, test_high: of its evaluation, None before.
        wall_seconds: of the ended attempts so far, without queue time.
        created_at, started_at, ended_at: seconds since 1970, UTC.
        notes, tags: the user's.
        colour: its place in the palette (see ``runs.colours``), which no page and no chart changes.
        owner: name of the account that launched it; "" without one.
    """

    id: str
    dataset_id: str
    recipe: Recipe
    fingerprint: str
    name: str
    status: Status
    reason: str = ""
    priority: int = 0
    position: float = 0.0
    attempt: int = 0
    cancel: Cancel | None = None
    extends: str | None = None
    reproduces: str | None = None
    slot: str | None = None
    epochs_done: int = 0
    best_epoch: int | None = None
    test_accuracy: float | None = None
    test_low: float | None = None
    test_high: float | None = None
    wall_seconds: float | None = None
    created_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    notes: str = ""
    tags: tuple[str, ...] = ()
    starred: bool = False
    archived: bool = False
    colour: int = 0
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One start of a run's process."""

    run_id: str
    number: int
    slot: str
    started_at: float
    ended_at: float | None = None
    outcome: str = ""
    first_epoch: int | None = None


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """Metrics of one finished epoch (1-based).

    Args:
        val_calibrated_loss: the validation loss at the best temperature; None where the best epoch is not chosen by it.
    """

    number: int
    attempt: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    val_calibrated_loss: float | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a running run does now; only for display, possibly outdated (``runs/<id>/progress.json``).

    Args:
        stage: a name of ``core.runs.stages``, or "Downloading ...".
        done, total, unit: of the stage; ``total`` is 0 where it cannot be counted. eta_seconds: estimated, of the
            stage, None when unknown.
        started_at, updated_at: when the stage began and when this was written, seconds since 1970; ``started_at`` is
            0.0 where a trainer older than 0.6.0 wrote it.
    """

    stage: str
    done: int
    total: int
    unit: str
    eta_seconds: float | None
    updated_at: float
    started_at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """Metrics of one class on the test photos; None where the denominator is 0."""

    class_name: str
    photos: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Metrics measured once on the test split.

    Args:
        accuracy, n, ci95: fraction of n photos predicted correctly, with its 95 % Wilson interval.
        loss: mean cross-entropy.
        per_class: one score per class, in label order.
        confusion: ``confusion[true][predicted]`` photos.
        balanced_accuracy: mean recall of the classes that have photos; macro_f1: mean F1 of the classes that have
            photos or were predicted; ece: expected calibration error, 15 bins (``runs.metrics``). None: not computed.
        right: which photos are predicted correctly, one bit each in the order of their digests (``numpy.packbits``).
        hardest: digests of the photos with the lowest probability of the true class, the hardest first.
        Per-photo probabilities are in ``runs/<id>/test.npz``: ``digests`` (n,) str, ``labels`` (n,) int64,
        ``probabilities`` (n, classes) float32.
    """

    accuracy: float
    n: int
    ci95: tuple[float, float]
    loss: float
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    balanced_accuracy: float | None = None
    macro_f1: float | None = None
    ece: float | None = None
    right: bytes | None = field(default=None, repr=False)
    hardest: tuple[str, ...] = ()

    @property
    def log_loss(self) -> float | None:
        """``loss``, None where it was not measured (NaN)."""
        return None if isnan(self.loss) else self.loss


@dataclass(frozen=True, kw_only=True)
class AliasMove:
    """One step in the history of an alias: ``alias`` of a dataset was given to a run, or (``run_id`` None) removed.

    Args:
        number: counts all moves; at: seconds since 1970, UTC. run_name: the run's name at that time.
        who, why: as entered by the user; "" where empty.
        restores: number of the move that a rollback restored; None for other moves.
    """

    number: int
    dataset_id: str
    alias: str
    run_id: str | None
    run_name: str
    at: float
    who: str = ""
    why: str = ""
    restores: int | None = None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Cost of a run over all its attempts, and its cost without cached features. None means "not measured".

    Args:
        wall_seconds: process time on the clock, without queue time.
        cpu_seconds: user + system of the trainer and its children.
        device_seconds: seconds its GPU slot was held, times the GPUs of the slot; None on the CPU.
        peak_rss_bytes, peak_gpu_bytes: largest memory.
        energy_joules, energy_source: from a counter only.
        alone_wall_seconds, alone_cpu_seconds: the same, plus the cost of computing the reused features and engines.
            None for some runs that were resumed or extended before 0.5.0, which did not record it.
        parameters_total, parameters_trainable: of the end-to-end model.
        multiply_adds: of one forward pass of one photo.
        model_bytes: of ``model.keras``.
        ms_per_photo: one photo through the saved model on this machine, median. Networks that runs of one process share
            were timed once.
        stages: ``{stage: wall seconds}`` in order.
    """

    wall_seconds: float
    cpu_seconds: float
    device_seconds: float | None = None
    peak_rss_bytes: int
    peak_gpu_bytes: int | None = None
    energy_joules: float | None = None
    energy_source: str = ""
    alone_wall_seconds: float | None
    alone_cpu_seconds: float | None
    parameters_total: int
    parameters_trainable: int
    multiply_adds: int
    model_bytes: int
    ms_per_photo: float | None
    stages: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a finished run leaves in ``runs/<run id>/model``.

    Args:
        id: ``m-`` and eight characters.
        path: of ``model.keras`` relative to home; sha256 and size_bytes are of that file.
        card: ``card.json``: dataset, classes, recipe, accuracy, cost, versions, engine files with SHA-256.
        answers_sha256: identifies its uncalibrated predictions, which other runs build on. A temperature changes the
            card (and ``sha256``, where the card is the model's main file), but not this.
    """

    id: str
    run_id: str
    dataset_id: str
    path: str
    sha256: str
    size_bytes: int
    card: dict
    created_at: float

    @property
    def answers_sha256(self) -> str:
        return str(self.card.get("calibration", {}).get("model_sha256", self.sha256))
