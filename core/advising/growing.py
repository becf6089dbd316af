"""The learning curves of a dataset: probes of nested samples of its training photos, measured on validation photos."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from core.advising.candidates import by_published, contenders_of
from core.advising.growth import CURVE_METHOD, Growth, LearningCurve, curve_of, gains_of
from core.advising.probes import ProbeData, right_by_probe
from core.advising.samples import nested
from core.backbones import get
from core.backbones.inputs import with_input
from core.backbones.values import Backbone
from core.datasets.values import Dataset, Photo
from core.errors import NotFound
from core.features.compute import features_of
from core.files import atomic
from core.files.here import dataset_here
from core.planning.copied_rows import CopiedRows
from core.recipes.defaults import SUGGESTED_FIT
from core.registry import Registry
from core.settings import Settings

SHARES = (0.15, 0.25, 0.4, 0.6, 0.8, 1.0)
"""Of the training photos, in each nested sample."""

REPETITIONS = 4
"""Orders of the photos, so that each size has several samples."""

FACTORS = (1.5, 2.0, 4.0)
"""Times the training photos, for which a forecast is made; the band grows with it."""

BAND_FACTORS = tuple(np.round(np.linspace(SHARES[0], 2.0, 24), 4).tolist())
"""Of the training photos, where the band of the chart is computed."""

MOST_CURVES = 4
"""Backbones with a curve."""

LEAST_OF_EACH, LEAST_VALIDATION = 14, 20
"""Training photos of a class on average (two in the smallest sample), and validation photos, for a curve."""

CHEAPEST_BACKBONE = "efficientnet_lite0"
"""Whose features are computed where none are stored."""

Told = Callable[[str, int, int], None]
"""Called with (stage, done, total); may raise to stop."""


def grow(dataset: Dataset, *, registry: Registry, settings: Settings, report: Told) -> Growth:
    """Makes the curves now and keeps them; call it where TensorFlow may be imported. Test photos are not read.

    Raises:
        NotFound: a stored photo is missing. NoSpace: the disk cannot hold features.
    """
    folder = dataset_here(settings, dataset.id)
    if folder.lacks_photos:
        raise NotFound(f"{dataset.name} came with a model, without its photos: import them to get a learning curve.")
    started = time.monotonic()
    train, validation = (registry.photos(dataset.id, split=split) for split in ("train", "validation"))
    problem = _too_few(dataset, train, validation)
    curves: list[LearningCurve] = []
    for backbone in () if problem else _backbones(dataset, registry, settings):
        report(f"Probing {backbone.title}", len(curves), 0)
        curves.append(_curve(backbone, dataset, train, validation, settings, report))
    found = Growth(
        dataset_id=dataset.id,
        curves=tuple(sorted(curves, key=lambda one: -one.accuracies[-1])),
        photos=len(train),
        validation=len(validation),
        seconds=round(time.monotonic() - started, 2),
        problem=problem,
    )
    atomic.write_json(folder.learning_curve(CURVE_METHOD), found.to_json())
    return found


def _too_few(dataset: Dataset, train: Sequence[Photo], validation: Sequence[Photo]) -> str:
    classes = len(dataset.class_names)
    if len(train) >= LEAST_OF_EACH * classes and len(validation) >= LEAST_VALIDATION:
        return ""
    return (
        f"Too few photos to tell: a curve needs {LEAST_OF_EACH} training photos of a class on average and "
        f"{LEAST_VALIDATION} validation photos. There are {len(train)} training photos in {classes} classes and "
        f"{len(validation)} validation photos."
    )


def _backbones(dataset: Dataset, registry: Registry, settings: Settings) -> list[Backbone]:
    """Of those whose features are stored the highest published accuracies; else the cheapest."""
    known, copied = by_published(contenders_of(dataset, registry, settings)), CopiedRows(registry, settings)
    stored = [
        one.backbone
        for one in known
        if all(copied.is_nearly_stored(one.backbone, dataset, split) for split in ("train", "validation"))
    ]
    return stored[:MOST_CURVES] or [with_input(get(CHEAPEST_BACKBONE), fit=SUGGESTED_FIT)]


def _curve(
    backbone: Backbone,
    dataset: Dataset,
    train: Sequence[Photo],
    validation: Sequence[Photo],
    settings: Settings,
    report: Told,
) -> LearningCurve:
    def told(done: int, total: int) -> None:
        report("Computing features", done, total)

    def rows(photos: Sequence[Photo]) -> np.ndarray:
        found = features_of(photos, dataset=dataset, backbone=backbone, settings=settings, progress=told)
        return np.asarray(found.array)

    number = {name: label for label, name in enumerate(dataset.class_names)}
    labels, validation_labels = (np.array([number[one.class_name] for one in own]) for own in (train, validation))
    features, held_out = rows(train), rows(validation)
    place = {photo.digest: index for index, photo in enumerate(train)}
    sizes = [max(1, round(share * len(train))) for share in SHARES]
    right = np.zeros((REPETITIONS, len(sizes), len(validation)), bool)
    for repetition in range(REPETITIONS):
        order = np.array([place[photo.digest] for photo in nested(train, seed=repetition)])
        for column, size in enumerate(sizes):
            report(f"Probing {backbone.title}", repetition * len(sizes) + column, REPETITIONS * len(sizes))
            inside = order[:size]
            right[repetition, column] = right_by_probe(
                ProbeData(
                    train=(features[inside],),
                    labels=labels[inside],
                    validation=(held_out,),
                    validation_labels=validation_labels,
                    classes=len(dataset.class_names),
                )
            )
    law, forecasts = curve_of(right, sizes, (*FACTORS, *BAND_FACTORS))
    counts = np.bincount(labels, minlength=len(dataset.class_names)).tolist()
    return LearningCurve(
        title=backbone.title,
        size=backbone.input_size,
        photos=tuple(sizes),
        accuracies=tuple(right.mean(axis=(0, 2)).tolist()),
        law=law,
        forecasts=forecasts[: len(FACTORS)],
        band=forecasts[len(FACTORS) :],
        classes=gains_of(right, sizes, validation_labels, dataset.class_names, counts),
    )
