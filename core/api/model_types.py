"""What responses about models return, as types: predictions, explanations, exports and aliases."""

from typing import Literal

from pydantic import Field

from core.api.described import Described, Interval, LeakNote


class ClassShare(Described):
    """A class with its probability."""

    class_name: str = Field(description="One of the dataset's classes.")
    probability: float = Field(ge=0, le=1, description="After the model's temperature, where it is calibrated.")


class ClassesLeft(Described):
    """The classes that cannot be excluded at a confidence: a conformal prediction set."""

    confidence: float = Field(description="The share of photos whose true class is in their set, on average.")
    by_class: bool = Field(description="Whether the confidence holds for the photos of every class.")
    classes: list[str] = Field(description="Empty where every class can be excluded, or there is a problem.")
    photos: int = Field(description="Validation photos that it rests on.")
    always: list[str] = Field(description="Classes with too few validation photos to exclude them.")
    problem: str = Field(description='Why there is no set, else "".')
    sentence: str = Field(description="The same in words.")


class TrainingPhoto(Described):
    """A training photo near a photo, in the space of the model's features."""

    digest: str = Field(description="SHA-256 of the stored photo.")
    file: str = Field(description="Its name in the upload.")
    class_name: str = Field(description="Its class.")
    distance: float = Field(description="Without a unit; compare it with others of this model only.")


class PhotoNovelty(Described):
    """Whether a photo is unlike anything in training."""

    unlike: bool = Field(description="Whether `distance` is above `threshold`.")
    distance: float | None = Field(description="From the nearest training photos; null where there is a problem.")
    threshold: float | None = Field(description="Null where there are too few validation photos to set one.")
    false_alarms: float | None = Field(description="The share of ordinary photos that are called unlike, at most.")
    photos: int = Field(description="Validation photos that the threshold rests on.")
    nearest: list[TrainingPhoto] = Field(description="The nearest first, up to 8.")
    source: str = Field(description="Which features are compared.")
    problem: str = Field(description='Why nothing is known, else "".')
    sentence: str = Field(description="The same in words.")


class ModelAnswer(Described):
    """What one model predicts for one photo."""

    run: str = Field(description="Id of the run that made the model.")
    title: str = Field(description="What the model is called.")
    predictions: list[ClassShare] = Field(description="The most probable class first, as many as `top`.")
    milliseconds: float | None = Field(description="From pixels to probabilities; null where it predicted nothing.")
    prediction_set: ClassesLeft | None = Field(description="Over all photos; null where the model predicted nothing.")
    class_prediction_set: ClassesLeft | None = Field(description="With a promise for each class.")
    novelty: PhotoNovelty | None = Field(description="Whether the photo is unlike anything in training.")
    calibrated: bool = Field(description="A temperature was applied to the probabilities.")
    problem: str = Field(description='Why the model made no prediction, else "".')


class PhotoAnswer(Described):
    """One file of the request."""

    file: str = Field(description="Its name, as it was sent.")
    problem: str = Field(description='Why the file is no photo, else "".')
    answers: list[ModelAnswer] = Field(description="One, of the model in the address; none where there is a problem.")


class PredictionList(Described):
    """Predictions for the photos of a request."""

    photos: list[PhotoAnswer] = Field(description="One entry a file, in the order of the request.")


class HeatMapTest(Described):
    """Whether the hottest fifth of a photo matters: the class's probability after hiding it."""

    whole: float = Field(description="The probability for the whole photo.")
    hottest: float = Field(description="Without the hottest fifth.")
    elsewhere: float = Field(description="Without random fifths, on average.")
    holds: bool = Field(description="Whether hiding the hottest fifth lowers it more.")


class ExplainedMember(Described):
    """The model, or one member of a cascade."""

    run: str = Field(description="Id of its run.")
    title: str = Field(description="What it is called.")
    probability: float | None = Field(description="That it gives to the explained class.")
    predicted: str | None = Field(description="The class that it predicts.")
    method: str | None = Field(description="How its heat maps were computed, as `Grad-CAM`; null without any.")
    because: str = Field(description='Why not by Grad-CAM, else "".')
    problem: str = Field(description='Why there is no heat map, else "".')
    networks: list[str] = Field(description="The network of each heat map; an only one has no title.")
    no_place_stands_out: bool = Field(description="Whether nothing in the photo speaks for the class.")
    deletion_test: HeatMapTest | None = Field(description="Null where it could not be made.")


class ExplanationResult(Described):
    """Which part of a photo speaks for a class."""

    run: str = Field(description="Id of the run that made the model.")
    title: str = Field(description="What the model is called.")
    file: str = Field(description="As it was sent.")
    class_name: str = Field(description="That is explained.")
    probability: float = Field(description="That the model gives to it.")
    predicted: str = Field(description="The class that the model predicts.")
    seconds: float = Field(description="It took.")
    members: list[ExplainedMember] = Field(description="The model, or each member of a cascade.")
    pictures: list[str] = Field(
        description="The photo under each heat map, in the order of members and their networks: PNG, base64.",
        json_schema_extra={"items": {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}},
    )


class ModelFile(Described):
    """The model of a finished run."""

    run: str = Field(description="Id of the run that made it.")
    name: str = Field(description="Of the run.")
    dataset: str = Field(description="Id of the dataset that it was trained on.")
    model: str = Field(description="Id of the model.")
    accuracy: float | None = Field(description="On the test photos, 0 to 1.")
    aliases: list[str] = Field(description="Of its run, as `champion`.")
    created_at: float = Field(description="Seconds since 1970, UTC.")
    path: str = Field(description="Its main file on the server.")
    sha256: str = Field(description="Of this file.")
    bytes: int = Field(description="Of this file.")
    output: str = Field(description="What it computes: probabilities, or features for a classifier.")


class ModelList(Described):
    """The models of finished runs."""

    models: list[ModelFile] = Field(description="The newest first.")
    leaks: list[LeakNote] = Field(description="Of their datasets.")


class ExportedCheck(Described):
    """An export, run on the stored test photos and compared with the stored predictions."""

    photos: int = Field(description="That were compared.")
    of: int = Field(description="Test photos.")
    difference: float = Field(description="The largest difference of a probability.")
    agreement: float = Field(description="The share of photos with the same most probable class.")


class ExportedFormat(Described):
    """One format of a model, and how far its export is."""

    format: str = Field(description="`keras`, `litert`, `litert-pixels`, `onnx`, `savedmodel` or `bundle`.")
    title: str = Field(description="What the format is called.")
    state: Literal["none", "waiting", "running", "ready", "refused", "outdated", "failed"] = Field(
        description="`ready`: its file can be fetched. `outdated`: the model changed since. `refused`: by its check."
    )
    refused: str = Field(description='Why it is not offered, or failed; else "".')
    largest_difference: float | None = Field(description="Of a probability from the stored test predictions.")
    folder: str = Field(description="Empty over REST.")
    run_id: str = Field("", description="Of the run; this and what follows only of an export that was made.")
    model: str = Field("", description="Which state of the model was exported.")
    file: str = Field("", description="Name of the model's file in the ZIP.")
    bytes: int = Field(0, description="Of all files.")
    check: ExportedCheck | None = Field(None, description="Null of a bundle, and where nothing could be checked.")
    limit: float | None = Field(None, description="Of the difference; above it the export is refused.")
    seconds: float = Field(0, description="It took.")
    created_at: float = Field(0, description="Seconds since 1970, UTC.")


class ExportList(Described):
    """Every format of a model."""

    run: str = Field(description="Id of the run that made the model.")
    exports: list[ExportedFormat] = Field(description="One entry a format.")


class AliasChange(Described):
    """One step in the history of an alias."""

    number: int = Field(description="Counts all steps of this Graft.")
    alias: str = Field(description="Its name.")
    run_id: str | None = Field(description="That got it; null where it was removed.")
    run_name: str = Field(description="At that time.")
    at: float = Field(description="Seconds since 1970, UTC.")
    who: str = Field(description="Account or token.")
    why: str = Field(description='As given, else "".')
    restores: int | None = Field(description="Number of the step that was restored; null of other steps.")


class AliasList(Described):
    """The aliases of a dataset."""

    dataset: str = Field(description="Id.")
    name: str = Field(description="Of the dataset.")
    version: int = Field(description="Of the dataset.")
    aliases: dict[str, str] = Field(description="The run that has each alias.")
    lost: dict[str, str] = Field(description="Aliases whose run, or its model, was deleted.")
    history: list[AliasChange] = Field(description="The newest first.")


class NonInferiorityTest(Described):
    """Whether a smaller model loses less than a limit, on the test photos of both."""

    outcome: str = Field(description="Not worse, worse, or too few photos to say.")
    sentence: str = Field(description="The same in words.")
    difference: float = Field(description="Of the accuracies; below 0 the smaller model is worse.")
    interval: Interval = Field(description="Of the difference.")
    most_loss: float = Field(description="The limit, 0.01 for one point.")
    photos: int = Field(description="Test photos.")
    photos_needed: int | None = Field(description="About as many would settle it.")
    comparisons: int = Field(description="Smaller models that are tested together.")
