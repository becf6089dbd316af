"""The tools of MCP: the verbs of REST, with the same arguments and results.

What trains or deletes only says what it would do, unless ``dry_run`` is false.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.api import label_verbs, pool_verbs, verbs
from core.api.limits import MOST_TOOL_PHOTOS
from core.api.request_types import (
    AliasRequest,
    CollectionRequest,
    ExplanationRequest,
    ImportAnswer,
    ImportRequest,
    LabelledVersionRequest,
    LabelOrderRequest,
    LabelsRequest,
    LaunchRequest,
    Name,
    PoolRequest,
    SearchRequest,
    SentPhoto,
    ShrinkRequest,
)
from core.exports.formats import Format
from core.models.conformal import CONFIDENCE
from core.output.backbones import backbone_json, backbones_json
from core.output.collections import collections_json
from core.output.datasets import dataset_row, datasets_json
from core.output.forecasts import forecasts_json
from core.output.machines import machines_json
from core.output.models import models_json
from core.output.queue import queue_json
from core.output.runs import run_json
from core.registry.tokens import Scope
from core.workbench import Workbench


class Nothing(BaseModel):
    """No arguments."""

    model_config = ConfigDict(extra="forbid")


class OneDataset(Nothing):
    dataset: Name = Field(description="Id, name or name:version.")


class ShortlistOfDataset(OneDataset):
    minutes: float | None = Field(None, gt=0, lt=1e6, description="That training may take; any time by default.")


class BudgetOfDataset(OneDataset):
    most_ms: float | None = Field(None, gt=0, lt=1e9, description="Milliseconds that one photo may take.")
    most_mb: float | None = Field(None, gt=0, lt=1e9, description="Megabytes of the files that predict.")


class SearchOfDataset(SearchRequest, OneDataset):
    """A search over recipes to start."""


class PlannedCollection(CollectionRequest):
    dataset: Name = Field(description="Id, name or name:version.")
    dry_run: bool = Field(True, description="Only plan. Set it to false to make what was planned.")


class LabelsOfDataset(OneDataset):
    count: int = Field(20, ge=0, le=1000, description="Photos, at most.")


class OrderOfDataset(LabelOrderRequest, OneDataset):
    """An order to make."""


class PoolOfDataset(OneDataset):
    limit: int = Field(100, ge=0, le=1000)
    offset: int = Field(0, ge=0, le=2**31)


class PhotosToAdd(PoolRequest, OneDataset):
    """Photos without a class."""


class OnePhoto(OneDataset):
    digest: Name = Field(description="Of the photo, as the other tools give it.")


class DraftLabels(LabelsRequest, OneDataset):
    """Labels to keep."""


class NewLabelledVersion(LabelledVersionRequest, OneDataset):
    """A version to make."""


class OneRun(Nothing):
    run: Name = Field(description="Id, the beginning of an id, or DATASET@ALIAS.")


class OneBackbone(Nothing):
    backbone: Name


class OneImport(Nothing):
    import_: Name = Field(alias="import", description="Id of the import.")


class SomeRuns(Nothing):
    dataset: Name | None = Field(None, description="Only of this dataset.")
    search: str = Field("", max_length=200, description="All of these words.")
    tag: list[str] = Field([], max_length=50, description="All of these tags.")
    starred: bool = False
    archived: bool = Field(False, description="Archived ones too.")
    limit: int = Field(100, ge=0, le=1000)
    offset: int = Field(0, ge=0, le=2**31)


class SomeForecasts(Nothing):
    limit: int = Field(20, ge=0, le=200)


class SomeModels(Nothing):
    dataset: Name | None = Field(None, description="Only of this dataset.")


class RunsToCompare(Nothing):
    runs: list[Name] = Field(min_length=1, max_length=200, description="Runs of one dataset.")
    without: str = Field("", max_length=40, description="Test photos to leave out: suspects,leaks.")


class PhotosToPredict(Nothing):
    models: list[Name] = Field(min_length=1, max_length=10, description="Runs, models, or DATASET@ALIAS.")
    photos: list[SentPhoto] = Field(min_length=1, max_length=MOST_TOOL_PHOTOS)
    top: int = Field(5, ge=1, le=1000, description="Classes per photo.")
    confidence: float = Field(CONFIDENCE, gt=0, lt=1, description="Of the prediction sets.")


class PhotoToAskAbout(ExplanationRequest):
    run: Name = Field(description="Id, the beginning of an id, or DATASET@ALIAS.")


class AnsweredImport(ImportAnswer):
    import_: Name = Field(alias="import", description="Id of the import.")


class PlannedLaunch(LaunchRequest):
    dry_run: bool = Field(True, description="Only plan. Set it to false to launch what was planned.")


class SmallerOfRun(OneRun):
    most_loss: float = Field(1.0, gt=0, lt=100, description="Accuracy that may be lost, in points.")


class PlannedShrink(ShrinkRequest):
    run: Name = Field(description="Id, the beginning of an id, or DATASET@ALIAS.")
    dry_run: bool = Field(True, description="Only plan. Set it to false to launch what was planned.")


class ExportedModel(OneRun):
    format: str = Field(max_length=40, description=f"One of: {', '.join(Format)}.")


class CancelledRun(OneRun):
    after_epoch: bool = Field(False, description="Finish the current epoch first and keep the model.")


class DeletedRun(OneRun):
    weights: bool = Field(False, description="Only its model and checkpoints; the record stays.")
    dry_run: bool = Field(True, description="Only say what would be deleted.")


class DeletedDataset(OneDataset):
    dry_run: bool = Field(True, description="Only say what would be deleted.")


class NewAlias(AliasRequest):
    dataset: Name
    alias: str = Field("champion", max_length=40)


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One tool.

    Args:
        does: for whoever chooses a tool. scope: that the token needs. asked: type of its arguments. act: called with
            the workbench, the arguments, and who asks (for histories). destroys: something cannot be undone.
    """

    name: str
    does: str
    scope: Scope
    asked: type[BaseModel]
    act: Callable[[Workbench, Any, str], dict | verbs.Illustrated]
    destroys: bool = False


READ, PREDICT, TRAIN = Scope

TOOLS = (
    Verb(name="list_datasets", does="All datasets with classes, splits and problems.", scope=READ, asked=Nothing,
         act=lambda bench, asked, who: datasets_json(bench)),
    Verb(name="get_dataset", does="One dataset.", scope=READ, asked=OneDataset,
         act=lambda bench, asked, who: dataset_row(bench, bench.registry.dataset(asked.dataset))),
    Verb(name="get_shortlist", does="Which recipes are worth training on a dataset, as far as that was asked.",
         scope=READ, asked=OneDataset, act=lambda bench, asked, who: verbs.shortlist(bench, asked.dataset)),
    Verb(name="list_collections", does="The datasets that are a part of another one, with the filter of each.",
         scope=READ, asked=Nothing, act=lambda bench, asked, who: collections_json(bench)),
    Verb(name="make_collection", does="Make a dataset of some photos of another one. Says which photos it would have "
         "(dry_run, the default), or makes it.", scope=TRAIN, asked=PlannedCollection,
         act=lambda bench, asked, who: verbs.collection(
             bench, asked.dataset, **asked.model_dump(exclude={"dataset"}))),
    Verb(name="get_labels", does="Which photos without a class to label next, the first one first, with a suggested "
         "class and the margin, in the order that was made last.", scope=READ, asked=LabelsOfDataset,
         act=lambda bench, asked, who: label_verbs.next_labels(bench, asked.dataset, count=asked.count)),
    Verb(name="order_labels", does="Order the photos without a class in the background. Ask get_labels until its "
         "order_state is not running.", scope=TRAIN, asked=OrderOfDataset,
         act=lambda bench, asked, who: label_verbs.begin_order(bench, asked.dataset, model=asked.model)),
    Verb(name="set_labels", does="Label photos without a class by their digests, or exclude them: drafts until a "
         "version is made.", scope=TRAIN, asked=DraftLabels, act=lambda bench, asked, who: label_verbs.set_labels(
             bench, **asked.model_dump(), who=who)),
    Verb(name="make_labelled_version", does="Make a version of a dataset with all labels and decisions on its photos. "
         "The version before stays.", scope=TRAIN, asked=NewLabelledVersion,
         act=lambda bench, asked, who: label_verbs.make_version(
             bench, asked.dataset, validation=asked.validation, who=who)),
    Verb(name="list_unlabelled", does="All photos without a class, with the drafts of their labels.", scope=READ,
         asked=PoolOfDataset, act=lambda bench, asked, who: pool_verbs.list_pool(
             bench, asked.dataset, limit=asked.limit, offset=asked.offset)),
    Verb(name="add_unlabelled", does="Add photos without a class from an archive or folder of the server, or an "
         "upload, in the background, and order them. Ask get_labels until its order_state is not running; where it is "
         "question, call this with flat alone, or end_labelling.", scope=TRAIN, asked=PhotosToAdd,
         act=lambda bench, asked, who: pool_verbs.begin_adding(bench, **asked.model_dump())),
    Verb(name="end_labelling", does="Stop adding or ordering photos without a class, or discard an addition that asks "
         "about its folders. Photos that were added stay.", scope=TRAIN, asked=OneDataset,
         act=lambda bench, asked, who: pool_verbs.end_job(bench, asked.dataset)),
    Verb(name="get_photo", does="A photo of a dataset, with a class or without, as a small image.", scope=READ,
         asked=OnePhoto, act=lambda bench, asked, who: pool_verbs.illustrated(bench, asked.dataset, asked.digest)),
    Verb(name="list_machines", does="The machines, their slots, and what trains in each.", scope=READ, asked=Nothing,
         act=lambda bench, asked, who: machines_json(bench.machines())),
    Verb(name="list_forecasts", does="What was expected of runs when they were launched, what they took, and how far "
         "off the forecasts of this machine were.", scope=READ, asked=SomeForecasts,
         act=lambda bench, asked, who: forecasts_json(bench, asked.limit)),
    Verb(name="get_combination", does="Which finished runs to combine within a budget of milliseconds and megabytes, "
         "by the validation photos. Launch it with train: cascade is its kind, member its runs.", scope=READ,
         asked=BudgetOfDataset, act=lambda bench, asked, who: verbs.combination(bench, **asked.model_dump())),
    Verb(name="get_search", does="How far the search over recipes of a dataset is, and its best trial by validation.",
         scope=READ, asked=OneDataset, act=lambda bench, asked, who: verbs.search(bench, asked.dataset)),
    Verb(name="list_runs", does="Runs, the newest first.", scope=READ, asked=SomeRuns,
         act=lambda bench, asked, who: verbs.list_runs(bench, **asked.model_dump())),
    Verb(name="get_run", does="All about one run: status, epochs, test accuracy, cost, model, lineage.", scope=READ,
         asked=OneRun, act=lambda bench, asked, who: run_json(bench, bench.registry.run(asked.run))),
    Verb(name="list_models", does="The models of finished runs.", scope=READ, asked=SomeModels,
         act=lambda bench, asked, who: models_json(
             bench, bench.registry.dataset(asked.dataset).id if asked.dataset else None)),
    Verb(name="compare_runs", does="Runs of one dataset side by side: accuracy with interval, cost, paired tests, and "
         "which to use.", scope=READ, asked=RunsToCompare,
         act=lambda bench, asked, who: verbs.compare(bench, asked.runs, asked.without)),
    Verb(name="list_backbones", does="The pretrained networks that can be trained.", scope=READ, asked=Nothing,
         act=lambda bench, asked, who: backbones_json(bench)),
    Verb(name="get_backbone", does="One pretrained network.", scope=READ, asked=OneBackbone,
         act=lambda bench, asked, who: backbone_json(bench, bench.backbone(asked.backbone))),
    Verb(name="get_queue", does="What runs and what waits.", scope=READ, asked=Nothing,
         act=lambda bench, asked, who: queue_json(bench)),
    Verb(name="get_health", does="Checks of the installation and the home.", scope=READ, asked=Nothing,
         act=lambda bench, asked, who: verbs.health(bench)),
    Verb(name="list_imports", does="Imports in the background.", scope=READ, asked=Nothing,
         act=lambda bench, asked, who: verbs.list_imports(bench)),
    Verb(name="get_import", does="How an import goes. Ask again until its state is not running.", scope=READ,
         asked=OneImport, act=lambda bench, asked, who: verbs.find_import(bench, asked.import_)),
    Verb(name="list_aliases", does="The champion and other aliases of a dataset, with their history.", scope=READ,
         asked=OneDataset, act=lambda bench, asked, who: verbs.list_aliases(bench, asked.dataset)),
    Verb(name="predict", does="The classes of photos by one or several models, with prediction sets.", scope=PREDICT,
         asked=PhotosToPredict, act=lambda bench, asked, who: verbs.predict(
             bench, asked.models, [(one.name, one.data) for one in asked.photos], top=asked.top,
             confidence=asked.confidence)),
    Verb(name="explain", does="Which part of a photo speaks for a class: heat maps on the photo, as images. The first "
         "one takes about 15 seconds.", scope=PREDICT, asked=PhotoToAskAbout,
         act=lambda bench, asked, who: verbs.explain(
             bench, asked.run, (asked.photo.name, asked.photo.data), class_name=asked.class_name)),
    Verb(name="import_photos", does="Import an archive or folder of the server, demo, or an upload, in the background.",
         scope=TRAIN, asked=ImportRequest,
         act=lambda bench, asked, who: verbs.import_photos(bench, **asked.model_dump())),
    Verb(name="answer_import", does="Choose how an upload is read that can be read in several ways.", scope=TRAIN,
         asked=AnsweredImport, act=lambda bench, asked, who: verbs.answer(
             bench, asked.import_, layout=asked.layout, encoding=asked.encoding)),
    Verb(name="end_import", does="Cancel an import that runs, or forget one that has ended.", scope=TRAIN,
         asked=OneImport, act=lambda bench, asked, who: verbs.end_import(bench, asked.import_)),
    Verb(name="make_shortlist", does="Find out in the background which recipes are worth training. Ask get_shortlist "
         "until its state is ready.", scope=TRAIN, asked=ShortlistOfDataset,
         act=lambda bench, asked, who: verbs.begin_shortlist(bench, asked.dataset, minutes=asked.minutes)),
    Verb(name="start_search", does="Search over recipes in the background for the best within a budget of training "
         "time. Ask get_search until its state is not running.", scope=TRAIN, asked=SearchOfDataset,
         act=lambda bench, asked, who: verbs.begin_search(
             bench, asked.dataset, minutes=asked.minutes, trials=asked.trials, go_on=asked.go_on)),
    Verb(name="stop_search", does="Stop the search over recipes of a dataset. It can go on.", scope=TRAIN,
         asked=OneDataset, act=lambda bench, asked, who: verbs.end_search(bench, asked.dataset)),
    Verb(name="train", does="Plan runs (dry_run, the default), then launch them in the background.", scope=TRAIN,
         asked=PlannedLaunch, act=lambda bench, asked, who: verbs.launch(bench, asked.model_dump(), who=who)),
    Verb(name="list_smaller", does="The smaller models made of a run's model, and whether they are not worse.",
         scope=READ, asked=SmallerOfRun,
         act=lambda bench, asked, who: verbs.smaller(bench, asked.run, most_loss=asked.most_loss)),
    Verb(name="shrink", does="Plan (dry_run, the default), then launch smaller models of a run.",
         scope=TRAIN, asked=PlannedShrink, act=lambda bench, asked, who: verbs.shrink(
             bench, asked.run, **asked.model_dump(exclude={"run"}), who=who)),
    Verb(name="list_exports", does="The formats that a model can be taken home in, and how far each is.", scope=READ,
         asked=OneRun, act=lambda bench, asked, who: verbs.list_exports(bench, asked.run)),
    Verb(name="export_model", does="Export a model in the background. Ask list_exports until its state is ready.",
         scope=TRAIN, asked=ExportedModel,
         act=lambda bench, asked, who: verbs.export(bench, asked.run, asked.format, who=who)),
    Verb(name="cancel_run", does="Stop a run; it can be resumed.", scope=TRAIN, asked=CancelledRun,
         act=lambda bench, asked, who: verbs.cancel(bench, asked.run, after_epoch=asked.after_epoch, who=who)),
    Verb(name="resume_run", does="Put a failed or cancelled run back into the queue.", scope=TRAIN, asked=OneRun,
         act=lambda bench, asked, who: verbs.resume(bench, asked.run, who=who)),
    Verb(name="delete_run", does="What deleting a run would remove (dry_run, the default), or its deletion.",
         scope=TRAIN, asked=DeletedRun, destroys=True, act=lambda bench, asked, who: verbs.delete_run(
             bench, asked.run, weights=asked.weights, dry_run=asked.dry_run, who=who)),
    Verb(name="delete_dataset", does="What deleting a dataset with all its runs would remove (dry_run, the default), "
         "or its deletion.", scope=TRAIN, asked=DeletedDataset, destroys=True,
         act=lambda bench, asked, who: verbs.delete_dataset(bench, asked.dataset, dry_run=asked.dry_run, who=who)),
    Verb(name="set_alias", does="Make a finished run the champion (or another alias) of its dataset.", scope=TRAIN,
         asked=NewAlias, act=lambda bench, asked, who: verbs.set_alias(
             bench, asked.dataset, asked.alias, run=asked.run, why=asked.why, who=who)),
)  # fmt: skip
