"""Computes explanations, in the process that may import TensorFlow. Models stay loaded, few at a time."""

import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import Unavailable
from core.explaining.framing import SeenPhoto, together
from core.explaining.occlusion import deletion_test, occlusion
from core.explaining.subjects import Subject
from core.explaining.values import GRAD_CAM, OCCLUSION, DeletionTest, ExplainerAnswer, HeatMap, MemberExplanation
from core.files.atomic import digest_of
from core.models.card import FEATURES
from core.models.heads.dense import DenseHead
from core.models.heads.head_file import FILE
from core.models.heads.load import load_head
from core.models.inference.graph import InferenceGraph
from core.models.inference.model_files import read_model

if TYPE_CHECKING:
    import keras

    from core.explaining.gradients import Contributions

LOADED = 2
"""Models kept in memory, of each kind; the one used longest ago goes first."""

STARTING = "Loading TensorFlow, once"
LOADING = "Loading the model"
COMPUTING = "Computing the heat map"

Stage = Callable[[str], None]


class Explainer:
    """Explains photos, one at a time.

    Args:
        stage: is told what happens now.
    """

    def __init__(self, stage: Stage = lambda text: None) -> None:
        self._stage = stage
        self._graphs: OrderedDict[Any, InferenceGraph] = OrderedDict()
        self._models: OrderedDict[str, keras.Model] = OrderedDict()

    def forget(self) -> None:
        """Frees the loaded models."""
        self._graphs.clear()
        self._models.clear()

    def explain(
        self, whole: Subject, subjects: list[Subject], jpeg: bytes, classes: list[str], label: int | None
    ) -> ExplainerAnswer:
        """Explains ``label``, by default the class that ``whole`` predicts, by each of ``subjects``."""
        photo = SeenPhoto.of(jpeg)
        probabilities = self._predict(whole, photo)
        predicted = int(np.argmax(probabilities))
        chosen = predicted if label is None else label
        return ExplainerAnswer(
            label=chosen,
            probability=float(probabilities[chosen]),
            predicted=predicted,
            members=tuple(self._member(one, photo, classes, chosen) for one in subjects),
        )

    # --- one model ---

    def _member(self, subject: Subject, photo: SeenPhoto, classes: list[str], label: int) -> MemberExplanation:
        member = MemberExplanation(run_id=subject.run_id, title=subject.title)
        try:
            probabilities = self._predict(subject, photo)
            member = replace(
                member, probability=float(probabilities[label]), predicted=classes[int(np.argmax(probabilities))]
            )
            maps, because = self._maps(subject, photo, label)
        except Unavailable as error:
            return replace(member, problem=str(error))
        method = OCCLUSION if because else GRAD_CAM
        return replace(member, maps=maps, method=method, because=because, test=self._test(subject, photo, maps, label))

    def _maps(self, subject: Subject, photo: SeenPhoto, label: int) -> tuple[tuple[HeatMap, ...], str]:
        """The heat maps, and why they are not Grad-CAM."""
        reason = subject.because
        if not reason:
            try:
                return self._grad_cam(subject, photo, label), ""
            except Unavailable as error:
                reason = str(error)
        if subject.graph is None:
            raise Unavailable(f"There is no heat map of {subject.title}, because {reason}, and LiteRT cannot run it.")
        self._stage(COMPUTING)
        graph = self._graph(subject)
        return (occlusion(graph, photo, label),), reason

    def _grad_cam(self, subject: Subject, photo: SeenPhoto, label: int) -> tuple[HeatMap, ...]:
        model = self._model(subject)
        from core.explaining.gradients import contributions

        self._stage(COMPUTING)
        _, found = contributions(model, self._squares(subject, model, photo), label)
        return _scaled(found, subject)

    def _squares(self, subject: Subject, model: "keras.Model", photo: SeenPhoto) -> list[np.ndarray]:
        if len(subject.fits) != len(model.inputs):
            raise Unavailable("its Keras model has other inputs than its inference graph")
        return [photo.square(one.shape[1], fit) for one, fit in zip(model.inputs, subject.fits, strict=True)]

    def _test(self, subject: Subject, photo: SeenPhoto, maps: tuple[HeatMap, ...], label: int) -> DeletionTest | None:
        if subject.graph is None or not any(one.values.any() for one in maps):
            return None
        return deletion_test(self._graph(subject), photo, together(maps, photo.size), label)

    def _predict(self, subject: Subject, photo: SeenPhoto) -> np.ndarray:
        if subject.graph is not None:
            return self._graph(subject)(photo)
        model = self._model(subject)
        inputs = [one[None].astype(np.float32) for one in self._squares(subject, model, photo)]
        (probabilities,) = np.asarray(model(inputs[0] if len(inputs) == 1 else inputs, training=False))
        return np.asarray(probabilities)

    # --- loaded models ---

    def _graph(self, subject: Subject) -> InferenceGraph:
        assert subject.graph is not None
        files = read_model(subject.folder)
        files.verify()
        key = subject.graph, tuple(files.digests.items())
        if key not in self._graphs:
            self._graphs[key] = InferenceGraph(
                subject.folder, subject.graph, classes=len(files.class_names), digests=files.digests
            )
        graph: InferenceGraph = _last_used(self._graphs, key, 2 * LOADED)
        return graph

    def _model(self, subject: Subject) -> "keras.Model":
        """The model up to the probabilities.

        Raises:
            Unavailable: its file is missing or damaged, or its head has no gradient.
        """
        if subject.keras is None:
            raise Unavailable(subject.because)
        head = _head_of(subject)
        _check(subject)
        if subject.sha256 not in self._models:
            while len(self._models) >= LOADED:
                self._models.popitem(last=False)  # before the new one is made: both may not fit into memory
            self._stage(LOADING if "tensorflow" in sys.modules else STARTING)
            self._models[subject.sha256] = _load(subject, head)
        return _last_used(self._models, subject.sha256, LOADED)


def _head_of(subject: Subject) -> DenseHead | None:
    """The head that follows a model that returns features."""
    if subject.output != FEATURES:
        return None
    head = load_head(subject.folder / FILE)
    if not isinstance(head, DenseHead):
        kind = {"neighbours": "nearest neighbours", "trees": "decision trees"}[head.KIND]  # type: ignore[attr-defined]
        raise Unavailable(f"its head of {kind} has no gradient")
    return head


def _check(subject: Subject) -> None:
    assert subject.keras is not None
    try:
        found = digest_of(subject.keras)
    except OSError:
        raise Unavailable(f"{subject.keras.name} of run {subject.run_id} is gone") from None
    if found != subject.sha256:
        raise Unavailable(f"{subject.keras.name} of run {subject.run_id} was changed or damaged")


def _load(subject: Subject, head: DenseHead | None) -> "keras.Model":
    import keras

    from core.training.heads import keras_head

    try:
        model = keras.models.load_model(subject.keras, safe_mode=True, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Unavailable(f"Keras cannot load it ({type(error).__name__})") from None
    return model if head is None else keras.Model(model.inputs, keras_head(head.layers)(model.output), name="explained")


def _scaled(found: "list[Contributions]", subject: Subject) -> tuple[HeatMap, ...]:
    """Heat maps on one scale where their unit is the same, so that the networks of a model can be compared.

    0 is the average place of a network: what the head adds to a class whatever it sees belongs to no place, so only
    differences between places have a meaning.
    """
    above = [_above_average(one.values) for one in found]
    highest = [float(one.max()) for one in above]
    if all(one.has_unit for one in found):
        highest = [max(highest)] * len(found)
    titles = subject.titles if len(subject.titles) == len(found) else [f"Network {at + 1}" for at in range(len(found))]
    return tuple(
        HeatMap(
            title=title,
            values=(values / (most or 1)).astype(np.float32),
            fit=subject.fits[one.photo],
            covered=one.covered,
        )
        for title, one, values, most in zip(titles, found, above, highest, strict=True)
    )


def _above_average(values: np.ndarray) -> np.ndarray:
    above = np.maximum(values - values.mean(), 0)
    return np.where(above > 1e-5 * np.abs(values).max(), above, 0)  # less is rounding


def _last_used(loaded: OrderedDict, key: Any, most: int) -> Any:
    loaded.move_to_end(key)
    while len(loaded) > most:
        loaded.popitem(last=False)
    return loaded[key]
