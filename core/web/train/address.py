"""What is chosen on the page Train in its URL: a link, a reload and the back button show the same page again.

The URL is not trusted: a part that cannot be read is said in a sentence and ignored. Values that are readable and
impossible (``epochs=0``) are kept: the plan refuses them where they were chosen.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from core.backbones.wordnet import imagenet
from core.datasets.decoding.fit import Fit
from core.datasets.values import Dataset
from core.errors import GraftError, InvalidInput
from core.planning.presets import Preset
from core.recipes.grid import MOST_REPETITIONS, CascadeChoice, Cell, Depths, GridChoice
from core.recipes.hyperparameters import BOUNDS, CHOICES, RELEVANT, parsed_settings
from core.recipes.patterns import Cascade, Pattern
from core.text.units import listed
from core.workbench import Workbench

LETTERS: dict[Pattern, str] = {
    Pattern.CLASSIFIER: "c",
    Pattern.STANDALONE_EXTRACTOR: "s",
    Pattern.INTEGRATED_EXTRACTOR: "i",
    Pattern.FINE_TUNING: "f",
    Pattern.WEIGHT_INITIALIZATION: "w",
    Pattern.FROM_SCRATCH: "r",
    Pattern.PARAMETER_EFFICIENT: "p",
    Pattern.MULTI_LAYER_PROBE: "m",
    Pattern.CASCADE: "x",
}
"""Patterns in the URL: ``try=efficientnet_lite0.if`` are two cells, ``f.epochs=3`` a hyperparameter."""

CUSTOM = "custom"
STARTS = (*Preset, CUSTOM)
"""Values of ``start``."""

_PATTERNS = {letter: pattern for pattern, letter in LETTERS.items()}
_NONE, _OWN, _JOIN = "none", "own", "~"
"""An empty list, a backbone's own input size, and what joins parts of a list: a character a URL need not escape."""

_MOST, _LONGEST = 2000, 200
"""Parts of a value, and letters of a part that are read."""


@dataclass(frozen=True, kw_only=True)
class TrainAddress:
    """The parameters of the URL.

    Args:
        dataset: id, name or name:version. start: one of ``STARTS``, "" for the one that suits the dataset.
        cells: the ticked cells; None where none was chosen yet, so that the usual ones are ticked.
        settings, sizes, fits, depths, repetitions, force, mapping, prompts: see ``GridChoice``.
        cascade: its kind; None for no cascade. members: of it; None for the usual ones.
    """

    dataset: str = ""
    start: str = ""
    cells: tuple[Cell, ...] | None = None
    settings: Mapping[Pattern, Mapping[str, Any]] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    fits: tuple[Fit, ...] = ()
    depths: Mapping[Pattern, Depths] = field(default_factory=dict)
    repetitions: int = 1
    force: bool = False
    cascade: Cascade | None = None
    members: tuple[str, ...] | None = None
    mapping: tuple[tuple[str, str], ...] = ()
    prompts: tuple[tuple[str, str], ...] = ()

    def choice(self, cells: Sequence[Cell], cascade: CascadeChoice | None) -> GridChoice:
        """What was chosen, with these cells and this cascade."""
        return GridChoice(
            cells=tuple(cells),
            settings=self.settings,
            sizes=self.sizes,
            fits=self.fits,
            depths=self.depths,
            repetitions=self.repetitions,
            cascade=cascade,
            mapping=self.mapping,
            prompts=self.prompts,
            force=self.force,
        )

    def with_choice(self, choice: GridChoice) -> "TrainAddress":
        """With everything of ``choice``."""
        return replace(
            self,
            cells=choice.cells,
            settings=choice.settings,
            sizes=choice.sizes,
            fits=choice.fits,
            depths=choice.depths,
            repetitions=choice.repetitions,
            force=choice.force,
            cascade=choice.cascade.kind if choice.cascade else self.cascade,
            members=choice.cascade.members if choice.cascade else self.members,
            mapping=choice.mapping,
            prompts=choice.prompts,
        )

    def with_setting(self, pattern: Pattern, name: str, value: Any) -> "TrainAddress":
        """With one hyperparameter; None for its default."""
        of_pattern = {key: old for key, old in self.settings.get(pattern, {}).items() if key != name}
        if value is not None:
            of_pattern[name] = value
        return replace(self, settings=_with(self.settings, pattern, of_pattern or None))

    def with_sizes(self, backbone: str, sizes: tuple[int, ...]) -> "TrainAddress":
        """With the input sizes of a backbone; () for its own only."""
        rest = {name: old for name, old in self.sizes.items() if name != backbone}
        return replace(self, sizes=rest | ({backbone: sizes} if sizes else {}))

    def with_depths(self, pattern: Pattern, depths: Depths | None) -> "TrainAddress":
        """With the depths of a pattern; None for its default."""
        return replace(self, depths=_with(self.depths, pattern, depths))


def _with(known: Mapping[Pattern, Any], pattern: Pattern, value: Any) -> dict[Pattern, Any]:
    rest = {key: old for key, old in known.items() if key is not pattern}
    return rest if value is None else rest | {pattern: value}


def get() -> TrainAddress:
    """The address of this visit."""
    return parse(_query())[0]


def usable(bench: Workbench, dataset: Dataset) -> tuple[TrainAddress, list[str]]:
    """The address without what does not exist (any more), and a sentence for everything in the URL that is ignored."""
    now, ignored = parse(_query())
    cells = now.cells or ()
    gone = [name for name in dict.fromkeys(name for name, _ in cells) if not _is_backbone(bench, name)]
    members = [member for member in now.members or () if not _is_member(bench, member)]
    strange = [pair for pair in now.mapping if pair[0] not in imagenet() or pair[1] not in ("", *dataset.class_names)]
    unknown = [name for name, _ in now.prompts if name and name not in dataset.class_names]
    if unknown:
        ignored.append(f"{dataset.name} has no class {listed(unknown)}; their texts in the address are ignored.")
        now = replace(now, prompts=tuple(pair for pair in now.prompts if pair[0] not in unknown))
    if gone:
        ignored.append(f"There is no backbone {listed(gone)}, so its ticks in the address are ignored.")
        now = replace(now, cells=tuple(cell for cell in cells if cell[0] not in gone))
    if members:
        ignored.append(
            f"There is no backbone or run {listed(members)}; the address names it as a member of the cascade."
        )
        now = replace(now, members=tuple(one for one in now.members or () if one not in members))
    if strange:
        ignored.append(
            f"The address maps ImageNet classes in a way that does not suit {dataset.name}; that is ignored."
        )
        now = replace(now, mapping=tuple(pair for pair in now.mapping if pair not in strange))
    return now, ignored


def _is_backbone(bench: Workbench, name: str) -> bool:
    try:
        return bench.backbone(name).name == name
    except GraftError:
        return False


def _is_member(bench: Workbench, name: str) -> bool:
    return _is_backbone(bench, name) or bool(bench.registry.runs_of([name]))


def choose_dataset(dataset_id: str) -> None:
    """Another dataset: what was chosen is kept, but for what belongs to the photos of the previous one."""
    write(replace(get(), dataset=dataset_id, members=None, mapping=(), prompts=()))


def write(address: TrainAddress) -> None:
    """Put the address into the URL; for callbacks of widgets. Parameters of other parts of the page are kept."""
    kept: dict[str, str | list[str]] = {name: values for name, values in _query().items() if not _is_own(name)}
    st.query_params.from_dict(kept | params(address))


def bound(key: str, shown: Any, change: Callable[[TrainAddress, Any], TrainAddress]) -> dict[str, Any]:
    """Options that bind a widget to the URL: it shows ``shown``, and ``change`` gives the address after its change."""
    st.session_state[key] = shown
    return {"key": key, "on_change": _changed, "args": (key, change)}


def _changed(key: str, change: Callable[[TrainAddress, Any], TrainAddress]) -> None:
    write(change(get(), st.session_state[key]))


def _query() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _is_own(name: str) -> bool:
    return name in _READ or _setting_name(name) is not None


# --- writing ---


def params(address: TrainAddress) -> dict[str, str | list[str]]:
    """The query parameters: everything that differs from its default."""
    found: dict[str, str | list[str]] = {}
    if address.dataset:
        found["dataset"] = address.dataset
    if address.start:
        found["start"] = address.start
    if address.cells is not None:
        found["try"] = _JOIN.join(f"{name}.{letters}" for name, letters in _grouped(address.cells).items()) or _NONE
    for pattern, settings in address.settings.items():
        found |= {f"{LETTERS[pattern]}.{name}": _text_of(value) for name, value in settings.items()}
    if address.sizes:
        found["size"] = [
            f"{name}.{_JOIN.join(str(size or _OWN) for size in sizes)}" for name, sizes in address.sizes.items()
        ]
    if address.fits:
        found["fit"] = _JOIN.join(address.fits)
    for pattern, depths in address.depths.items():
        found[f"{LETTERS[pattern]}.depth"] = depths if isinstance(depths, str) else _JOIN.join(map(str, depths))
    if address.repetitions != 1:
        found["repeat"] = str(address.repetitions)
    if address.force:
        found["force"] = "1"
    if address.cascade is not None:
        found["cascade"] = str(address.cascade)
        if address.members is not None:
            found["members"] = _JOIN.join(address.members) or _NONE
    if address.mapping:
        found["map"] = [f"{synset}.{name}" for synset, name in address.mapping]
    if address.prompts:
        found["text"] = [f"{quote(name, safe='')}={text}" for name, text in address.prompts]
    return found


def _grouped(cells: Sequence[Cell]) -> dict[str, str]:
    """The letters of every backbone."""
    found: dict[str, str] = {}
    for name, pattern in cells:
        found[name] = found.get(name, "") + LETTERS[pattern]
    return found


def _text_of(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"


# --- reading ---


def parse(query: Mapping[str, Sequence[str]]) -> tuple[TrainAddress, list[str]]:
    """The address from all values by name, and a sentence for everything that is ignored."""
    address, wrong = TrainAddress(), []
    for name, values in query.items():
        read = _READ.get(name) or _setting_name(name)
        if read is None or not values:
            continue
        try:
            address = read(address, [value[: _LONGEST * _MOST] for value in values])
        except (InvalidInput, ValueError) as error:
            shown = f"{name}={values[-1]}"[:_LONGEST]
            reason = f" {error}" if isinstance(error, InvalidInput) else ""
            wrong.append(f"{shown!r} in the address is ignored.{reason}")
    return address, wrong


Reader = Callable[[TrainAddress, Sequence[str]], TrainAddress]


def _setting_name(name: str) -> Reader | None:
    """The reader of a hyperparameter ``f.epochs``, None where ``name`` is none."""
    letter, dot, setting = name.partition(".")
    pattern = _PATTERNS.get(letter)
    if not dot or pattern is None or setting not in (*BOUNDS, *CHOICES):
        return None
    return lambda address, values: _read_setting(address, pattern, setting, values[-1])


def _read_setting(address: TrainAddress, pattern: Pattern, name: str, text: str) -> TrainAddress:
    if name not in RELEVANT[pattern]:
        raise InvalidInput(f"{name} has no effect in {pattern}.")
    if name == "depth":
        depths: Depths = "all" if text == "all" else tuple(dict.fromkeys(int(one) for one in text.split(_JOIN)))
        return address.with_depths(pattern, depths)
    return address.with_setting(pattern, name, parsed_settings({name: text})[name])


def _cells(address: TrainAddress, values: Sequence[str]) -> TrainAddress:
    return replace(address, cells=tuple(dict.fromkeys(_cells_in(_parts(values)))))


def _cells_in(parts: Sequence[str]) -> Iterator[Cell]:
    for part in parts:
        name, dot, letters = part.rpartition(".")
        patterns = [_PATTERNS.get(letter) for letter in letters]
        known = [pattern for pattern in patterns if pattern not in (None, Pattern.CASCADE)]
        if not dot or not known or len(known) < len(patterns):
            raise InvalidInput(f"Expected a backbone and letters of {''.join(_PATTERNS)[:-1]}, as in try=NAME.if.")
        yield from ((name, pattern) for pattern in known if pattern)


def _sizes(address: TrainAddress, values: Sequence[str]) -> TrainAddress:
    for value in values[:_MOST]:
        name, dot, texts = value.rpartition(".")
        if not dot or not all(text == _OWN or text.isdecimal() for text in texts.split(_JOIN)):
            raise InvalidInput("Expected a backbone and its input sizes, as in size=NAME.own~320.")
        sizes = [0 if text == _OWN else int(text) for text in texts.split(_JOIN)]
        address = address.with_sizes(name, tuple(dict.fromkeys(sizes)))
    return address


def _fits(address: TrainAddress, values: Sequence[str]) -> TrainAddress:
    parts = _parts(values)
    if not all(part in list(Fit) for part in parts):
        raise InvalidInput(f"Expected some of: {', '.join(Fit)}.")
    return replace(address, fits=tuple(dict.fromkeys(map(Fit, parts))))


def _repetitions(address: TrainAddress, values: Sequence[str]) -> TrainAddress:
    number = int(values[-1])
    if not 1 <= number <= MOST_REPETITIONS:
        raise InvalidInput(f"A recipe can be repeated 1 to {MOST_REPETITIONS} times.")
    return replace(address, repetitions=number)


def _start(address: TrainAddress, values: Sequence[str]) -> TrainAddress:
    if values[-1] not in STARTS:
        raise InvalidInput(f"Expected one of: {', '.join(STARTS)}.")
    return replace(address, start=values[-1])


def _cascade(address: TrainAddress, values: Sequence[str]) -> TrainAddress:
    if values[-1] not in list(Cascade):
        raise InvalidInput(f"Expected one of: {', '.join(Cascade)}.")
    return replace(address, cascade=Cascade(values[-1]))


def _members(address: TrainAddress, values: Sequence[str]) -> TrainAddress:
    return replace(address, members=tuple(dict.fromkeys(_parts(values))))


def _parts(values: Sequence[str]) -> list[str]:
    return [part for part in _JOIN.join(values).split(_JOIN) if part not in ("", _NONE)][:_MOST]


def _mapping(address: TrainAddress, values: Sequence[str]) -> TrainAddress:
    pairs = [value.partition(".") for value in values[:_MOST]]
    if not all(dot for _, dot, _ in pairs):
        raise InvalidInput("Expected an ImageNet class and one of yours, as in map=n02123045.cat.")
    return replace(address, mapping=tuple(sorted({synset: name for synset, _, name in pairs}.items())))


def _prompts(address: TrainAddress, values: Sequence[str]) -> TrainAddress:
    pairs = [value.partition("=") for value in values[:_MOST]]
    if not all(equals for _, equals, _ in pairs):
        raise InvalidInput("Expected one of your classes and its text, as in text=cat=a photo of a cat.")
    return replace(address, prompts=tuple(sorted({unquote(name): text for name, _, text in pairs}.items())))


_READ: dict[str, Reader] = {
    "dataset": lambda address, values: replace(address, dataset=values[-1]),
    "start": _start,
    "try": _cells,
    "size": _sizes,
    "fit": _fits,
    "repeat": _repetitions,
    "force": lambda address, values: replace(address, force=values[-1] == "1"),
    "cascade": _cascade,
    "members": _members,
    "map": _mapping,
    "text": _prompts,
}
