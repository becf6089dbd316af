"""Names under which several runs can be told apart."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from core.recipes.recipe import RELEVANT, Recipe


def distinct_names(runs: Iterable[tuple[str, str, Recipe]], ignored: Collection[str] = ()) -> dict[str, str]:
    """``{id: name}`` where runs of one name are followed by what sets them apart: "Lite0 (40 epochs, seed 7)".

    Args:
        runs: (id, name, recipe); what not even the recipe sets apart gets its id.
        ignored: hyperparameters that are never named.
    """
    namesakes = defaultdict(list)
    for run in runs:
        namesakes[run[1]].append(run)
    return {run_id: name for group in namesakes.values() for run_id, name in _tell_apart(group, ignored)}


_FAMILY = re.compile(r"\b[A-Z]\w*-(?=[A-Z0-9])")
"""What stands before the hyphen of a network's name: "EfficientNet-" of "EfficientNet-Lite0"."""


def without_family(name: str) -> str:
    """``Lite0 · new head`` of "EfficientNet-Lite0 · new head"."""
    return _FAMILY.sub("", name)


def without_shared(names: Mapping[str, str]) -> dict[str, str]:
    """Names without the family that all of them have: beside each other, it tells nothing apart.

    Args:
        names: by run id. A single name, and names that would read the same afterwards, stay as they are.
    """
    families = [set(_FAMILY.findall(name)) for name in names.values()]
    shared = set.intersection(*families) if len(families) > 1 else set()
    found = {
        run_id: _FAMILY.sub(lambda family: "" if family[0] in shared else family[0], name)
        for run_id, name in names.items()
    }
    return found if len(set(found.values())) == len(set(names.values())) else dict(names)


def _tell_apart(group: Sequence[tuple[str, str, Recipe]], ignored: Collection[str]) -> list[tuple[str, str]]:
    facts = [_facts(recipe) for _, _, recipe in group]
    known = dict.fromkeys(key for fact in facts for key in fact if key not in ignored)
    names = [key for key in known if len({str(fact.get(key)) for fact in facts}) > 1]
    endings = [", ".join(_words(key, fact[key]) for key in names if fact.get(key) is not None) for fact in facts]
    told = [
        ending if endings.count(ending) == 1 else ", ".join(part for part in (ending, run[0]) if part)
        for ending, run in zip(endings, group, strict=True)
    ]
    if len(group) == 1:
        return [(group[0][0], group[0][1])]
    return [(run_id, f"{name} ({ending})") for (run_id, name, _), ending in zip(group, told, strict=True)]


def _words(key: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{'with' if value else 'without'} {key.replace('_', ' ')}"
    words = str(value).replace("_", " ")
    return f"{words} {key}" if key in ("epochs", "views") else f"{key.replace('_', ' ')} {words}"


def _facts(recipe: Recipe) -> dict[str, object]:
    """Everything short that a recipe says, flat; what its pattern does not look at says nothing."""
    data = recipe.to_dict()
    numbers = {name: data["hyperparameters"][name] for name in RELEVANT[recipe.pattern]}
    return {key: data[key] for key in ("backbone", "pattern", "cascade")} | numbers
