"""Names under which several runs can be told apart."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from core.recipes import Recipe


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


def _tell_apart(group: Sequence[tuple[str, str, Recipe]], ignored: Collection[str]) -> list[tuple[str, str]]:
    facts = [_facts(recipe) for _, _, recipe in group]
    names = [key for key in facts[0] if key not in ignored and len({str(fact.get(key)) for fact in facts}) > 1]
    endings = [", ".join(_words(key, fact.get(key)) for key in names) for fact in facts]
    told = [
        ending if endings.count(ending) == 1 else ", ".join(part for part in (ending, run[0]) if part)
        for ending, run in zip(endings, group, strict=True)
    ]
    if len(group) == 1:
        return [(group[0][0], group[0][1])]
    return [(run_id, f"{name} ({ending})") for (run_id, name, _), ending in zip(group, told, strict=True)]


def _words(key: str, value: object) -> str:
    return f"{value} {key}" if key in ("epochs", "views") else f"{key.replace('_', ' ')} {value}"


def _facts(recipe: Recipe) -> dict[str, object]:
    """Everything a recipe says, flat."""
    data = recipe.to_dict()
    return {key: value for key, value in data.items() if key != "hyperparameters"} | data["hyperparameters"]
