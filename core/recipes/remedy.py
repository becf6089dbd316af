"""Changes that make a refused recipe possible, or answer a question about it, with a label for a button."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.backbones.token_network import Pooling
from core.recipes.grid import GridChoice, InvalidCell
from core.recipes.hyperparameters import BOUNDS, CHOICES, Hyperparameters
from core.recipes.labels import HYPERPARAMETERS, PATTERNS, value_text
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Pattern
from core.recipes.recipe import Recipe
from core.text.units import count


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """A change of a recipe, and of the choice it came from.

    Args:
        label: in the words of the page Train, without a full stop.
        settings: (name, value) of hyperparameters; of depths and input sizes only that of this recipe is changed.
        backbone, pattern: to use instead; "" and None for no change.
        members: of the cascade instead, as ``CascadeChoice`` has them; () for no change.
        mapping: (synset, class name) corrections to add. unmapped: synsets whose corrections are discarded.
    """

    label: str
    settings: tuple[tuple[str, Any], ...] = ()
    backbone: str = ""
    pattern: Pattern | None = None
    members: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    unmapped: tuple[str, ...] = ()

    def then(self, other: "Remedy") -> "Remedy":
        """Both changes as one."""
        return Remedy(
            label=f"{self.label}, and {other.label[:1].lower()}{other.label[1:]}",
            settings=tuple((dict(self.settings) | dict(other.settings)).items()),
            backbone=other.backbone or self.backbone,
            pattern=other.pattern or self.pattern,
            members=other.members or self.members,
            mapping=self.mapping + other.mapping,
            unmapped=self.unmapped + other.unmapped,
        )

    def to_dict(self) -> dict[str, Any]:
        """The label, and what is changed."""
        parts = {name: getattr(self, name) for name in ("backbone", "pattern", "members", "mapping", "unmapped")}
        changed = {name: value for name, value in parts.items() if value}
        return {"label": self.label} | ({"settings": dict(self.settings)} if self.settings else {}) | changed

    def recipe(self, recipe: Recipe) -> Recipe:
        """The recipe with this change.

        Raises:
            InvalidInput: it cannot be changed this way.
        """
        backbone, members = self.backbone or recipe.backbone, recipe.members
        if self.members:
            backbone, members = ("", self.members) if recipe.combines_runs else (self.members[0], self.members[1:])
        return replace(
            recipe,
            backbone=backbone,
            pattern=self.pattern or recipe.pattern,
            members=members,
            hyperparameters=replace(recipe.hyperparameters, **dict(self.settings)),
            mapping=self._mapping(recipe.mapping) if self.pattern in (None, recipe.pattern) else (),
            prompts=recipe.prompts if backbone == recipe.backbone and self.pattern in (None, recipe.pattern) else (),
        )

    def choice(self, choice: GridChoice, row: Recipe | InvalidCell) -> GridChoice:
        """The choice with this change.

        Args:
            row: the recipe or cell that the remedy belongs to.
        """
        if self.members and choice.cascade is not None:
            choice = replace(choice, cascade=replace(choice.cascade, members=self.members))
        elif self.backbone or self.pattern:
            old = (_backbone_of(row), row.pattern)
            new = (self.backbone or old[0], self.pattern or old[1])
            choice = replace(choice, cells=tuple(new if cell == old else cell for cell in choice.cells))
        choice = replace(choice, mapping=self._mapping(choice.mapping))
        return self._with_settings(choice, row)

    def _with_settings(self, choice: GridChoice, row: Recipe | InvalidCell) -> GridChoice:
        pattern, changes = self.pattern or row.pattern, dict(self.settings)
        depths = choice.depths.get(pattern)
        if "depth" in changes and depths is not None and depths != "all":
            new, old = changes.pop("depth"), _value_of(row, "depth")
            changed = tuple(dict.fromkeys(new if depth == old else depth for depth in depths))
            choice = replace(choice, depths={**choice.depths, pattern: changed})
        sizes = choice.sizes.get(_backbone_of(row), ())
        if "input_size" in changes and sizes:
            new, old = changes.pop("input_size"), _value_of(row, "input_size")
            changed = tuple(dict.fromkeys(new if size == old else size for size in sizes))
            choice = replace(choice, sizes={**choice.sizes, _backbone_of(row): changed})
        if not changes:
            return choice
        return replace(choice, settings={**choice.settings, pattern: {**choice.settings.get(pattern, {}), **changes}})

    def _mapping(self, corrections: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        kept = {synset: name for synset, name in corrections if synset not in self.unmapped}
        return tuple(sorted((kept | dict(self.mapping)).items()))


def _backbone_of(row: Recipe | InvalidCell) -> str:
    return row.backbone if isinstance(row, Recipe) else next(iter(row.sources), "")


def _value_of(row: Recipe | InvalidCell, name: str) -> Any:
    return getattr(row.hyperparameters, name) if isinstance(row, Recipe) else dict(row.settings).get(name)


# --- changes of hyperparameters ---


def setting(pattern: Pattern, name: str, value: Any) -> Remedy:
    """Sets one hyperparameter."""
    return Remedy(label=_label(pattern, name, value), settings=((name, value),))


def _label(pattern: Pattern, name: str, value: Any) -> str:
    if name == "depth":
        if pattern in TRAINS_TOP_BLOCKS:
            return f"Use {count(value, 'unfrozen block')}"
        return f"Remove {count(value, 'block')}" if value else "Keep all blocks"
    if name == "head_epochs":
        return f"Shorten head warm-up to {count(value, 'epoch')}" if value else "Train without head warm-up"
    if name == "epochs":
        return f"Train for {count(value, 'epoch')}"
    if name == "input_size":
        return f"Use {value} px" if value else "Use the own input size"
    if name == "cuts":
        return f"Use {count(value, 'cut')}"
    if name == "views":
        return f"Use {count(value, 'augmentation')} per photo"
    if name == "pooling" and value == Pooling.OWN:
        return "Use the network's own pooling"
    title = HYPERPARAMETERS[name].title
    return f"Set {title[:1].lower()}{title[1:]} to {value_text(value)}"


def other_pattern(pattern: Pattern) -> Remedy:
    """Uses the backbone in another way."""
    return Remedy(label=f"Use {PATTERNS[pattern].short.lower()} instead", pattern=pattern)


def within_bounds(pattern: Pattern, settings: Mapping[str, Any], usual: Hyperparameters) -> Remedy | None:
    """Sets every impossible value to the nearest possible one, else to its default; None where all are possible."""
    changes = [
        setting(pattern, name, nearest)
        for name, value in settings.items()
        if name in {*BOUNDS, *CHOICES} and (nearest := _nearest(name, value, getattr(usual, name))) != value
    ]
    if not changes:
        return None
    first, *others = changes
    for other in others:
        first = first.then(other)
    return first


def _nearest(name: str, value: Any, usual: Any) -> Any:
    if name in CHOICES:
        return value if value in CHOICES[name] else usual
    low, high = BOUNDS[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return usual
    inside = min(max(value, low), high)
    return int(inside) if isinstance(low, int) else inside
