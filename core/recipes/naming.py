"""Names of runs: by backbone and method, with what differs from other runs that would have the same name."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from core.backbones.added import is_run
from core.recipes.grid import InvalidCell
from core.recipes.hyperparameters import Adapter
from core.recipes.labels import CASCADES, PATTERNS, SOLVERS, in_text, method_title, setting_text
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import PARTS, Recipe

LONGEST_BASE = 120
"""A limit for the names of nested ensembles, before the endings that tell equal names apart."""
LONGEST_NAME = 200
"""Most characters of a run's name."""
MOST_ENDINGS = 4
"""Differing hyperparameters that a name has; where those are not enough, it is numbered."""


def name_of(recipe: Recipe, title_of: Callable[[str], str]) -> str:
    """The name of a new run as long as no other has it: "Lite0 · fine-tuning", quantized "Lite0 · fine-tuning · int8".

    On the model of a run: "Lite0 · feature extraction, then fine-tuning". An input size that is not the backbone's
    own comes before the method: "Lite0 · 320 px · fine-tuning".

    Args:
        title_of: the title of a backbone (by its name) or of a run (by its id).
    """
    if recipe.pattern is Pattern.QUANTIZATION:
        name = f"{title_of(recipe.members[0])} · {setting_text(recipe, 'precision')}"
    elif recipe.pattern is Pattern.DISTILLATION:
        parts = [title_of(recipe.backbone), *_size(recipe), f"distilled from {title_of(recipe.members[0])}"]
        name = " · ".join(parts)
    elif recipe.cascade is not None:
        name = _CASCADES[recipe.cascade]([title_of(part) for part in (*recipe.backbones, *recipe.runs)])
        name = " · ".join([name, *_size(recipe)])
    elif is_run(recipe.backbone):
        name = " · ".join([f"{title_of(recipe.backbone)}, then {method_name(recipe)}", *_size(recipe)])
    else:
        name = " · ".join([title_of(recipe.backbone), *_size(recipe), method_name(recipe)])
    return name if len(name) <= LONGEST_BASE else f"{name[: LONGEST_BASE - 1].rstrip()}…"


def _size(recipe: Recipe) -> list[str]:
    return [setting_text(recipe, "input_size")] if recipe.settings().get("input_size") else []


def name_of_invalid(cell: InvalidCell, title_of: Callable[[str], str]) -> str:
    """What a run of this cell would be called, with the values that were chosen: "Lite0 · fine-tuning (depth 99)"."""
    titles = ", ".join(title_of(source) for source in cell.sources) or "no members"
    method = PATTERNS[cell.pattern].short if cell.cascade is None else CASCADES[cell.cascade].title
    chosen = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in cell.settings)
    return f"{titles} · {in_text(method)}" + (f" ({chosen})" if chosen else "")


def method_name(recipe: Recipe) -> str:
    """How the backbone is used, inside a name: ``feature extraction + linear SVM``."""
    if recipe.pattern is Pattern.STANDALONE_EXTRACTOR:
        return f"feature extraction + {in_text(SOLVERS[recipe.hyperparameters.solver])}"
    if recipe.pattern is Pattern.PARAMETER_EFFICIENT:
        return f"{_ADAPTERS[recipe.hyperparameters.adapter]} fine-tuning"
    return in_text(method_title(recipe))


_ADAPTERS = {Adapter.LORA: "LoRA", Adapter.NORM: "norm-only", Adapter.BIAS: "bias-only"}


_CASCADES: dict[Cascade, Callable[[list[str]], str]] = {
    Cascade.FUSION: lambda names: f"Fusion of {_and(names)}",
    Cascade.STACKING: lambda names: f"{names[0]} stacked on {names[1]}",
    Cascade.CONFIDENCE: lambda names: f"Cascade of {_shared_method_last(names)}",
    Cascade.ENSEMBLE: lambda names: f"Ensemble of {_shared_method_last(names)}",
}


def _and(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _shared_method_last(names: list[str]) -> str:
    """A method that all have is named once: "Lite0, Lite1 and Lite2 · feature extraction"."""
    parts = [name.partition(" · ") for name in names]
    methods = {method for _, _, method in parts}
    if len(methods) > 1 or "" in methods:
        return _and(names)
    return f"{_and([network for network, _, _ in parts])} · {methods.pop()}"


def new_names(wanted: Sequence[tuple[str, Recipe]], holder_of: Callable[[str], Recipe | None]) -> list[str]:
    """Names for new runs of one dataset, unlike each other and unlike all names that are taken.

    A name that nothing else has stays as it is. Otherwise the hyperparameters in which the new runs of that name, and
    the run that has it already, differ are added: "Lite0 · fine-tuning · top 2 blocks · seed 8"; else a number.

    Args:
        wanted: (name, recipe) of every new run. holder_of: the recipe of the run that has a name; None where none has.
    """
    groups = defaultdict(list)
    for number, (name, _) in enumerate(wanted):
        groups[name].append(number)
    given: dict[int, str] = {}
    for name, numbers in groups.items():
        alike = [wanted[number][1] for number in numbers]
        differing = _differing([*alike, *filter(None, [holder_of(name)])])
        for number, recipe in zip(numbers, alike, strict=True):
            ending = "".join(f" · {setting_text(recipe, key)}" for key in differing)
            given[number] = _unused(name, ending, lambda one: one in given.values() or holder_of(one) is not None)
    return [given[number] for number in range(len(wanted))]


def without(name: str, recipe: Recipe, keys: Sequence[str]) -> str:
    """A run's name without what it has about these hyperparameters, for runs that differ in nothing else."""
    for key in set(keys) & set(recipe.settings()):
        text = setting_text(recipe, key)
        name = name.replace(f" · {text}", "").replace(f" ({text})", "")  # in parentheses before 0.6.0
    return name


def _differing(recipes: Sequence[Recipe]) -> list[str]:
    """The hyperparameters whose values differ, those most often changed first; none between different methods."""
    if len({(recipe.pattern, recipe.cascade) for recipe in recipes}) > 1:
        return []
    settings = [recipe.settings() for recipe in recipes]
    keys = [key for key in settings[0] if key not in PARTS]
    return [key for key in keys if len({one[key] for one in settings}) > 1][:MOST_ENDINGS]


def _unused(name: str, ending: str, is_taken: Callable[[str], bool]) -> str:
    """The name with this ending, and with the smallest number that is free after a taken one where it is taken."""

    def numbered(number: int) -> str:
        last = ending if number == 1 else f"{ending} #{number}"
        return name[: LONGEST_NAME - len(last)].rstrip() + last

    if not is_taken(numbered(1)):
        return numbered(1)
    taken, free = 1, 2
    while is_taken(numbered(free)):  # few look-ups, however many runs have the name
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        taken, free = (middle, free) if is_taken(numbered(middle)) else (taken, middle)
    return numbered(free)
