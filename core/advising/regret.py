"""How good a shortlist was: what was trained since, against what it named, beside two controls that need no probe."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.advising.values import METHOD, Shortlist
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.values import Run, Status

Key = tuple[str, str, int, int]
"""Backbone, pattern, input size (0 for the own) and blocks left out."""

_LINEAR = (Pattern.STANDALONE_EXTRACTOR, Pattern.INTEGRATED_EXTRACTOR)
"""Both are a head on the same features: what a probe says of one it says of the other."""


@dataclass(frozen=True, kw_only=True)
class AdviceResult:
    """What somebody who trained only what one advisor named would have got.

    Args:
        trained, named: how many of the recipes that it named have a finished run, and how many it named.
        accuracy: of the best of these runs on the test photos, 0..1; None where none was trained.
        regret: by which the best finished run of all candidates is more accurate, 0..1; None without an accuracy.
    """

    trained: int
    named: int
    accuracy: float | None
    regret: float | None

    @property
    def is_whole(self) -> bool:
        """Whether everything that it named was trained."""
        return self.trained == self.named > 0


@dataclass(frozen=True, kw_only=True)
class Regret:
    """A shortlist and the controls, by the finished runs of the dataset.

    Args:
        runs: finished runs of recipes that were candidates. best: the name of the most accurate of them.
        beyond: name and accuracy of a run that is more accurate and no candidate, as after fine-tuning; None where
            there is none.
    """

    runs: int
    best: str
    shortlist: AdviceResult
    by_published: AdviceResult
    by_parameters: AdviceResult
    beyond: tuple[str, float] | None = None

    @property
    def verdict(self) -> str:
        """One sentence."""
        own = self.shortlist
        if not self.runs:
            return "Nothing that was a candidate has been trained yet, so the regret is not known."
        if own.regret is None:
            return "None of the recipes that it named has been trained yet, so its regret is not known."
        rivals = [
            one.regret for one in (self.by_published, self.by_parameters) if one.is_whole and one.regret is not None
        ]
        if not own.is_whole or not rivals:
            return "Train what it named and what the controls would have named to know whether it was better than they."
        if own.regret < min(rivals):
            return "It beat both controls." if len(rivals) == 2 else "It beat the control that was trained as well."
        return "It did not beat the controls: the published accuracy or the number of parameters did as well or better."


def latest_shortlist(dataset_id: str, registry: Registry) -> tuple[Shortlist, float, str] | None:
    """The newest shortlist of a dataset that this version can read, when it was made and who asked; None without."""
    for one in registry.shortlists(dataset_id):
        if one.answer.get("method") == METHOD:
            return Shortlist.from_json(dict(one.answer)), one.created_at, one.who
    return None


def regret_of(shortlist: Shortlist, registry: Registry) -> Regret:
    """By the finished runs of its dataset, on the test photos."""
    finished = registry.runs(shortlist.dataset_id, status=Status.FINISHED)
    reached = {
        run_id: evaluation.accuracy for run_id, evaluation in registry.evaluations([run.id for run in finished]).items()
    }
    evaluated = [run for run in finished if run.id in reached]
    candidates = {_alike(one.key) for one in shortlist.candidates}
    best_by_key = _best_by_key(evaluated, reached, candidates)
    top = max(best_by_key.values(), key=lambda run: reached[run.id], default=None)
    most = reached[top.id] if top else None
    others = [run for run in evaluated if key_of_recipe(run.recipe) not in candidates]
    beyond = max(others, key=lambda run: reached[run.id], default=None)
    return Regret(
        runs=sum(key_of_recipe(run.recipe) in candidates for run in evaluated),
        best=top.name if top else "",
        shortlist=_result([one.key for one in shortlist.named], best_by_key, reached, most),
        by_published=_result(shortlist.by_published, best_by_key, reached, most),
        by_parameters=_result(shortlist.by_parameters, best_by_key, reached, most),
        beyond=(beyond.name, reached[beyond.id]) if beyond and reached[beyond.id] > (most or 0.0) else None,
    )


def key_of_recipe(recipe: Recipe) -> Key | None:
    """The key of the candidate that a recipe is, whatever its other hyperparameters; None of patterns that no probe
    tells anything of."""
    if recipe.pattern not in (*_LINEAR, Pattern.MULTI_LAYER_PROBE):
        return None
    hp = recipe.hyperparameters
    depth = hp.depth if recipe.pattern in _LINEAR else 0
    return _alike((recipe.backbone, str(recipe.pattern), hp.input_size, depth))


def _alike(key: Key) -> Key:
    backbone, pattern, size, depth = key
    return backbone, str(Pattern.STANDALONE_EXTRACTOR) if pattern in _LINEAR else pattern, size, depth


def _best_by_key(runs: Iterable[Run], reached: Mapping[str, float], candidates: set[Key]) -> dict[Key, Run]:
    found: dict[Key, Run] = {}
    for run in runs:
        key = key_of_recipe(run.recipe)
        if key in candidates and key is not None and (key not in found or reached[run.id] > reached[found[key].id]):
            found[key] = run
    return found


def _result(
    keys: Sequence[Key], runs: Mapping[Key, Run], reached: Mapping[str, float], most: float | None
) -> AdviceResult:
    trained = [runs[_alike(key)] for key in keys if _alike(key) in runs]
    accuracy = max((reached[run.id] for run in trained), default=None)
    regret = None if accuracy is None or most is None else most - accuracy
    return AdviceResult(trained=len(trained), named=len(keys), accuracy=accuracy, regret=regret)
