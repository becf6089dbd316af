"""What requests hold, as types: the OpenAPI document is made from them."""

import base64
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from core.api.limits import MOST_PHOTOS
from core.datasets.decoding.fit import Fit
from core.models.conformal import CONFIDENCE
from core.planning.needs import FORMS
from core.planning.presets import Preset
from core.recipes.hyperparameters import BOUNDS, CHOICES, Precision
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


def _like(*examples: dict[str, Any]) -> ConfigDict:
    """Of a type whose schema has these examples."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples)})


_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel, base64."""


class SentPhoto(_Asked):
    """A photo in JSON."""

    name: str = Field("photo", max_length=400, description="File name; it is only repeated in the response.")
    data: Base64 = Field(description="The bytes of the file, base64.")


class PredictionRequest(_Asked):
    """Photos in JSON; multipart/form-data has fields of the same names."""

    model_config = _like({"photos": [{"name": "pixel.png", "data": _PIXEL}], "top": 3})

    photos: list[SentPhoto] = Field(min_length=1, max_length=MOST_PHOTOS, description="The photos.")
    top: int = Field(5, ge=1, le=1000, description="Classes per photo, the most probable first.")
    confidence: float = Field(CONFIDENCE, gt=0, lt=1, description="Of the prediction sets.")


class ExplanationRequest(_Asked):
    """A photo in JSON whose class is explained; multipart/form-data has fields of the same names."""

    model_config = _like({"photo": {"name": "pixel.png", "data": _PIXEL}})

    photo: SentPhoto = Field(description="The photo.")
    class_name: str | None = Field(None, max_length=1000, description="By default the class that is predicted.")


class ImportRequest(_Asked):
    """An import of photos that the server can read: a `path`, or an `upload`."""

    model_config = _like({"path": "demo", "name": "flowers"})

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

    model_config = _like({"layout": "folders"})

    layout: str | None = Field(None, max_length=200, description="`id` of one of the question's layouts.")
    encoding: str | None = Field(None, max_length=40, description="Of file names, to read the upload again.")


_HYPERPARAMETERS = f"Hyperparameters by name: {', '.join(sorted({*BOUNDS, *CHOICES}))}."


class LaunchRequest(_Asked):
    """Runs to plan or to launch; the options of `core train`."""

    model_config = _like(
        {"dataset": "flowers", "preset": "quick", "dry_run": True},
        {
            "dataset": "flowers",
            "backbone": ["efficientnet_lite0"],
            "pattern": ["integrated_extractor"],
            "set": {"seed": 7},
        },
    )

    dataset: Name = Field(description="Id, name or name:version.")
    backbone: list[Name] = Field([], max_length=200, description="Names (`GET /backbones`), or ids of runs.")
    preset: Preset | None = Field(None, description="Recipes that suit the dataset, instead of backbone.")
    pattern: list[Pattern] | None = Field(None, description="How a backbone is used.")
    depth: list[int | Literal["all"]] = Field(
        [], max_length=200, description="Numbers of blocks that are trained, or all."
    )
    size: list[int | Literal["own"]] = Field([], max_length=50, description="Input sizes in pixels, or own.")
    fit: list[str] = Field([], max_length=10, description=f"How a photo becomes the square input: {', '.join(Fit)}.")
    cascade: Cascade | None = Field(None, description="How `member` are put together.")
    member: list[Name] = Field([], max_length=100, description="Backbones or runs of the cascade.")
    map: dict[str, str] = Field({}, description="ImageNet class (synset) to class.")
    prompt: dict[str, str] = Field({}, description='Class to text; the class "" has the template of all others.')
    epochs: int | None = Field(None, ge=0, le=100_000, description="By default those that suit the pattern.")
    set: dict[str, str | int | float | bool] = Field({}, description=_HYPERPARAMETERS)
    repeat: int = Field(1, ge=1, le=1000, description="With so many seeds each.")
    force: bool = Field(False, description="Train again even if a result exists.")
    priority: int = Field(0, ge=-(2**31), lt=2**31, description="Higher starts first.")
    needs: list[str] = Field([], max_length=10, description=f"What the machine must have; some of: {FORMS}.")
    dry_run: bool = Field(False, description="Only plan; nothing is launched.")
    confirmed: bool = Field(False, description="Launch also a very large number of runs.")


class ShrinkRequest(_Asked):
    """Smaller models to plan or to launch; the options of `core shrink`."""

    model_config = _like({"precision": ["int8"], "into": ["squeezenet"], "dry_run": True})

    precision: list[Precision] | None = Field(None, description="Quantizations; all where `into` is empty as well.")
    into: list[Name] = Field([], max_length=50, description="Smaller backbones that learn what the run predicts.")
    dry_run: bool = Field(False, description="Only plan; nothing is launched.")


class ShortlistRequest(_Asked):
    """What a shortlist may name."""

    model_config = _like({"minutes": 30})

    minutes: float | None = Field(None, gt=0, lt=1e6, description="That training may take; any time by default.")


class SearchRequest(_Asked):
    """What a search over recipes may spend."""

    model_config = _like({"minutes": 10, "trials": 20})

    minutes: float = Field(30.0, gt=0, le=MOST_MINUTES, description="Of training time, over all runs it launches.")
    trials: int | None = Field(None, ge=1, le=MOST_TRIALS, description="Recipes at most.")
    go_on: bool = Field(False, description="Keep the trials of the last search, and spend this in addition.")


class CollectionRequest(_Asked):
    """Which photos of a dataset become a dataset of their own: those that meet every condition."""

    model_config = _like({"name": "flowers-large", "classes": ["rose", "tulip"], "smallest": 200})

    name: Name | None = Field(None, description="Of the collection; not needed where it is only planned.")
    classes: list[Name] = Field([], max_length=10_000, description="Only these; all by default.")
    files: str = Field("", max_length=400, description="Only files whose name is like this, with * and ?.")
    smallest: int = Field(0, ge=0, le=10**6, description="Pixels that the shorter side has at least.")
    without: list[Literal["suspects", "odd"]] = Field([], description="Of what a check has found.")
    most: int = Field(0, ge=0, le=10**9, description="Photos a class, at most; 0 for all.")
    dry_run: bool = Field(False, description="Only say which photos it would have.")


class PoolRequest(_Asked):
    """Photos without a class that the server can read: a `path`, or an `upload`; `flat` alone answers a question."""

    model_config = _like({"path": "/photos/unsorted", "flat": True})

    path: str | None = Field(None, min_length=1, max_length=4096, description="Archive or folder on the server.")
    upload: str | None = Field(None, max_length=100, description="Id of an upload of yours that has arrived (TUS).")
    flat: bool = Field(False, description="The folders of the photos mean nothing.")
    model: Name | None = Field(None, description="As of the order that is made afterwards.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.path is not None and self.upload is not None:
            raise PydanticCustomError("source", "send either path or upload")
        return self


class LabelOrderRequest(_Asked):
    """By whose probabilities photos without a class are ordered."""

    model_config = _like({"model": None})

    model: Name | None = Field(None, description="A run, or none for a linear head; by default the recommended run.")


class LabelsRequest(_Asked):
    """Labels of photos without a class: drafts until a version is made."""

    model_config = _like({"labels": {"5f1c": "rose"}, "excluded": ["9a2e"]})

    labels: dict[str, Name] = Field({}, description="The class of each photo, by its digest.")
    excluded: list[str] = Field([], max_length=10_000, description="Digests of photos that belong to no class.")
    new_class: bool = Field(False, description="A class that does not exist yet may be among them.")


class LabelledVersionRequest(_Asked):
    """How a version with the labels is made."""

    model_config = _like({"validation": False})

    validation: bool = Field(False, description="Draw validation photos from those that were labelled too.")


class CancelRequest(_Asked):
    """How a run is stopped."""

    model_config = _like({"after_epoch": True})

    after_epoch: bool = Field(False, description="Finish the current epoch first and keep the model.")


class AliasRequest(_Asked):
    """The run that gets an alias."""

    model_config = _like({"run": "r-1a2b3c4d", "why": "smaller"})

    run: Name = Field(description="Id of a finished run of this dataset.")
    why: str = Field("", max_length=1000, description="For the history.")
