"""What responses return, as types: the OpenAPI document is made from them.

Responses are those of ``core.output``, as the command line prints them; their types name the members that a program
relies on, and further ones may come.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Told(BaseModel):
    model_config = ConfigDict(extra="allow")


class Problem(_Told):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="One sentence for people.")
    request_id: str = Field("", description="As in the header X-Request-ID, and in the server's log.")


class ClassShare(_Told):
    class_name: str
    probability: float


class ModelAnswer(_Told):
    run: str
    title: str
    predictions: list[ClassShare] = Field(description="The most probable class first.")
    milliseconds: float | None
    problem: str = Field(description='Why the model made no prediction, else "".')


class PhotoAnswer(_Told):
    file: str
    problem: str = Field(description='Why the file is no photo, else "".')
    answers: list[ModelAnswer]


class PredictionList(_Told):
    photos: list[PhotoAnswer]


class ExplanationResult(_Told):
    run: str
    title: str
    file: str
    class_name: str = Field(description="That is explained.")
    probability: float
    predicted: str
    members: list[dict[str, Any]] = Field(
        description="The model, or each member of a cascade: method, networks (one heat map each), test, problem."
    )
    pictures: list[str] = Field(description="The photo under each heat map: PNG, base64, in the order of networks.")


class DatasetRow(_Told):
    dataset: str = Field(description="Id.")
    name: str
    version: int
    classes: dict[str, int]
    splits: dict[str, int]
    unlabelled: int
    fit: bool = Field(description="Whether nothing speaks against training on it.")
    problems: list[dict[str, Any]]
    owner: str = Field(description="Account that imported it; empty without one.")


class DatasetList(_Told):
    datasets: list[DatasetRow]


class CollectionList(_Told):
    collections: list[DatasetRow]


class CollectionResult(DatasetRow):
    part_of: str
    filter: dict[str, Any] | None
    made: bool = Field(description="False where exactly these photos were a dataset of this name already.")


class CollectionPlan(_Told):
    part_of: str
    filter: dict[str, Any]
    classes: dict[str, int]
    splits: dict[str, int]


class LabelCounts(_Told):
    dataset: str = Field(description="Id.")
    name: str
    version: int
    unlabelled: int = Field(description="Photos without a class on which nobody decided.")
    labelled: dict[str, int] = Field(description="Drafts of labels, by class.")
    excluded: int


class NextLabels(LabelCounts):
    run: str | None = Field(description="Whose model's probabilities were used; null for a linear head.")
    by: str | None
    left_out: list[dict[str, str]] = Field(description="Copies among the photos of the import, with the reasons.")
    photos: list[dict[str, Any]] = Field(description="The first one first: digest, suggested, probability, margin, ...")
    order_state: Literal["none", "running", "ready", "question", "failed", "cancelled"]
    order_message: str


class PoolPhoto(_Told):
    digest: str
    file: str
    width: int
    height: int
    state: Literal["unlabelled", "labelled", "excluded"]
    class_name: str | None = Field(description="Of the draft of its label.")


class PoolPhotos(LabelCounts):
    total: int = Field(description="Photos without a class, decided on or not.")
    photos: list[PoolPhoto]


class KeptLabels(LabelCounts):
    set: dict[str, str | None] = Field(description="The class of each photo as it is kept; null: excluded.")


class LabelledVersion(DatasetRow):
    made: str = Field(description="What was changed.")


class MachineList(_Told):
    launcher: str
    supervisor: str | None
    problem: str
    machines: list[dict[str, Any]]
    elsewhere: list[str] = Field(description="Runs that train on a machine which is not listed.")


class ForecastList(_Told):
    forecasts: list[dict[str, Any]] = Field(description="Of finished attempts on this machine, the newest first.")
    machine_speed: dict[str, Any] | None
    newest: dict[str, Any] | None
    all: dict[str, Any] | None
    summary: str


class ShortlistResult(_Told):
    dataset: str
    state: Literal["none", "waiting", "running", "ready", "failed", "cancelled"]
    message: str
    summary: str
    shortlist: dict[str, Any] | None
    regret: dict[str, Any] | None
    made_at: float | None
    who: str


class CombinationResult(_Told):
    dataset: str
    summary: str
    is_combination: bool = Field(description="Whether a combination is better than the best single run.")
    offers: list[dict[str, Any]] = Field(description="What to use, then the others: kind, runs, accuracy, costs.")
    notes: list[str]


class SearchResult(_Told):
    dataset: str
    state: Literal["none", "running", "ready", "failed", "stopped"]
    summary: str
    best: int | None = Field(description="Number of the best trial by validation photos, on which it is optimistic.")
    best_run: str | None
    test_accuracy: float | None = Field(description="Of the best trial's run, measured once.")
    status: dict[str, Any] = Field(description="Budget, stage, and every trial.")


class RunRow(_Told):
    run: str = Field(description="Id.")
    dataset: str
    name: str
    status: Literal["SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED"]
    reason: str
    recipe: dict[str, Any]
    accuracy: float | None
    epochs_done: int
    owner: str = Field(description="Account that launched it; empty without one.")


class LeakNote(_Told):
    dataset: str
    name: str = Field(description="name:version")
    leaked: int = Field(description="Test photos with a near-copy in another split, as `core check` found them.")
    of: int = Field(description="Test photos.")
    sentence: str


class RunList(_Told):
    runs: list[RunRow]
    total: int = Field(description="How many match in all.")
    leaks: list[LeakNote]


class RunDetails(RunRow):
    evaluation: dict[str, Any] | None
    leaks: LeakNote | None
    cost: dict[str, Any] | None
    epochs: list[dict[str, Any]]
    model: dict[str, Any] | None
    lineage: dict[str, Any]


class ModelFile(_Told):
    run: str
    name: str
    dataset: str
    model: str = Field(description="Id.")
    sha256: str
    bytes: int
    aliases: list[str]


class ModelList(_Told):
    models: list[ModelFile]
    leaks: list[LeakNote]


class PhotosCompared(_Told):
    without: list[Literal["suspects", "leaks"]]
    photos: int = Field(description="Test photos that are left.")
    of: int
    sentence: str


class ComparisonResult(_Told):
    dataset: str | None
    subset: PhotosCompared | None = Field(description="The test photos compared on; null for all of them.")
    leaks: LeakNote | None = Field(description="Null where a check found no leak, or nobody checked.")
    runs: list[dict[str, Any]]
    verdict: dict[str, Any] | None
    pairs: list[dict[str, Any]]
    missing: dict[str, str]


class BackboneList(_Told):
    backbones: list[dict[str, Any]]
    suggested: list[dict[str, Any]]
    additions: list[dict[str, Any]]


class BackboneDetails(_Told):
    backbone: dict[str, Any]
    refused: dict[str, str] = Field(description="Patterns that it does not allow, with the reason.")


class QueueState(_Told):
    supervisor: dict[str, Any]
    paused: str = Field(description="Why no waiting run starts; empty while they do.")
    running: list[RunRow]
    waiting: list[RunRow]


class HealthChecks(_Told):
    checks: list[dict[str, Any]]


class ImportState(_Told):
    state: Literal["running", "question", "done", "failed", "cancelled"]
    name: str
    message: str
    question: dict[str, Any] | None = Field(description="With `layouts` to choose from, where the state is question.")
    dataset: dict[str, Any] | None = Field(description="What `core import --json` prints, where the state is done.")


class ImportList(_Told):
    imports: list[ImportState]


class LaunchResult(_Told):
    runs: list[dict[str, Any]] = Field(description="One entry a recipe: its decision, why, estimate, and its run.")
    plan: dict[str, Any]
    concerns: list[dict[str, Any]]


class SmallerModels(_Told):
    run: str = Field(description="Whose model was made smaller.")
    name: str
    runs: list[dict[str, Any]] = Field(description="What was launched.")
    models: list[dict[str, Any]] = Field(description="Finished ones, each tested against their source.")
    recommended: str | None = Field(description="The smallest one that is not worse.")


class ExportedFormat(_Told):
    format: str
    title: str
    state: Literal["none", "waiting", "running", "ready", "refused", "outdated", "failed"]
    refused: str = Field(description="Why it is not offered.")
    largest_difference: float | None = Field(description="From the stored test predictions.")


class ExportList(_Told):
    run: str
    exports: list[ExportedFormat]


class DeletionResult(_Told):
    deleted: str | list[str]
    kind: Literal["run", "model", "dataset"]
    dry_run: bool
    runs: int
    models: int
    bytes: int


class AliasList(_Told):
    dataset: str
    aliases: dict[str, str]
    history: list[dict[str, Any]]
