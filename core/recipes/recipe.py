"""How a backbone is used: pattern, hyperparameters, and the fingerprint by which earlier runs are found.

A recipe is independent of the data. ``program`` has what its pattern means for the trainer, ``defaults`` the
hyperparameters suggested for a dataset.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.backbones.token_network import Pooling
from core.errors import InvalidInput
from core.recipes.hyperparameters import (
    ADDED,
    KINDS,
    LINEAR_SOLVERS,
    RELEVANT,
    Adapter,
    Hyperparameters,
    Schedule,
    ViewSettings,
)
from core.recipes.patterns import TRAINS_NO_EPOCHS, Cascade, Pattern

TRAINING_VERSION = 2
"""Raised whenever the same recipe would train differently; old runs are then no longer reused."""

VIEWS_SEED = 0
"""Of the augmented views, which belong to the dataset: every repetition of a recipe sees the same ones."""

PARTS = ("backbone", "pattern", "cascade", "members", "mapping", "prompts", "views_by_seed")
"""The fields of a recipe besides its hyperparameters."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Backbone x pattern x hyperparameters.

    Args:
        backbone: name of the catalogue, or the id of a run whose model is the backbone. Where finished runs alone are
            used (``combines_runs``): "".
        cascade: which cascade; None for every other pattern.
        members: what works together with the backbone. Fusion: further backbones; stacking: one run. Confidence: the
            cheap run, then the costly one; ensemble: the runs. Quantization: the run whose model is made smaller.
            Distillation: the teacher, the run whose predictions are learned.
        mapping: classifier: (ImageNet synset, class name) pairs the user corrected, class name "" for "none of them";
            synsets not named keep the mapping found by their names.
        prompts: zero-shot classifier: (class name, text) pairs, see ``core.recipes.prompts``; () without texts.
        views_by_seed: whether the seed decides the views too, as before 0.7. Views of a new recipe belong to the
            dataset, so that its repetitions share their features.
    """

    backbone: str
    pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR
    hyperparameters: Hyperparameters = Hyperparameters()
    cascade: Cascade | None = None
    members: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    prompts: tuple[tuple[str, str], ...] = ()
    views_by_seed: bool = False

    def __post_init__(self) -> None:
        if (self.pattern is Pattern.CASCADE) != (self.cascade is not None):
            raise InvalidInput(f"Only the pattern cascade needs a kind of cascade. Received: {self.cascade}")
        if self.pattern is Pattern.QUANTIZATION and (self.backbone or len(self.members) != 1):
            raise InvalidInput(
                "A quantization makes the model of one finished run smaller. Received: "
                f"{', '.join((self.backbone, *self.members)).strip(', ') or 'none'}"
            )
        if self.pattern is Pattern.DISTILLATION and (not self.backbone or len(self.members) != 1):
            raise InvalidInput(
                "A distillation needs a backbone and one finished run, its teacher. Received: "
                f"{', '.join((self.backbone, *self.members)).strip(', ') or 'none'}"
            )
        if self.cascade is not None:
            _check_members(self)

    @property
    def backbones(self) -> tuple[str, ...]:
        """Every backbone whose features are used, in the order they are put side by side."""
        if self.combines_runs:
            return ()
        return (self.backbone, *(self.members if self.cascade is Cascade.FUSION else ()))

    @property
    def runs(self) -> tuple[str, ...]:
        """Every run whose predictions are used."""
        return () if self.cascade is Cascade.FUSION else self.members

    @property
    def combines_runs(self) -> bool:
        """Whether it uses nothing but finished runs: their probabilities, or the model of one."""
        return self.pattern is Pattern.QUANTIZATION or (self.cascade is not None and self.cascade.combines_runs)

    @property
    def is_trained(self) -> bool:
        """Whether epochs are run."""
        if self.cascade is not None:
            return not self.cascade.combines_runs
        return self.pattern not in TRAINS_NO_EPOCHS

    @property
    def length_matters(self) -> bool:
        """Whether the first epochs of a longer run differ from those of a shorter one (a rate that falls over all)."""
        return "schedule" in RELEVANT[self.pattern] and self.hyperparameters.schedule == Schedule.COSINE

    def view(self, number: int) -> ViewSettings:
        """One of the views of its photos."""
        seed = self.hyperparameters.seed if self.views_by_seed else VIEWS_SEED
        return ViewSettings(number, seed, self.hyperparameters.augmentation)

    @property
    def pooling(self) -> Pooling:
        """Of tokens; the network's own in patterns that take its own outputs."""
        return self.hyperparameters.pooling if "pooling" in RELEVANT[self.pattern] else Pooling.OWN

    @property
    def used(self) -> tuple[str, ...]:
        """The hyperparameters of its pattern, without those that another one switches off."""
        hp = self.hyperparameters
        off = set() if hp.solver in LINEAR_SOLVERS else {"full_search"}
        off |= set() if hp.adapter == Adapter.LORA else {"rank"}
        return tuple(name for name in RELEVANT[self.pattern] if name not in off)

    def settings(self) -> dict[str, Any]:
        """What was chosen, in order, under the recipe's own names: its parts, then the hyperparameters that are used.

        Empty parts are None. A cascade that combines finished runs uses no hyperparameters.
        """
        names = () if self.cascade is not None and self.combines_runs else RELEVANT[self.pattern]
        return {name: getattr(self, name) or None for name in PARTS} | {
            name: getattr(self.hyperparameters, name) for name in names
        }

    def to_dict(self) -> dict:
        return {
            "backbone": self.backbone,
            "pattern": str(self.pattern),
            "hyperparameters": dict(vars(self.hyperparameters)),
            "cascade": None if self.cascade is None else str(self.cascade),
            "members": list(self.members),
            "mapping": [list(pair) for pair in self.mapping],
            "prompts": [list(pair) for pair in self.prompts],
            "views_by_seed": self.views_by_seed,
        }

    @classmethod
    def from_dict(cls, data: dict) -> "Recipe":
        hp = dict(data["hyperparameters"])
        for name, kind in KINDS.items():
            if name in hp:
                hp[name] = kind(hp[name])
        cascade, pattern = data.get("cascade"), Pattern(data["pattern"])
        return cls(
            backbone=data["backbone"],
            pattern=pattern,
            hyperparameters=Hyperparameters(**hp),
            cascade=None if cascade is None else Cascade(cascade),
            members=tuple(data.get("members", ())),
            mapping=tuple((synset, name) for synset, name in data.get("mapping", ())),
            prompts=tuple((name, text) for name, text in data.get("prompts", ())),
            views_by_seed=data.get("views_by_seed", _has_views_of_a_seed(pattern, hp)),
        )


def _has_views_of_a_seed(pattern: Pattern, hp: Mapping[str, Any]) -> bool:
    """Whether the same recipe had other views before 0.7, when the seed of the run decided them."""
    usual = Hyperparameters()
    several = "views" in RELEVANT[pattern] and hp.get("views", usual.views) > 1
    return several and hp.get("seed", usual.seed) != VIEWS_SEED


MEMBERS: dict[Cascade, tuple[int, int, str]] = {
    Cascade.FUSION: (1, 8, "a fusion needs two to nine backbones"),
    Cascade.STACKING: (1, 1, "stacking needs one finished run and one backbone"),
    Cascade.CONFIDENCE: (2, 2, "a confidence cascade needs two finished runs, the cheap one first"),
    Cascade.ENSEMBLE: (2, 50, "an ensemble needs two to fifty finished runs"),
}
"""Fewest and most members (``Recipe.members``), and the sentence for an error."""


def _check_members(recipe: Recipe) -> None:
    assert recipe.cascade is not None
    fewest, most, rule = MEMBERS[recipe.cascade]
    everyone = (*recipe.backbones, *recipe.runs)
    if not fewest <= len(recipe.members) <= most:
        raise InvalidInput(f"{rule[0].upper()}{rule[1:]}. Received: {', '.join(everyone) or 'none'}")
    if len(set(everyone)) < len(everyone):
        twice = next(name for name in everyone if everyone.count(name) > 1)
        raise InvalidInput(f"{rule[0].upper()}{rule[1:]}, each of them once. Received twice: {twice}")


def fingerprint(recipe: Recipe, *, dataset_digest: str, weights_digest: str) -> str:
    """SHA-256 of everything that determines the result, except the number of epochs.

    Runs of before 0.7 keep theirs: that the views belong to the dataset is part of it only where it makes a difference.

    At a constant learning rate, runs with the same fingerprint have the same epochs; the longer one has more of them.
    So an interrupted run can be resumed, and a finished one extended.

    Args:
        weights_digest: of the backbone's weights; of several backbones and members, joined by "+" in their order.
    """
    data = _parts(recipe) | {"hyperparameters": _told_apart(recipe, without="epochs")}
    by_seed = data.pop("views_by_seed")
    if not by_seed and _has_views_of_a_seed(recipe.pattern, vars(recipe.hyperparameters)):
        data["views_by_seed"] = False
    data |= {"dataset": dataset_digest, "weights": weights_digest, "training_version": TRAINING_VERSION}
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def family(recipe: Recipe) -> str:
    """A digest shared by all repetitions of a recipe, which differ in the seed (before 0.7 in their views too) and
    nothing else, and by no other recipe."""
    data = _parts(recipe) | {"hyperparameters": _told_apart(recipe, without="seed")}
    del data["views_by_seed"]
    text = json.dumps(data, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _parts(recipe: Recipe) -> dict[str, Any]:
    """As ``to_dict``; texts, which came after 0.6.0, only where there are some."""
    data = recipe.to_dict()
    if not recipe.prompts:
        del data["prompts"]
    return data


def _told_apart(recipe: Recipe, *, without: str) -> dict[str, Any]:
    """The hyperparameters that tell recipes of a pattern apart; those of ``ADDED`` only at another value."""
    used = {name: getattr(recipe.hyperparameters, name) for name in recipe.used if name != without}
    return {name: value for name, value in used.items() if name not in ADDED or value != ADDED[name]}
