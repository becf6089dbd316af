"""Why a model gives a photo its class: heat maps, computed in a process of their own."""

import time
from collections.abc import Callable

from core.datasets.decoding.photos import StoredPhoto
from core.datasets.values import Rejection
from core.errors import InvalidInput
from core.explaining.process import ExplainingProcess
from core.explaining.protocol import outcome_of, request_of
from core.explaining.subjects import subjects_of, whole_of
from core.explaining.values import Explanation
from core.registry import Registry
from core.serving.photos import NamedPhoto, decode_scaled, out_of_range
from core.settings import Settings
from core.text.nearly import did_you_mean
from core.text.units import listed
from core.workbench.base import Bench


class Explaining(Bench):
    """Heat maps of models. The process that computes them is started with the first one."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        super().__init__(settings, registry)
        self.explaining = ExplainingProcess(settings)

    def explain(
        self,
        reference: str,
        photo: NamedPhoto,
        *,
        class_name: str | None = None,
        stage: Callable[[str], None] = lambda text: None,
    ) -> Explanation:
        """Where a model, or each member of a cascade, saw what speaks for a class.

        Args:
            reference: of a run or model. photo: file name and content, as for ``predict``.
            class_name: by default the class that the model predicts.
            stage: is told what happens now: TensorFlow is loaded with the first heat map.

        Raises:
            NotFound: there is no such model. InvalidInput: there is no such class, or the file is no photo.
            Unavailable: a file of the model is missing or damaged, or the process ended.
        """
        model = self.registry.model(reference)
        dataset = self.registry.dataset(model.dataset_id)
        names = list(dataset.class_names)
        label = None if class_name is None else _label_of(class_name, names)
        stored = _stored(photo, dataset.grey_bits)
        with self.unless_deleted([model.run_id]):
            whole = whole_of(model, self.registry, self.settings)
            subjects = subjects_of(model, self.registry, self.settings)
            begin = time.monotonic()
            answer = self.explaining.ask(request_of(whole, subjects, stored.jpeg, names, label), stage)
            outcome = outcome_of(answer)
        return Explanation(
            run_id=whole.run_id,
            title=whole.title,
            class_name=names[outcome.label],
            probability=outcome.probability,
            predicted=names[outcome.predicted],
            jpeg=stored.jpeg,
            members=outcome.members,
            seconds=time.monotonic() - begin,
        )


def _label_of(class_name: str, names: list[str]) -> int:
    if class_name not in names:
        hint = did_you_mean(class_name, names) or f" Choose from: {listed(names, 20)}."
        raise InvalidInput(f"The model knows no class {class_name!r}.{hint}")
    return names.index(class_name)


def _stored(photo: NamedPhoto, grey_bits: int | None) -> StoredPhoto:
    found = decode_scaled(photo, [grey_bits])
    if isinstance(found, Rejection):
        raise InvalidInput(f"{photo[0]} cannot be explained: it {found.reason}.")
    if problem := out_of_range(found[grey_bits], grey_bits):
        raise InvalidInput(f"{photo[0]}: {problem}")
    return found[grey_bits]
