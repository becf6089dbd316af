"""Recipes from the options of ``train``."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Literal

from core.cli.verbs import add_list
from core.errors import InvalidInput
from core.recipes.defaults import fitting
from core.recipes.labels import PATTERNS
from core.recipes.recipe import (
    BOUNDS,
    CHOICES,
    RELEVANT,
    Cascade,
    Hyperparameters,
    Pattern,
    Recipe,
    with_settings,
)
from core.text.nearly import did_you_mean
from core.workbench import Workbench
from core.workbench.recipes import repeated

_TRAINABLE = ", ".join(f"{one} ({label.short})" for one, label in PATTERNS.items() if one is not Pattern.CASCADE)


def add_recipe_options(verb: ArgumentParser) -> None:
    """The options that make the recipes of ``train``."""
    verb.add_argument("--pattern", nargs="+", action="extend", metavar="P", help=f"one or more of: {_TRAINABLE}")
    add_list(verb, "--depth", "N", "blocks, or: all (a sweep)")
    verb.add_argument("--cascade", metavar="KIND", help="fusion or stacking, of the backbone with every --member")
    add_list(verb, "--member", "M", "a backbone, or a run")
    add_list(verb, "--map", "SYNSET=CLASS", "maps an ImageNet class to yours, for the classifier")
    verb.add_argument("--epochs", type=int)
    add_list(verb, "--set", "NAME=VALUE", "a hyperparameter")
    verb.add_argument("--repeat", type=int, default=1, metavar="K", help="with K seeds each")


def recipes_of(workbench: Workbench, dataset_id: str, options: Namespace) -> list[Recipe]:
    if options.cascade:
        return _cascades(workbench, dataset_id, options)
    if options.member:
        raise InvalidInput("--member is an option of --cascade. Add --cascade fusion or --cascade stacking.")
    patterns = [_pattern(name) for name in options.pattern or (Pattern.INTEGRATED_EXTRACTOR,)]
    if Pattern.CASCADE in patterns:
        raise InvalidInput(
            "The pattern cascade needs its kind: --cascade fusion or --cascade stacking, with every --member."
        )
    assignments = _assignments(options, patterns)
    return [
        recipe
        for backbone in options.backbone
        for pattern in patterns
        for recipe in workbench.grid(
            dataset_id,
            [backbone],
            [pattern],
            depths=_depths(options.depth),
            repeat=options.repeat,
            hyperparameters={pattern: _hyperparameters(workbench, dataset_id, pattern, backbone, assignments)},
            mapping=_mapping(options.map),
        )
    ]


def _cascades(workbench: Workbench, dataset_id: str, options: Namespace) -> list[Recipe]:
    """One cascade per command: its members are named once each."""
    trained = [str(kind) for kind in Cascade if not kind.combines_runs]
    if options.cascade not in trained:
        raise InvalidInput(f"--cascade must be one of: {', '.join(trained)}. Received: {options.cascade}")
    if set(options.pattern or ()) - {str(Pattern.CASCADE)} or options.depth:
        raise InvalidInput("--cascade cannot be combined with another --pattern or --depth. Leave them out.")
    kind, members = Cascade(options.cascade), [*options.backbone, *options.member]
    recipe = workbench.cascade(dataset_id, kind, members)
    assignments = _assignments(options, [Pattern.CASCADE])
    hp = with_settings(recipe.hyperparameters, assignments)
    recipe = workbench.cascade(dataset_id, kind, members, hyperparameters=hp)
    return repeated(recipe, options.repeat)


def _pattern(name: str) -> Pattern:
    if name not in list(Pattern):
        raise InvalidInput(
            f"There is no pattern {name!r}.{did_you_mean(name, Pattern)} Choose from: {', '.join(Pattern)}"
        )
    return Pattern(name)


def _depths(texts: Sequence[str]) -> list[int] | Literal["all"] | None:
    """None, "all", or numbers of blocks."""
    if not texts:
        return None
    if "all" in texts:
        return "all"
    if not all(text.isdecimal() for text in texts):
        wrong = next(text for text in texts if not text.isdecimal())
        raise InvalidInput(f"--depth takes a number of blocks, or: all. Received: {wrong!r}")
    return [int(text) for text in texts]


def _assignments(options: Namespace, patterns: Sequence[Pattern]) -> dict[str, str]:
    """``--set`` and ``--epochs``; a hyperparameter that none of the patterns uses is refused."""
    assignments = dict(_assignment(text) for text in options.set)
    if options.epochs is not None:
        assignments["epochs"] = str(options.epochs)
    used = {name for pattern in patterns for name in RELEVANT[pattern]}
    for name in assignments:
        if name in {*BOUNDS, *CHOICES} - used:
            names = ", ".join(patterns)
            choices = ", ".join(sorted(used)) or "none"
            raise InvalidInput(f"{name} has no effect in {names}. Hyperparameters of it: {choices}")
    return assignments


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput(f"--set takes NAME=VALUE, for example seed=7. Received: {text!r}")
    return name, value


def _hyperparameters(
    workbench: Workbench, dataset_id: str, pattern: Pattern, backbone: str, assignments: dict[str, str]
) -> Hyperparameters:
    """The defaults of a pattern with the assignments it uses."""
    hp = with_settings(workbench.defaults(dataset_id, pattern, backbone), assignments)
    return hp if "head_epochs" in assignments else fitting(hp)


def _mapping(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """``SYNSET=CLASS`` pairs; nothing after the "=" for "none of my classes"."""
    pairs = tuple((synset, name) for synset, equals, name in (text.partition("=") for text in texts) if equals)
    if len(pairs) < len(texts):
        wrong = next(text for text in texts if "=" not in text)
        raise InvalidInput(f"--map takes SYNSET=CLASS, for example n02123045=cat. Received: {wrong!r}")
    return pairs
