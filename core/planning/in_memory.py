"""What a trainer process keeps for its next run, beside the photos: the library of solvers, and one frozen network."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from core.errors import GraftError
from core.planning.lookup import RecipeLookup
from core.planning.work import SharedKind
from core.recipes.hyperparameters import Solver
from core.recipes.patterns import Pattern
from core.recipes.program import CLASSES, PREDICTIONS, cuts_of
from core.recipes.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One thing that a run needs and its process keeps.

    Args:
        key: equal for what can be used again. blocks: of a network that is built.
    """

    kind: SharedKind
    key: str
    backbone: str
    blocks: int = 0


def kept_by(recipe: Recipe, lookup: RecipeLookup) -> Iterator[Kept]:
    """What a run of this recipe keeps in memory, in the order in which it needs it.

    A network that a run trains is its own: the model of a later run with a frozen network is saved with a new one.
    """
    if recipe.pattern is Pattern.QUANTIZATION or not recipe.backbones:
        return
    program = lookup.program(recipe)
    if program.head in set(Solver):
        yield Kept(kind=SharedKind.LIBRARY, key="scikit-learn", backbone=recipe.backbone)
    if any(stage.trained for stage in program.stages):
        return
    backbones = lookup.backbones(recipe)
    for part in program.inputs:
        if part.cut != PREDICTIONS and not backbones[part.source].is_onnx:
            backbone = backbones[part.source]
            several = part.cut if part.cut == CLASSES or len(cuts_of(part.cut)) > 1 else ""
            key = f"{part.source} {backbone.input_size} {backbone.pooling} {several} {program.depth}"
            yield Kept(kind=SharedKind.NETWORK, key=key, backbone=part.source, blocks=len(backbone.blocks))


def memory_after(recipes: Iterable[Recipe], lookup: RecipeLookup) -> dict[SharedKind, str]:
    """The keys of what a process has in memory that trained these, the first one first: of each kind the last."""
    memory: dict[SharedKind, str] = {}
    for recipe in recipes:
        with suppress(GraftError):  # its backbone was deleted, and no run will need it
            memory |= {one.kind: one.key for one in kept_by(recipe, lookup)}
    return memory
