"""What requests hold and responses return, as types: the OpenAPI document is made from them.

Responses are those of ``core.output``, as the command line prints them; their types name the members that a program
relies on, and further ones may come.
"""

import base64
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from core.api.limits import MOST_PHOTOS
from core.models.conformal import CONFIDENCE
from core.planning.presets import Preset
from core.recipes.hyperparameters import Precision
from core.recipes.patterns import Cascade, Pattern
from core.searching.values import MOST_MINUTES, MOST_TRIALS

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""Of a run, dataset, backbone: as the command line takes it."""


def _decoded(text: Any) -> bytes:
    """Line breaks, as the command base64 writes them, are left out."""
    if not isinstance(text, str):
        raise ValueError("this is no text")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:  # binascii's, or a letter that is not ASCII
        raise ValueError("this is no base64") from None


Base64 = Annotated[bytes, BeforeValidator(_decoded), WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
"""Bytes in JSON."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Told(BaseModel):
    model_config = ConfigDict(extra="allow")


# --- requests ---


class SentPhoto(_Asked):
    """A photo in JSON."""

    name: str = Field("photo", max_length=400, description="File name; it is only repeated in the response.")
    data: Base64 = Field(description="The bytes of the file, base64.")


class PredictionRequest(_Asked):
    """Photos in JSON; multipart/form-data has fields of the same names."""

    photos: list[SentPhoto] = Field(min_length=1, max_length=MOST_PHOTOS)
    top: int = Field(5, ge=1, le=1000, description="Classes per photo, the most probable first.")
    confidence: float = Field(CONFIDENCE, gt=0, lt=1, description="Of the prediction sets.")


class ExplanationRequest(_Asked):
    """A photo in JSON whose class is explained; multipart/form-data has fields of the same names."""

    photo: SentPhoto
    class_name: str | None = Field(None, max_length=1000, description="By default the class that is predicted.")


class ImportRequest(_Asked):
    """An import of photos that the server can read: a `path`, or an `upload`."""

    path: str | None = Field(
        None, min_length=1, max_length=4096, description="Archive or folder on the server, or `demo`."
    )
    upload: str | None = Field(None, max_length=100, description="Id of an upload of yours that has arrived (TUS).")
    name: Name | None = Field(None, description="Of the dataset; the same name again makes a new version.")
    seed: int = Field(0, ge=0, lt=2**31, description="Of the split.")
    layout: str | None = Field(None, max_length=200, description="How to read the upload, where it is ambiguous.")
    encoding: str | None = Field(None, max_length=40, description="Of file names in an archive.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.upload is None):
            raise PydanticCustomError("source", "send either path or upload")
        return self


class ImportAnswer(_Asked):
    """The answer to the question of an import."""

    layout: str | None = Field(None, max_length=200, description="`id` of one of the question's layouts.")
    encoding: str | None = Field(None, max_length=40, description="Of file names, to read the upload again.")


class LaunchRequest(_Asked):
    """Runs to plan or to launch; the options of `core train`."""

    dataset: Name = Field(description="Id, name or name:version.")
    backbone: list[Name] = Field([], max_length=200, description="Names of backbones, or finished runs.")
    preset: Preset | None = Field(None, description="Recipes that suit the dataset, instead of backbone.")
    pattern: list[Pattern] | None = Field(None, description="How a backbone is used.")
    depth: list[int | Literal["all"]] = Field([], max_length=200, description="Numbers of blocks, or all.")
    size: list[int | Literal["own"]] = Field([], max_length=50, description="Input sizes in pixels, or own.")
    fit: list[str] = Field([], max_length=10, description="How a photo becomes the square input.")
    cascade: Cascade | None = None
    member: list[Name] = Field([], max_length=100, description="Backbones or runs of the cascade.")
    map: dict[str, str] = Field({}, description="ImageNet class (synset) to class.")
    prompt: dict[str, str] = Field({}, description='Class to text; the class "" has the template of all others.')
    epochs: int | None = Field(None, ge=0, le=100_000)
    set: dict[str, str | int | float | bool] = Field({}, description="Hyperparameters by name.")
    repeat: int = Field(1, ge=1, le=1000, description="With so many seeds each.")
    force: bool = Field(False, description="Train again even if a result exists.")
    priority: int = Field(0, ge=-(2**31), lt=2**31, description="Higher starts first.")
    dry_run: bool = Field(False, description="Only plan; nothing is launched.")
    confirmed: bool = Field(False, description="Launch also a very large number of runs.")


class ShrinkRequest(_Asked):
    """Smaller models to plan or to launch; the options of `core shrink`."""

    precision: list[Precision] | None = Field(None, description="Quantizations; all where `into` is empty as well.")
    into: list[Name] = Field([], max_length=50, description="Smaller backbones that learn what the run predicts.")
    dry_run: bool = Field(False, description="Only plan; nothing is launched.")


class ShortlistRequest(_Asked):
    """What a shortlist may name."""

    minutes: float | None = Field(None, gt=0, lt=1e6, description="That training may take; any time by default.")


class SearchRequest(_Asked):
    """What a search over recipes may spend."""

    minutes: float = Field(30.0, gt=0, le=MOST_MINUTES, description="Of training time, over all runs it launches.")
    trials: int | None = Field(None, ge=1, le=MOST_TRIALS, description="Recipes at most.")
    go_on: bool = Field(False, description="Keep the trials of the last search, and spend this in addition.")


class CollectionRequest(_Asked):
    """Which photos of a dataset become a dataset of their own: those that meet every condition."""

    name: Name | None = Field(None, description="Of the collection; not needed where it is only planned.")
    classes: list[Name] = Field([], max_length=10_000, description="Only these; all by default.")
    files: str = Field("", max_length=400, description="Only files whose name is like this, with * and ?.")
    smallest: int = Field(0, ge=0, le=10**6, description="Pixels that the shorter side has at least.")
    without: list[Literal["suspects", "odd"]] = Field([], description="What a check of the photos has found.")
    most: int = Field(0, ge=0, le=10**9, description="Photos a class, at most; 0 for all.")
    dry_run: bool = Field(False, description="Only say which photos it would have.")


class LabelOrderRequest(_Asked):
    """By whose probabilities photos without a class are ordered."""

    model: Name | None = Field(None, description="A run, or none for a linear head; by default the recommended run.")


class LabelsRequest(_Asked):
    """Labels of photos without a class: drafts until a version is made."""

    labels: dict[str, Name] = Field({}, description="The class of each photo, by its digest.")
    excluded: list[str] = Field([], max_length=10_000, description="Digests of photos that belong to no class.")
    new_class: bool = Field(False, description="A class that does not exist yet may be among them.")


class LabelledVersionRequest(_Asked):
    """How a version with the labels is made."""

    validation: bool = Field(False, description="Draw validation photos from those that were labelled too.")


class CancelRequest(_Asked):
    """How a run is stopped."""

    after_epoch: bool = Field(False, description="Finish the current epoch first and keep the model.")


class AliasRequest(_Asked):
    """The run that gets an alias."""

    run: Name
    why: str = Field("", max_length=1000, description="For the history.")


# --- responses ---


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
