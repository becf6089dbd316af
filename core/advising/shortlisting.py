"""A shortlist of a dataset: successive halving of linear probes, scored on validation photos.

Test photos are never read.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from core.advising.candidates import Contender, Entrant, by_parameters, by_published, contenders_of, left_out
from core.advising.halving import halve, rounds_of
from core.advising.probes import ProbeData, probe, right_by_neighbours
from core.advising.samples import SampleFeatures, nested
from core.advising.values import LISTED, NeighbourScore, Shortlist, ShortlistCandidate, ShortlistQuestion
from core.comparison.statistics import SIGNIFICANCE, holm, mcnemar
from core.datasets.values import Dataset, Photo
from core.errors import InvalidInput, NotFound, Unavailable
from core.features.engines import Engine
from core.files.here import dataset_here
from core.models.lineage import run_name
from core.planning.decide import Decision
from core.planning.plan import Planner
from core.recipes.labels import setting_text
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.metrics import wilson_interval
from core.settings import Settings
from core.text.units import count

FIRST_TRAINING, PER_CLASS, FIRST_VALIDATION = 256, 20, 256
"""Photos of the first round: so many for training, or so many of each class where that is more, and for validation.
Every further round has twice as many, as far as there are any."""

Report = Callable[[str, int, int, NeighbourScore | None], None]
"""Called with (stage, photos done, photos in total, what the neighbours say once that is known); may raise to stop."""


@dataclass(frozen=True)
class _Scored:
    """An entrant's last probe: whether each of the first validation photos was named correctly, and their log loss.

    The log loss ranks: on the few validation photos that people have it has much less noise than the accuracy.
    """

    entrant: Entrant
    contender: Contender
    right: np.ndarray
    log_loss: float
    training: int
    round: int

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())


class Shortlisting:
    """Makes one shortlist.

    Args:
        contenders: what is chosen from; all that are on this machine by default.
        engine: makes the engine of a contender for a cut; the best one for this machine by default.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        registry: Registry,
        settings: Settings,
        report: Report,
        contenders: Sequence[Contender] | None = None,
        engine: Callable[[Contender, str], Engine] | None = None,
    ) -> None:
        self._dataset, self._registry, self._settings, self._report = dataset, registry, settings, report
        self._contenders = contenders_of(dataset, registry, settings) if contenders is None else list(contenders)
        self._engine = engine
        self._train, self._validation = (
            nested(registry.photos(dataset.id, split=split)) for split in ("train", "validation")
        )
        self._features: dict[Contender, SampleFeatures] = {}
        self._scores: dict[Entrant, _Scored] = {}
        self._unusable: list[str] = []
        self._neighbours: NeighbourScore | None = None
        self._started = time.monotonic()
        self._done = 0

    def make(self, question: ShortlistQuestion) -> Shortlist:
        """The answer.

        Raises:
            InvalidInput: the dataset has no validation photos, or no backbone is on this machine, or none fits.
            NotFound: a stored photo is missing.
        """
        self._refuse()
        minutes = self._minutes()
        fitting = {one for one in minutes if question.minutes is None or minutes[one] <= question.minutes}
        if not fitting:
            least = min(minutes.values(), default=0.0)
            raise InvalidInput(
                f"No recipe of the shortlist fits into {question.minutes:g} minutes: the quickest one takes about "
                f"{least:.1f}. Received: minutes={question.minutes:g}"
            )
        able = [one for one in self._contenders if any(entrant in fitting for entrant in one.entrants)]
        favourite = next(e for one in by_published(able) for e in one.entrants if e in fitting)
        champion = next(one for one in able if favourite in one.entrants)
        first = sorted(able, key=lambda one: not self._of(one).is_stored)
        halve(first, lambda one, number: self._score(one, number, fitting), keep=LISTED, always=(champion,))
        scored = sorted(self._scores.values(), key=lambda one: (-one.round, one.log_loss))
        if not scored:
            raise Unavailable(f"No backbone could be probed. {' '.join(self._unusable)}")
        return self._answer(question, scored, favourite, minutes, able)

    # --- before ---

    def _refuse(self) -> None:
        name = self._dataset.name
        if dataset_here(self._settings, self._dataset.id).lacks_photos:
            raise NotFound(f"{name} came with a model, without its photos: import them to get a shortlist.")
        if not self._validation or not self._train:
            raise InvalidInput(f"{name} has no validation photos, on which a shortlist is scored.")
        if not self._contenders:
            raise InvalidInput("No pretrained backbone is on this machine. Download one on the page Backbones.")

    def _minutes(self) -> dict[Entrant, float]:
        """Of training each entrant alone, by Graft's estimate; without what cannot be launched."""
        entrants = [entrant for one in self._contenders for entrant in one.entrants]
        planner = Planner(self._dataset, self._registry, self._settings)
        plans = [(entrant, planner.plan(entrant.recipe)) for entrant in entrants]
        return {
            entrant: (plan.estimate_seconds or 0.0) / 60
            for entrant, plan in plans
            if plan.decision is not Decision.REFUSED
        }

    # --- halving ---

    def _of(self, contender: Contender) -> SampleFeatures:
        if contender not in self._features:
            own = self._engine
            self._features[contender] = SampleFeatures(
                self._dataset,
                contender.backbone,
                contender.cuts,
                self._train,
                self._validation,
                self._settings,
                counted=self._counted,
                engine=None if own is None else lambda cut: own(contender, cut),
            )
        return self._features[contender]

    def _sizes(self, number: int) -> tuple[int, int]:
        first = max(FIRST_TRAINING, PER_CLASS * len(self._dataset.class_names))
        return min(len(self._train), first << number), min(len(self._validation), FIRST_VALIDATION << number)

    def _counted(self, photos: int) -> None:
        self._done += photos
        self._tell("Computing features")

    def _tell(self, stage: str) -> None:
        self._report(stage, self._done, max(self._done, self._expected()), self._neighbours)

    def _expected(self) -> int:
        """Photos whose features will have been computed at the end."""
        left, total, before = len(self._contenders), 0, 0
        stored = sum(one.is_stored for one in self._features.values())
        for number in range(rounds_of(len(self._contenders), LISTED)):
            size = sum(self._sizes(number))
            total += max(0, left - stored) * (size - before)
            left, before = max(LISTED, (left + 1) // 2), size
        return total

    def _score(self, contender: Contender, number: int, fitting: set[Entrant]) -> float:
        """Minus the log loss of the best of its entrants; -inf where its features cannot be computed."""
        training, validation = self._sizes(number)
        features = self._of(contender)
        labels = self._labels(self._train[:training])
        validation_labels = self._labels(self._validation[:validation])
        try:
            rows = {
                (cut, split): features.rows(cut, split, size)
                for cut in contender.cuts
                for split, size in (("train", training), ("validation", validation))
            }
        except Unavailable as error:
            self._unusable.append(f"{contender.backbone.title} was left out: {error}")
            return -inf
        best = -inf
        for entrant in (one for one in contender.entrants if one in fitting):
            data = ProbeData(
                train=tuple(rows[cut, "train"] for cut in entrant.cuts),
                labels=labels,
                validation=tuple(rows[cut, "validation"] for cut in entrant.cuts),
                validation_labels=validation_labels,
                classes=len(self._dataset.class_names),
            )
            if self._neighbours is None:
                self._neighbours = self._by_neighbours(contender, data)
            self._tell(f"Round {number + 1}: probing {contender.backbone.title}")
            found = probe(data)
            self._scores[entrant] = _Scored(entrant, contender, found.right, found.log_loss, training, number + 1)
            best = max(best, -found.log_loss)
        return best

    def _labels(self, photos: Sequence[Photo]) -> np.ndarray:
        number = {name: label for label, name in enumerate(self._dataset.class_names)}
        return np.array([number[photo.class_name] for photo in photos], np.int64)

    def _by_neighbours(self, contender: Contender, data: ProbeData) -> NeighbourScore:
        right = right_by_neighbours(data)
        low, high = wilson_interval(int(right.sum()), len(right))
        return NeighbourScore(
            title=contender.backbone.title,
            size=contender.backbone.input_size,
            accuracy=float(right.mean()),
            low=low,
            high=high,
            photos=len(data.labels),
            validation=len(right),
            seconds=round(time.monotonic() - self._started, 2),
        )

    # --- the answer ---

    def _answer(
        self,
        question: ShortlistQuestion,
        scored: Sequence[_Scored],
        favourite: Entrant,
        minutes: dict[Entrant, float],
        able: Sequence[Contender],
    ) -> Shortlist:
        best = scored[0]
        same = _same(best, scored)
        too_few = len(same) == len(scored) and len(scored) > 1
        named = _named(scored, favourite, minutes, question.minutes)
        if too_few:  # what is left is the published accuracy
            named.sort(key=lambda one: one != favourite)
        places = {entrant: place for place, entrant in enumerate(named, start=1)}
        candidates = [
            replace(
                self._candidate(one, minutes[one.entrant]),
                same=one.entrant in same,
                place=places.get(one.entrant),
                favourite=one.entrant == favourite,
            )
            for one in scored
        ]
        planner = Planner(self._dataset, self._registry, self._settings)
        together = planner.grid([one.recipe for one in named], slots=1)
        return Shortlist(
            dataset_id=self._dataset.id,
            question=question,
            candidates=tuple(sorted(candidates, key=lambda one: one.place or LISTED + 1)),
            neighbours=self._neighbours,
            too_few=too_few,
            by_published=_control(by_published(able), minutes),
            by_parameters=_control(by_parameters(able), minutes),
            minutes=together.seconds / 60,
            photos=self._done,
            seconds=round(time.monotonic() - self._started, 2),
            notes=tuple(self._notes()),
        )

    def _candidate(self, one: _Scored, minutes: float) -> ShortlistCandidate:
        recipe, backbone = one.entrant.recipe, one.contender.backbone
        low, high = wilson_interval(int(one.right.sum()), len(one.right))
        return ShortlistCandidate(
            name=self._name(recipe),
            backbone=recipe.backbone,
            title=backbone.title,
            pattern=str(recipe.pattern),
            size=recipe.hyperparameters.input_size,
            depth=recipe.hyperparameters.depth,
            top1=backbone.top1,
            parameters=backbone.parameters,
            accuracy=one.accuracy,
            log_loss=one.log_loss,
            low=low,
            high=high,
            photos=one.training,
            validation=len(one.right),
            round=one.round,
            same=False,
            minutes=minutes,
        )

    def _name(self, recipe: Recipe) -> str:
        """As a run's, with the blocks that are left out, by which candidates of one backbone differ."""
        name = run_name(recipe, self._registry)
        told = setting_text(recipe, "depth")
        return name if not recipe.hyperparameters.depth or told in name else f"{name} · {told}"

    def _notes(self) -> list[str]:
        more = left_out(self._registry, self._settings)
        larger = [f"{count(more, 'backbone')} with a costlier pass were not probed."] if more else []
        return [
            "A probe tells how good frozen features are under a linear head. It cannot tell what fine-tuning, training "
            "all layers or a cascade would gain: train these to know.",
            "Recipes of a round are ordered by the log loss of their probes on the validation photos: it varies less "
            "by chance than the accuracy.",
            *larger,
            *dict.fromkeys(self._unusable),
        ]


def _same(best: _Scored, scored: Sequence[_Scored]) -> set[Entrant]:
    """Those that are not distinguishable from the best, on the validation photos that both have seen."""
    p_values = []
    for one in scored:
        common = min(len(best.right), len(one.right))
        own, other = best.right[:common], one.right[:common]
        p_values.append(mcnemar(int((own & ~other).sum()), int((other & ~own).sum())))
    others = holm(p_values[1:]) if len(scored) > 1 else ()
    return {best.entrant} | {
        one.entrant for one, p_value in zip(scored[1:], others, strict=True) if p_value >= SIGNIFICANCE
    }


def _named(
    scored: Sequence[_Scored], favourite: Entrant, minutes: dict[Entrant, float], budget: float | None
) -> list[Entrant]:
    """The best ones of different contenders and the favourite, as far as they fit together; the favourite is last
    unless its own score places it earlier. Of its contender another entrant is named only where that is the best."""
    control = next((one.contender for one in scored if one.entrant == favourite), None)
    is_scored = control is not None
    left = (float("inf") if budget is None else budget) - (minutes[favourite] if is_scored else 0.0)
    others = LISTED - is_scored
    found: list[Entrant] = []
    seen = {control} if control != scored[0].contender else set()
    for one in scored:
        if one.entrant == favourite:
            found.append(favourite)
        elif one.contender not in seen and others and minutes[one.entrant] <= left:
            found.append(one.entrant)
            seen.add(one.contender)
            others, left = others - 1, left - minutes[one.entrant]
    return found


def _control(contenders: Sequence[Contender], minutes: dict[Entrant, float]) -> tuple[tuple[str, str, int, int], ...]:
    """What a control would name: the features before the classifier of its first backbones, as they are."""
    found = [next((entrant for entrant in one.entrants if entrant in minutes), None) for one in contenders]
    recipes = [entrant.recipe for entrant in found if entrant is not None][:LISTED]
    return tuple(
        (recipe.backbone, str(recipe.pattern), recipe.hyperparameters.input_size, recipe.hyperparameters.depth)
        for recipe in recipes
    )
