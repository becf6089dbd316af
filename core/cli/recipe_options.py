"""What was chosen, from the options of ``train``."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from core.cli.verbs import add_list
from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput
from core.planning.presets import PRESETS, Preset
from core.recipes.grid import CascadeChoice, Depths, GridChoice
from core.recipes.labels import PATTERNS
from core.recipes.recipe import BOUNDS, CHOICES, RELEVANT, Cascade, Pattern, parsed_settings
from core.text.nearly import did_you_mean

_TRAINABLE = ", ".join(f"{one} ({label.short})" for one, label in PATTERNS.items() if one is not Pattern.CASCADE)

_CHOSEN_BY_PRESET = (
    "backbone",
    "pattern",
    "size",
    "fit",
    "depth",
    "cascade",
    "member",
    "map",
    "epochs",
    "set",
    "force",
)


def add_recipe_options(verb: ArgumentParser) -> None:
    """The options that choose the recipes of ``train``."""
    verb.add_argument("--pattern", nargs="+", action="extend", metavar="P", help=f"one or more of: {_TRAINABLE}")
    add_list(verb, "--depth", "N", "blocks, or: all (a sweep)")
    add_list(verb, "--size", "PX", "input sizes, or: own")
    add_list(verb, "--fit", "F", f"how a photo becomes the square input: {', '.join(Fit)}")
    help_ = "fusion or stacking of --backbone and --member; confidence or ensemble of every --member"
    verb.add_argument("--cascade", metavar="KIND", help=help_)
    add_list(verb, "--member", "M", "a backbone, or a run")
    add_list(verb, "--map", "SYNSET=CLASS", "maps an ImageNet class to yours, for the classifier")
    verb.add_argument("--epochs", type=int)
    add_list(verb, "--set", "NAME=VALUE", "a hyperparameter")
    presets = "; ".join(f"{preset}: {label.description}" for preset, label in PRESETS.items())
    verb.add_argument("--preset", metavar="P", help=f"recipes that suit the dataset, instead of --backbone. {presets}")
    verb.add_argument("--repeat", type=int, default=1, metavar="K", help="with K seeds each")


def choice_of(options: Namespace) -> GridChoice | Preset:
    """What was typed.

    Raises:
        InvalidInput: an option, or a name in one, does not exist, or options contradict each other.
    """
    if options.preset is not None:
        return _preset(options)
    cascade = _cascade(options) if options.cascade else None
    if options.member and cascade is None:
        raise InvalidInput(f"--member is an option of --cascade. Add --cascade with one of: {', '.join(Cascade)}")
    patterns = _patterns(options, cascade)
    if not options.backbone and (patterns or cascade is None):
        raise InvalidInput("--backbone is missing: one or more names from the catalogue, or finished runs.")
    trained = [Pattern.CASCADE] if cascade is not None and cascade.is_trained else []
    assignments = _assignments(options, [*patterns, *trained])
    cascades = [Pattern.CASCADE] if cascade is not None else []
    depths, sizes, fits = _depths(options.depth), _sizes(options.size), _fits(options.fit)
    of_cascade = _one_input(sizes, fits) if cascade is not None else {}
    return GridChoice.product(
        options.backbone,
        patterns,
        settings=dict.fromkeys(patterns, assignments) | dict.fromkeys(cascades, assignments | of_cascade),
        sizes=dict.fromkeys(options.backbone, sizes) if sizes else {},
        fits=fits,
        depths={} if depths is None else dict.fromkeys([*patterns, *cascades], depths),
        repetitions=options.repeat,
        cascade=cascade,
        mapping=_mapping(options.map),
        force=options.force,
    )


def _preset(options: Namespace) -> Preset:
    if options.preset not in list(Preset):
        raise InvalidInput(
            f"There is no preset {options.preset!r}.{did_you_mean(options.preset, Preset)} Choose from: "
            f"{', '.join(Preset)}"
        )
    given = [name for name in _CHOSEN_BY_PRESET if getattr(options, name)] + (["repeat"] if options.repeat != 1 else [])
    if given:
        raise InvalidInput(
            f"--preset chooses the recipes itself. Leave out --{given[0]}, or name every recipe yourself."
        )
    return Preset(options.preset)


def _patterns(options: Namespace, cascade: CascadeChoice | None) -> list[Pattern]:
    """Those of the cells; a cascade has none beside it unless they are named."""
    named = [_pattern(name) for name in options.pattern or ()]
    if Pattern.CASCADE in named and cascade is None:
        raise InvalidInput(
            f"The pattern cascade needs its kind, one of: {', '.join(Cascade)}. Example: --cascade fusion --member B"
        )
    if not named and cascade is None:
        return [Pattern.INTEGRATED_EXTRACTOR]
    return [pattern for pattern in named if pattern is not Pattern.CASCADE]


def _cascade(options: Namespace) -> CascadeChoice:
    """One cascade per command: its members are named once each."""
    if options.cascade not in list(Cascade):
        raise InvalidInput(f"--cascade must be one of: {', '.join(Cascade)}. Received: {options.cascade}")
    kind = Cascade(options.cascade)
    if not kind.combines_runs:
        return CascadeChoice(kind=kind, members=(*options.backbone, *options.member))
    if options.backbone and not options.pattern:
        raise InvalidInput(
            f"--cascade {kind} combines finished runs: name them with --member. Received: --backbone "
            f"{' '.join(options.backbone)}"
        )
    return CascadeChoice(kind=kind, members=tuple(options.member))


def _pattern(name: str) -> Pattern:
    if name not in list(Pattern):
        raise InvalidInput(
            f"There is no pattern {name!r}.{did_you_mean(name, Pattern)} Choose from: {', '.join(Pattern)}"
        )
    return Pattern(name)


def _depths(texts: Sequence[str]) -> Depths | None:
    """None, "all", or numbers of blocks."""
    if not texts:
        return None
    if "all" in texts:
        return "all"
    if not all(text.isdecimal() for text in texts):
        wrong = next(text for text in texts if not text.isdecimal())
        raise InvalidInput(f"--depth takes a number of blocks, or: all. Received: {wrong!r}")
    return tuple(int(text) for text in texts)


def _sizes(texts: Sequence[str]) -> tuple[int, ...]:
    """Input sizes in pixels, 0 for every backbone's own."""
    wrong = next((text for text in texts if text != "own" and not (text.isdecimal() and int(text))), None)
    if wrong is not None:
        raise InvalidInput(f"--size takes a number of pixels, or: own. Received: {wrong!r}")
    return tuple(0 if text == "own" else int(text) for text in texts)


def _fits(texts: Sequence[str]) -> tuple[Fit, ...]:
    wrong = next((text for text in texts if text not in list(Fit)), None)
    if wrong is not None:
        raise InvalidInput(f"--fit must be one of: {', '.join(Fit)}. Received: {wrong!r}")
    return tuple(map(Fit, texts))


def _one_input(sizes: Sequence[int], fits: Sequence[Fit]) -> dict[str, Any]:
    """The input of a cascade, which is one recipe."""
    if len(sizes) > 1 or len(fits) > 1:
        raise InvalidInput("A cascade has one --size and one --fit. Name one of each, or train it in several commands.")
    chosen: dict[str, Any] = {"input_size": sizes[0]} if sizes else {}
    return chosen | ({"fit": fits[0]} if fits else {})


def _assignments(options: Namespace, patterns: Sequence[Pattern]) -> dict[str, Any]:
    """``--set`` and ``--epochs``; a hyperparameter that none of the patterns uses is refused, ``--depth`` too."""
    assignments = dict(_assignment(text) for text in options.set)
    if options.epochs is not None:
        assignments["epochs"] = str(options.epochs)
    used = {name for pattern in patterns for name in RELEVANT[pattern]}
    for name in (*assignments, *(["depth"] if options.depth else [])):
        if name in {*BOUNDS, *CHOICES} - used:
            names = ", ".join(patterns)
            choices = ", ".join(sorted(used)) or "none"
            raise InvalidInput(f"{name} has no effect in {names}. Hyperparameters of it: {choices}")
    return parsed_settings(assignments)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput(f"--set takes NAME=VALUE, for example seed=7. Received: {text!r}")
    return name, value


def _mapping(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """``SYNSET=CLASS`` pairs; nothing after the "=" for "none of my classes"."""
    pairs = tuple((synset, name) for synset, equals, name in (text.partition("=") for text in texts) if equals)
    if len(pairs) < len(texts):
        wrong = next(text for text in texts if "=" not in text)
        raise InvalidInput(f"--map takes SYNSET=CLASS, for example n02123045=cat. Received: {wrong!r}")
    return pairs
