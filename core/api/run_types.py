"""What responses about runs return, as types: plans, launches, comparisons, smaller models and deletions."""

from typing import Literal

from pydantic import Field

from core.api.described import Described, Interval, LeakNote, Values
from core.api.model_types import NonInferiorityTest

RunStatus = Literal["SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED"]
_STATUS = "SCHEDULED and RUNNING change by themselves; FINISHED, FAILED and KILLED (cancelled) do not."


class RunRow(Described):
    """A run in a list."""

    run: str = Field(description="Id.")
    dataset: str = Field(description="Id.")
    name: str = Field(description="It can be changed and need not be unique.")
    status: RunStatus = Field(description=_STATUS)
    reason: str = Field(description='Why it failed or ended early, else "".')
    recipe: Values = Field(description="Backbone, pattern, hyperparameters, members of a cascade.")
    accuracy: float | None = Field(description="On the test photos, 0 to 1; null before the run is finished.")
    epochs_done: int = Field(description="Epochs that are finished.")
    best_epoch: int | None = Field(description="Whose weights the model has; null without epochs.")
    wall_seconds: float | None = Field(description="It took so far, without waiting.")
    priority: int = Field(description="Higher starts first.")
    attempt: int = Field(description="Counts its starts.")
    extends: str | None = Field(description="The shorter run whose checkpoint it continues from.")
    reproduces: str | None = Field(description="The run that it repeats.")
    fingerprint: str = Field(description="Equal for runs of equal recipes and photos.")
    created_at: float = Field(description="Seconds since 1970, UTC.")
    starred: bool = Field(description="Marked on a page.")
    archived: bool = Field(description="Left out of lists.")
    notes: str = Field(description="Markdown.")
    tags: list[str] = Field(description="In the order of the alphabet.")
    owner: str = Field(description="Account that launched it; empty without one.")


class QueuedRow(RunRow):
    """A run in a list of runs that may wait."""

    waits: str = Field(description="What it needs that not every slot has; empty where it only waits its turn.")


class RunList(Described):
    """Some of the runs that match."""

    runs: list[QueuedRow] = Field(description="The newest first.")
    total: int = Field(description="How many match in all.")
    leaks: list[LeakNote] = Field(description="Of their datasets.")


class ClassResult(Described):
    """The scores of a class on the test photos."""

    class_name: str = Field(description="The class.")
    photos: int = Field(description="Test photos of it.")
    precision: float | None = Field(description="The share of right ones among the photos predicted as it.")
    recall: float | None = Field(description="The share of its photos that are predicted as it.")
    f1: float | None = Field(description="The harmonic mean of both.")


class RunEvaluation(Described):
    """Metrics measured once on the test photos."""

    accuracy: float = Field(description="0 to 1.")
    n: int = Field(description="Test photos.")
    ci95: Interval = Field(description="95 % Wilson interval of the accuracy.")
    loss: float | None = Field(description="Mean cross-entropy.")
    per_class: list[ClassResult] = Field(description="In the order of the classes.")
    confusion: list[list[int]] = Field(description="Photos: `confusion[true class][predicted class]`.")
    balanced_accuracy: float | None = Field(description="Mean recall of the classes; null where it was not computed.")
    macro_f1: float | None = Field(description="Mean F1 of the classes.")
    ece: float | None = Field(description="Expected calibration error, 15 bins.")
    hardest: list[str] = Field(description="Digests of the photos with the lowest probability of the true class.")


class RunDetails(QueuedRow):
    """All about one run."""

    needs: Values = Field(description="What its slot must have: `gpus`, `gpu_kind`, `gpu_bytes`, `memory_bytes`, ...")
    evaluation: RunEvaluation | None = Field(description="Null before the run is finished.")
    leaks: LeakNote | None = Field(description="Null where a check found no leak, or nobody checked.")
    cost: Values | None = Field(
        description="`wall_seconds`, `cpu_seconds`, `ms_per_photo`, `model_bytes`, ...; null is not measured."
    )
    epochs: list[Values] = Field(description="`number`, `loss`, `accuracy`, `val_loss`, `val_accuracy`, `seconds`.")
    forecasts: list[Values] = Field(description="What was expected of it, beside what was measured.")
    attempts: list[Values] = Field(description="Its starts: `slot`, `started_at`, `ended_at`, `outcome`.")
    model: Values | None = Field(description="`model`, `path`, `sha256`, `bytes`; null where there is none.")
    checkpoint: bool = Field(description="Whether a longer run can continue from it.")
    stages: list[Values] = Field(description="Of its training: `first_epoch`, `last_epoch`, `learning_rate`, ...")
    lineage: Values = Field(description="`parents` and `children`: runs whose models it builds on or that build on it.")
    repetitions: list[Values] = Field(description="Runs of the same recipe by seed.")
    reproduction: Values | None = Field(description="How far its repetition differs; null without one.")


class ForecastBand(Described):
    """A range around a forecast."""

    level: float = Field(description="The share of forecasts whose range contains what is measured.")
    low: float = Field(description="In the unit of the forecast.")
    high: float = Field(description="In the unit of the forecast.")
    measured: bool = Field(description="Whether it rests on earlier forecasts of this machine; else an estimate.")
    compared: int = Field(description="Earlier forecasts that it rests on.")
    sentence: str = Field(description="The same in words.")


class PlanConcern(Described):
    """What speaks against a plan."""

    level: Literal["refuse", "ask", "note"] = Field(description="refuse: impossible. ask: confirm it. note: to know.")
    sentence: str = Field(description="What it is.")
    remedies: list[Values] = Field(description="Changes of the recipe that would help; `label` says which.")


class PlannedRun(Described):
    """A recipe: what launching it does, and what it will take. Some members are missing where it is refused."""

    run: str | None = Field(description="Id of the run that it is or became; null where it is only planned.")
    name: str = Field(description="Of the recipe.")
    backbone: str = Field(description="Name of a backbone, or id of a run.")
    pattern: str = Field(description="How the backbone is used.")
    decision: Literal["reused", "resumed", "extended", "new", "refused"] = Field(
        description="reused: a finished run is the result. resumed, extended: it goes on from a checkpoint."
    )
    because: str = Field(description="Why.")
    status: RunStatus | None = Field(None, description=f"Of the launched run. {_STATUS}")
    depth: int | None = Field(None, description="Blocks that are trained.")
    seed: int | None = Field(None, description="Of everything random.")
    fingerprint: str = Field("", description="Equal for equal recipes and photos.")
    first_epoch: int | None = Field(None, description="That will be trained.")
    settings: Values = Field({}, description="Of a row that is no recipe, instead of the members above.")
    estimate_seconds: float | None = Field(description="Training time, an estimate.")
    estimate_source: str = Field("", description="What the estimate rests on.")
    correction: float = Field(1.0, description="Factor from earlier forecasts that is part of the estimate.")
    saves_seconds: float = Field(description="By what is stored or shared.")
    saves_source: str = Field("", description="Whether this is measured or estimated.")
    features_stored: bool = Field(False, description="Whether the features of the backbone are computed already.")
    disk_bytes: int | None = Field(None, description="That it will add.")
    memory_bytes: int | None = Field(None, description="Peak, an estimate.")
    energy_joules: float | None = Field(None, description="An estimate; null where no counter is read.")
    bands: dict[str, ForecastBand | None] = Field({}, description="Of seconds, memory_bytes and energy_joules.")
    concerns: list[PlanConcern] = Field(description="What speaks against it.")
    remedies: list[Values] = Field(description="Changes of the recipe that would help; `label` says which.")


class LaunchPlan(Described):
    """The runs together: shared work counts once."""

    sentence: str = Field(description="How many runs, how long, what is shared.")
    runs: int = Field(description="That will be trained.")
    decisions: dict[str, int] = Field(description="How many recipes each decision has.")
    slots: int = Field(description="Runs at a time.")
    seconds: float | None = Field(description="All together, an estimate.")
    alone_seconds: float | None = Field(description="Without anything shared.")
    saves_seconds: float = Field(description="By what is stored or shared.")
    start_seconds: float = Field(description="Of the trainers' starts.")
    shared_seconds: dict[str, float] = Field(description="Of shared work by kind.")
    copied_rows: int = Field(0, description="Features of photos that are copied from another version or dataset.")
    copied: str = Field("", description="The same as a sentence; empty where none are.")
    disk_bytes: int = Field(description="That they will add.")
    memory_bytes: int | None = Field(description="Peak, an estimate.")
    energy_joules: float | None = Field(description="An estimate; null where no counter is read.")
    band: ForecastBand | None = Field(description="Around `seconds`.")
    forecast_error: Values | None = Field(description="How far off the newest forecasts were.")
    estimate_sources: list[str] = Field(description="What the estimates rest on.")


class LaunchResult(Described):
    """What was launched, or would be."""

    runs: list[PlannedRun] = Field(description="One entry a recipe.")
    plan: LaunchPlan = Field(description="All of them together.")
    concerns: list[PlanConcern] = Field(description="About all of them together.")
    leaks: LeakNote | None = Field(None, description="Null where a check found no leak, or nobody checked.")


class ComparedRun(Described):
    """A run beside others."""

    run: str = Field(description="Id.")
    name: str = Field(description="Of the run.")
    rank: int | None = Field(description="By accuracy, from 1; null where it was not measured.")
    rank_with_all: int | None = Field(None, description="Where test photos are left out: with all of them.")
    status: RunStatus = Field(description=_STATUS)
    standing: Literal["best", "not distinguishable", "worse"] | None = Field(
        description="Beside the most accurate one, by the paired tests; null where it was not tested."
    )
    accuracy: float | None = Field(description="On the test photos, 0 to 1.")
    ci95: Interval | None = Field(description="95 % Wilson interval of the accuracy.")
    balanced_accuracy: float | None = Field(description="Mean recall of the classes.")
    macro_f1: float | None = Field(description="Mean F1 of the classes.")
    log_loss: float | None = Field(description="Mean cross-entropy.")
    ece: float | None = Field(description="Expected calibration error, 15 bins.")
    tie_with_best: bool | None = Field(description="Whether it is not distinguishable from the most accurate.")
    epochs: int | None = Field(description="That were trained.")
    best_epoch: int | None = Field(description="Whose weights the model has.")
    tags: list[str] = Field(description="Of the run.")
    starred: bool = Field(description="Marked on a page.")
    archived: bool = Field(description="Left out of lists.")
    created_at: float = Field(description="Seconds since 1970, UTC.")
    cost: Values = Field(description="`alone_wall_seconds`, `ms_per_photo`, `model_bytes`, ...; null is not measured.")
    recipe: Values = Field(description="Backbone, pattern, hyperparameters, members of a cascade.")


class PhotosCompared(Described):
    """The test photos that are compared on, where some are left out."""

    without: list[Literal["suspects", "leaks"]] = Field(description="What was left out.")
    photos: int = Field(description="Test photos that are left.")
    of: int = Field(description="Test photos.")
    sentence: str = Field(description="The same in words.")


class ComparisonVerdict(Described):
    """Which run to use, and why."""

    sentence: str = Field(description="The recommendation in words.")
    standings: str = Field(description="Which runs are not distinguishable from the most accurate, in words.")
    best: str = Field(description="Id of the most accurate run.")
    recommended: str = Field(description="Id of the cheapest run that is not distinguishable from it.")
    not_distinguishable: list[str] = Field(description="Ids of the runs that are not distinguishable from the best.")
    worse: int = Field(description="How many runs are.")
    untested: int = Field(description="How many runs could not be tested.")
    comparisons: int = Field(description="Tests that were corrected together (Holm).")
    family: str = Field(description="Which pairs were tested together.")
    photos: int = Field(description="Test photos.")
    more_photos: int | None = Field(description="About as many more test photos would settle it.")
    time_share: float | None = Field(description="Time of the recommended run, as a share of the best run's.")


class ComparedPair(Described):
    """Two runs on the same test photos: McNemar's exact test."""

    a: str = Field(description="Id of a run.")
    b: str = Field(description="Id of a run.")
    n: int = Field(description="Test photos.")
    both_right: int = Field(description="Photos.")
    only_a: int = Field(description="Photos that only `a` predicts correctly.")
    only_b: int = Field(description="Photos that only `b` predicts correctly.")
    both_wrong: int = Field(description="Photos.")
    difference: float = Field(description="Accuracy of `a` minus that of `b`.")
    interval: Interval = Field(description="95 % interval of the difference.")
    p_value: float = Field(description="Two-sided.")
    adjusted_p: float | None = Field(description="Corrected for all comparisons (Holm).")
    family: str = Field(description="Which pairs were tested together.")
    comparisons: int = Field(description="How many.")
    verdict: str = Field(description="The same in words.")


class ComparisonResult(Described):
    """Runs of one dataset side by side."""

    dataset: str | None = Field(description="Id.")
    subset: PhotosCompared | None = Field(description="The test photos compared on; null for all of them.")
    leaks: LeakNote | None = Field(description="Null where a check found no leak, or nobody checked.")
    runs: list[ComparedRun] = Field(description="The most accurate first.")
    verdict: ComparisonVerdict | None = Field(description="Null where no run was measured.")
    pairs: list[ComparedPair] = Field(description="The most accurate run against each other one.")
    pareto: list[Values] = Field(description="By cost (`axis`): the runs that no other one beats in both.")
    differing: list[Values] = Field(description="What the recipes differ in: `name`, and `values` by run.")
    metrics: list[Values] = Field(description="Of two runs: every metric with the interval of its difference.")
    prediction_sets: list[Values] = Field(
        description="Coverage and size of the prediction sets, by run and confidence."
    )
    missing: dict[str, str] = Field(description="Runs without predictions, with the reason.")


class ShrunkModel(Described):
    """A finished smaller model beside its source."""

    run: str = Field(description="Id.")
    name: str = Field(description="Of the run.")
    pattern: str = Field(description="`quantization` or `distillation`.")
    kind: str = Field(description="In words: the precision, or the backbone.")
    bytes: int | None = Field(description="Of the files that predict.")
    bytes_before: int | None = Field(description="Of the source.")
    milliseconds: float | None = Field(description="A photo; null is not measured.")
    milliseconds_before: float | None = Field(description="Of the source.")
    accuracy: float | None = Field(description="On the test photos, 0 to 1.")
    test: NonInferiorityTest | None = Field(description="Null where there are no common test photos.")


class LaunchedSmaller(Described):
    """A smaller model that was launched."""

    run: str = Field(description="Id.")
    name: str = Field(description="Of the run.")
    status: RunStatus = Field(description=_STATUS)
    decision: str = Field(description="What launching it did, as `new` or `reused`.")


class SmallerModels(Described):
    """The smaller models of a run."""

    run: str = Field(description="Whose model was made smaller.")
    name: str = Field(description="Of this run.")
    runs: list[LaunchedSmaller] = Field(description="What was launched.")
    models: list[ShrunkModel] = Field(description="Finished ones, each tested against their source.")
    recommended: str | None = Field(description="The smallest one that is not worse.")


class DeletionResult(Described):
    """What was deleted, or would be."""

    deleted: str | list[str] = Field(description="As it was named in the address.")
    kind: Literal["run", "model", "dataset"] = Field(description="`model`: only the weights; the record stays.")
    dry_run: bool = Field(description="Whether nothing was deleted.")
    backbones: int = Field(description="How many.")
    datasets: int = Field(description="How many.")
    runs: int = Field(description="How many.")
    models: int = Field(description="How many.")
    bytes: int = Field(description="On the disk.")
    used_by: list[str] = Field(description="Runs that build on it; they keep their results, but cannot be repeated.")
    aliases: list[str] = Field(description="Aliases that have no run, or no model, afterwards.")
