"""What was chosen, from options in text: those of ``core train``, and of a request that launches runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput
from core.planning.presets import Preset
from core.recipes.grid import CascadeChoice, Depths, GridChoice
from core.recipes.hyperparameters import BOUNDS, CHOICES, RELEVANT, parsed_settings
from core.recipes.labels import OFFERED
from core.recipes.patterns import Cascade, Pattern
from core.text.nearly import did_you_mean

_CHOSEN_BY_PRESET = (
    "backbone",
    "pattern",
    "size",
    "fit",
    "depth",
    "cascade",
    "member",
    "map",
    "prompt",
    "epochs",
    "set",
    "force",
)


@dataclass(frozen=True, kw_only=True)
class RecipeOptions:
    """The options that choose recipes, as they were typed; each is described by the command line's help.

    Args:
        mark: before the name of an option in errors: ``--`` on the command line, "" in a request.
    """

    backbone: Sequence[str] = ()
    pattern: Sequence[str] | None = None
    depth: Sequence[str] = ()
    size: Sequence[str] = ()
    fit: Sequence[str] = ()
    cascade: str | None = None
    member: Sequence[str] = ()
    map: Sequence[str] = ()
    prompt: Sequence[str] = ()
    epochs: int | None = None
    set: Sequence[str] = ()
    preset: str | None = None
    repeat: int = 1
    force: bool = False
    mark: str = "--"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "RecipeOptions":
        """From a mapping that may hold other options too."""
        return cls(**{name: value for name, value in values.items() if name in cls.__dataclass_fields__})


def choice_of(options: RecipeOptions) -> GridChoice | Preset:
    """What was typed.

    Raises:
        InvalidInput: an option, or a name in one, does not exist, or options contradict each other.
    """
    if options.preset is not None:
        return _preset(options)
    cascade = _cascade(options) if options.cascade else None
    if options.member and cascade is None:
        raise InvalidInput(
            f"{options.mark}member is an option of {options.mark}cascade. Add {options.mark}cascade with one of: "
            f"{', '.join(Cascade)}"
        )
    patterns = _patterns(options, cascade)
    if not options.backbone and (patterns or cascade is None):
        raise InvalidInput(
            f"{options.mark}backbone is missing: one or more names from the catalogue, or finished runs."
        )
    trained = [Pattern.CASCADE] if cascade is not None and cascade.is_trained else []
    assignments = _assignments(options, [*patterns, *trained])
    cascades = [Pattern.CASCADE] if cascade is not None else []
    depths, sizes, fits = _depths(options), _sizes(options), _fits(options)
    of_cascade = _one_input(options, sizes, fits) if cascade is not None else {}
    return GridChoice.product(
        options.backbone,
        patterns,
        settings=dict.fromkeys(patterns, assignments) | dict.fromkeys(cascades, assignments | of_cascade),
        sizes=dict.fromkeys(options.backbone, sizes) if sizes else {},
        fits=fits,
        depths={} if depths is None else dict.fromkeys([*patterns, *cascades], depths),
        repetitions=options.repeat,
        cascade=cascade,
        mapping=_mapping(options),
        prompts=_prompts(options),
        force=options.force,
    )


def _preset(options: RecipeOptions) -> Preset:
    named = options.preset or ""
    if named not in list(Preset):
        raise InvalidInput(
            f"There is no preset {named!r}.{did_you_mean(named, Preset)} Choose from: {', '.join(Preset)}"
        )
    given = [name for name in _CHOSEN_BY_PRESET if getattr(options, name)] + (["repeat"] if options.repeat != 1 else [])
    if given:
        raise InvalidInput(
            f"{options.mark}preset chooses the recipes itself. Leave out {options.mark}{given[0]}, or name every "
            "recipe yourself."
        )
    return Preset(named)


def _patterns(options: RecipeOptions, cascade: CascadeChoice | None) -> list[Pattern]:
    """Those of the cells; a cascade has none beside it unless they are named."""
    named = [_pattern(name) for name in options.pattern or ()]
    if Pattern.CASCADE in named and cascade is None:
        raise InvalidInput(
            f"The pattern cascade needs its kind, one of: {', '.join(Cascade)}. Example: {options.mark}cascade fusion "
            f"{options.mark}member B"
        )
    if not named and cascade is None:
        return [Pattern.INTEGRATED_EXTRACTOR]
    return [pattern for pattern in named if pattern is not Pattern.CASCADE]


def _cascade(options: RecipeOptions) -> CascadeChoice:
    """One cascade per command: its members are named once each."""
    if options.cascade not in list(Cascade):
        raise InvalidInput(f"{options.mark}cascade must be one of: {', '.join(Cascade)}. Received: {options.cascade}")
    kind = Cascade(options.cascade)
    if not kind.combines_runs:
        return CascadeChoice(kind=kind, members=(*options.backbone, *options.member))
    if options.backbone and not options.pattern:
        raise InvalidInput(
            f"{options.mark}cascade {kind} combines finished runs: name them with {options.mark}member. Received: "
            f"{options.mark}backbone {' '.join(options.backbone)}"
        )
    return CascadeChoice(kind=kind, members=tuple(options.member))


def _pattern(name: str) -> Pattern:
    if name not in OFFERED:
        raise InvalidInput(
            f"There is no pattern {name!r}.{did_you_mean(name, OFFERED)} Choose from: {', '.join(OFFERED)}"
        )
    return Pattern(name)


def _depths(options: RecipeOptions) -> Depths | None:
    """None, "all", or numbers of blocks."""
    texts = options.depth
    if not texts:
        return None
    if "all" in texts:
        return "all"
    if not all(text.isdecimal() for text in texts):
        wrong = next(text for text in texts if not text.isdecimal())
        raise InvalidInput(f"{options.mark}depth takes a number of blocks, or: all. Received: {wrong!r}")
    return tuple(int(text) for text in texts)


def _sizes(options: RecipeOptions) -> tuple[int, ...]:
    """Input sizes in pixels, 0 for every backbone's own."""
    texts = options.size
    wrong = next((text for text in texts if text != "own" and not (text.isdecimal() and int(text))), None)
    if wrong is not None:
        raise InvalidInput(f"{options.mark}size takes a number of pixels, or: own. Received: {wrong!r}")
    return tuple(0 if text == "own" else int(text) for text in texts)


def _fits(options: RecipeOptions) -> tuple[Fit, ...]:
    texts = options.fit
    wrong = next((text for text in texts if text not in list(Fit)), None)
    if wrong is not None:
        raise InvalidInput(f"{options.mark}fit must be one of: {', '.join(Fit)}. Received: {wrong!r}")
    return tuple(map(Fit, texts))


def _one_input(options: RecipeOptions, sizes: Sequence[int], fits: Sequence[Fit]) -> dict[str, Any]:
    """The input of a cascade, which is one recipe."""
    if len(sizes) > 1 or len(fits) > 1:
        raise InvalidInput(
            f"A cascade has one {options.mark}size and one {options.mark}fit. Name one of each, or train it in several "
            "steps."
        )
    chosen: dict[str, Any] = {"input_size": sizes[0]} if sizes else {}
    return chosen | ({"fit": fits[0]} if fits else {})


def _assignments(options: RecipeOptions, patterns: Sequence[Pattern]) -> dict[str, Any]:
    """``--set`` and ``--epochs``; a hyperparameter that none of the patterns uses is refused, ``--depth`` too."""
    assignments = dict(_assignment(options, text) for text in options.set)
    if options.epochs is not None:
        assignments["epochs"] = str(options.epochs)
    used = {name for pattern in patterns for name in RELEVANT[pattern]}
    for name in (*assignments, *(["depth"] if options.depth else [])):
        if name in {*BOUNDS, *CHOICES} - used:
            names = ", ".join(patterns)
            choices = ", ".join(sorted(used)) or "none"
            raise InvalidInput(f"{name} has no effect in {names}. Hyperparameters of it: {choices}")
    return parsed_settings(assignments)


def _assignment(options: RecipeOptions, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput(f"{options.mark}set takes NAME=VALUE, for example seed=7. Received: {text!r}")
    return name, value


def _mapping(options: RecipeOptions) -> tuple[tuple[str, str], ...]:
    """``SYNSET=CLASS`` pairs; nothing after the "=" for "none of my classes"."""
    texts = options.map
    pairs = tuple((synset, name) for synset, equals, name in (text.partition("=") for text in texts) if equals)
    if len(pairs) < len(texts):
        wrong = next(text for text in texts if "=" not in text)
        raise InvalidInput(f"{options.mark}map takes SYNSET=CLASS, for example n02123045=cat. Received: {wrong!r}")
    return pairs


def _prompts(options: RecipeOptions) -> tuple[tuple[str, str], ...]:
    """``CLASS=TEXT`` pairs; nothing before the "=" for the template of all other classes."""
    texts = options.prompt
    if wrong := [text for text in texts if "=" not in text]:
        raise InvalidInput(
            f"{options.mark}prompt takes CLASS=TEXT, for example 'cat=a photo of a cat'. Received: {wrong[0]!r}"
        )
    return tuple((name.strip(), prompt.strip()) for name, _, prompt in (text.partition("=") for text in texts))
