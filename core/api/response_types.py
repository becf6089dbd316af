"""What responses about datasets, imports, labels and the server return, as types for the OpenAPI document.

Responses are those of ``core.output``, as the command line prints them. Those about runs and models are in
``core.api.run_types`` and ``core.api.model_types``.
"""

from typing import Literal

from pydantic import Field

from core.api.described import Described, Values
from core.api.run_types import QueuedRow, RunRow


class DatasetProblem(Described):
    """What speaks against training on a dataset."""

    kind: str = Field(description="For programs, as `few test photos`.")
    text: str = Field(description="One or two sentences.")


class DatasetRow(Described):
    """A dataset: photos in classes and splits, which never change."""

    dataset: str = Field(description="Id.")
    name: str = Field(description="Shared by its versions.")
    version: int = Field(description="Counts from 1; `name:version` names one.")
    digest: str = Field(description="Of its photos, classes and splits.")
    classes: dict[str, int] = Field(description="Photos by class.")
    splits: dict[str, int] = Field(description="Photos of train, validation and test.")
    unlabelled: int = Field(description="Photos without a class, kept aside.")
    fit: bool = Field(description="Whether nothing speaks against training on it.")
    checked: bool = Field(description="Whether its photos were checked (`core check`), without which no leak is known.")
    problems: list[DatasetProblem] = Field(description="What speaks against training on it.")
    copies: list[Values] = Field(description="Equal photos: `files`, `across_splits`, `across_classes`.")
    owner: str = Field(description="Account that imported it; empty without one.")


class DatasetList(Described):
    """All datasets."""

    datasets: list[DatasetRow] = Field(description="The newest first.")


class CollectionList(Described):
    """Datasets that are a part of another one."""

    collections: list[DatasetRow] = Field(description="The newest first.")


class CollectionResult(DatasetRow):
    """A collection."""

    part_of: str = Field(description="Id of the dataset whose photos it has.")
    filter: Values | None = Field(description="Which photos, as it was asked for.")
    made: bool = Field(description="False where exactly these photos were a dataset of this name already.")


class CollectionPlan(Described):
    """What a collection would have."""

    part_of: str = Field(description="Id of the dataset whose photos it has.")
    filter: Values = Field(description="Which photos, as it was asked for.")
    classes: dict[str, int] = Field(description="Photos by class.")
    splits: dict[str, int] = Field(description="Photos of train, validation and test.")


class LabelCounts(Described):
    """How many photos of a dataset have no class, or a draft of one."""

    dataset: str = Field(description="Id.")
    name: str = Field(description="Of the dataset.")
    version: int = Field(description="Of the dataset.")
    unlabelled: int = Field(description="Photos without a class on which nobody decided.")
    labelled: dict[str, int] = Field(description="Drafts of labels, by class.")
    excluded: int = Field(description="Photos that belong to no class.")


class NextLabels(LabelCounts):
    """Which photos to label next."""

    run: str | None = Field(description="Whose model's probabilities were used; null for a linear head.")
    by: str | None = Field(description="The same in words; null before an order was made.")
    backbone: str | None = Field(description="Whose features tell photos apart; null before an order was made.")
    seconds: float | None = Field(description="The order took; null before it was made.")
    left_out: list[dict[str, str]] = Field(description="Copies among the photos of the import, with the reasons.")
    photos: list[Values] = Field(description="The first one first: digest, suggested, probability, margin, ...")
    order_state: Literal["none", "running", "ready", "question", "failed", "cancelled"] = Field(
        description="Of the order that is made in the background; ask again while it is running."
    )
    order_message: str = Field(description='Why it failed, else "".')


class PoolPhoto(Described):
    """A photo without a class."""

    digest: str = Field(description="SHA-256 of the stored photo.")
    file: str = Field(description="Its name in the upload.")
    width: int = Field(description="Pixels of the stored photo.")
    height: int = Field(description="Pixels of the stored photo.")
    state: Literal["unlabelled", "labelled", "excluded"] = Field(description="What was decided on it.")
    class_name: str | None = Field(description="Of the draft of its label.")


class PoolPhotos(LabelCounts):
    """All photos without a class."""

    total: int = Field(description="Photos without a class, decided on or not.")
    photos: list[PoolPhoto] = Field(description="In the order of their files.")


class KeptLabels(LabelCounts):
    """What was labelled."""

    set: dict[str, str | None] = Field(description="The class of each photo as it is kept; null: excluded.")


class LabelledVersion(DatasetRow):
    """The version with the labels."""

    made: str = Field(description="What was changed.")


class MachineList(Described):
    """The machines that train."""

    launcher: str = Field(description="What starts trainers: this machine, or a cluster.")
    supervisor: str | None = Field(description="The machine that starts runs; null where none does.")
    problem: str = Field(description='Why machines are not known, else "".')
    machines: list[Values] = Field(description="Name, slots, what trains in each, and why one gets no runs.")
    elsewhere: list[str] = Field(description="Runs that train on a machine which is not listed.")


class ForecastList(Described):
    """What was expected of runs and what they took."""

    forecasts: list[Values] = Field(description="Of finished attempts on this machine, the newest first.")
    machine_speed: Values | None = Field(description="What was measured of this machine; null where nothing was.")
    newest: Values | None = Field(description="How far off the newest ones were; null without any.")
    all: Values | None = Field(description="How far off all were; null without any.")
    summary: str = Field(description="The same in words.")


class ShortlistResult(Described):
    """Which recipes are worth training."""

    dataset: str = Field(description="Id.")
    name: str = Field(description="Of the dataset.")
    version: int = Field(description="Of the dataset.")
    state: Literal["none", "waiting", "running", "ready", "failed", "cancelled"] = Field(
        description="Of the one that is made in the background; ask again while it is waiting or running."
    )
    message: str = Field(description='Stage, or why it failed; else "".')
    summary: str = Field(description="The shortlist in words.")
    shortlist: Values | None = Field(description="Recipes with their time; null before one was made.")
    regret: Values | None = Field(description="What was missed by it, once its recipes are trained; null before.")
    made_at: float | None = Field(description="Seconds since 1970, UTC.")
    who: str = Field(description="Who asked for it.")


class CombinationResult(Described):
    """Which finished runs to combine within a budget."""

    dataset: str = Field(description="Id.")
    name: str = Field(description="Of the dataset.")
    version: int = Field(description="Of the dataset.")
    most_ms: float | None = Field(description="As it was asked for.")
    most_mb: float | None = Field(description="As it was asked for.")
    summary: str = Field(description="What to use, in words.")
    is_combination: bool = Field(description="Whether a combination is better than the best single run.")
    offers: list[Values] = Field(description="What to use, then the others: kind, runs, accuracy, costs.")
    validation_photos: int = Field(description="That it rests on.")
    runs: int = Field(description="That could be combined.")
    too_large: int = Field(description="Runs that alone are beyond the budget.")
    notes: list[str] = Field(description="What was left out, and why.")
    rests_on: str = Field(description="How it was chosen and measured.")
    launched: Values | None = Field(description="Null over REST: `POST /runs` launches it.")


class SearchResult(Described):
    """A search over recipes."""

    dataset: str = Field(description="Id.")
    name: str = Field(description="Of the dataset.")
    version: int = Field(description="Of the dataset.")
    validation_photos: int = Field(description="By which trials are judged.")
    optimism: str = Field(description='How far the accuracy of the best trial can be believed; "" without one.')
    state: Literal["none", "running", "ready", "failed", "stopped"] = Field(
        description="Ask again while it is running."
    )
    summary: str = Field(description="What was found, in words.")
    best: int | None = Field(description="Number of the best trial by validation photos, on which it is optimistic.")
    best_run: str | None = Field(description="Id of its run.")
    test_accuracy: float | None = Field(description="Of the best trial's run, measured once.")
    status: Values = Field(description="Budget, stage, and every trial.")


class BackboneList(Described):
    """Pretrained networks."""

    backbones: list[Values] = Field(description="`name` is what a launch takes; `availability` says what is missing.")
    suggested: list[Values] = Field(description="Models of the Hugging Face Hub that can be added.")
    additions: list[Values] = Field(description="Those that are added now, or could not be.")


class BackboneDetails(Described):
    """One pretrained network."""

    backbone: Values = Field(description="`name`, `parameters`, `input_size`, `licence`, `blocks`, ...")
    refused: dict[str, str] = Field(description="Patterns that it does not allow, with the reason.")
    facts: Values = Field(description="Of an added one: its files and where they come from; else empty.")


class SupervisorState(Described):
    """The process that starts runs."""

    running: bool = Field(description="On this machine; a launch starts it.")
    slots: list[str] = Field(description="A GPU each, or the CPU.")
    started_at: float | None = Field(description="Seconds since 1970, UTC.")
    elsewhere: str = Field(description='The machine that has it, where it is another one; else "".')


class QueueState(Described):
    """What runs and what waits."""

    supervisor: SupervisorState = Field(description="The process that starts runs.")
    paused: str = Field(description="Why no waiting run starts; empty while they do.")
    running: list[RunRow] = Field(description="Runs that train now.")
    waiting: list[QueuedRow] = Field(description="The next one first.")


class HealthCheck(Described):
    """One check."""

    name: str = Field(description="What was checked.")
    good: bool = Field(description="Whether nothing has to be done.")
    found: str = Field(description="What was found.")
    advice: str = Field(description="What to do where it is not good.")


class HealthChecks(Described):
    """Checks of the installation and the home."""

    checks: list[HealthCheck] = Field(description="All of them.")


class DecodingProgress(Described):
    """How far an import is."""

    stage: str = Field(description="What it does now.")
    done: int = Field(description="Files that were decoded.")
    total: int = Field(description="Of so many.")
    accepted: int = Field(description="Of the decoded ones.")
    rejected: int = Field(description="Of the decoded ones.")
    eta_seconds: float | None = Field(description="An estimate; null while unknown.")


class UploadLayout(Described):
    """One way to read an upload."""

    id: str = Field(description="What the answer names.")
    title: str = Field(description="In words.")
    classes: dict[str, int] = Field(description="Files by class.")
    splits: dict[str, int] = Field(description="Files by split; empty where Graft draws the split.")
    unlabelled: int = Field(description="Files without a class.")
    rejected: int = Field(description="Files that are left out.")
    notes: list[str] = Field(description="What else is to know.")


class LayoutQuestion(Described):
    """What has to be known before an upload can be read."""

    text: str = Field(description="The question.")
    layouts: list[UploadLayout] = Field(description="To choose from.")
    encoding: str | None = Field(description="How file names were read; null where it does not matter.")


class RejectedFile(Described):
    """A file that was left out."""

    file: str = Field(description="Its name in the upload.")
    reason: str = Field(description="Why.")


class ImportedDataset(DatasetRow):
    """The dataset that an import made, and what was left out."""

    accepted: int = Field(description="Photos.")
    notes: list[str] = Field(description="How the upload was read.")
    rejected: list[RejectedFile] = Field(description="Files that were left out, with the reason.")
    seconds: float = Field(description="It took.")
    already_there: bool = Field(description="These photos were a dataset already, which this is.")
    message: str = Field(description='What this means for the name that was asked for; else "".')


class ImportState(Described):
    """An import in the background."""

    id: str = Field(alias="import", description="Id of the import, for `/imports/{job}`.")
    name: str = Field(description="What is imported.")
    state: Literal["running", "question", "done", "failed", "cancelled"] = Field(
        description="running: ask again. question: it waits for an answer. The others are final."
    )
    started_at: float = Field(description="Seconds since 1970, UTC.")
    progress: DecodingProgress | None = Field(description="Where the state is running; null at the very beginning.")
    message: str = Field(description='Why it failed, else "".')
    question: LayoutQuestion | None = Field(description="Where the state is question.")
    dataset: ImportedDataset | None = Field(description="Where the state is done, until the dataset is deleted.")


class ImportList(Described):
    """Imports that were not dismissed."""

    imports: list[ImportState] = Field(description="The newest first.")
