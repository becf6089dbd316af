"""Which of many backbones match what a person looks for."""

from dataclasses import dataclass

from core.backbones.values import HERE, Availability, Backbone
from core.recipes.allowed import refused_patterns
from core.recipes.patterns import Pattern


@dataclass(frozen=True, kw_only=True)
class BackboneQuery:
    """What a backbone must be. Empty values ask for nothing.

    Args:
        text: words that must all occur in title, name, family, licence or what it was trained on.
        families, licences: one of these. patterns: all of these must be allowed.
        ready: only backbones whose weights are on this machine. added: only those that a person added.
        most_parameters, most_multiply_adds: at most so many; a backbone whose multiply-adds nobody counted matches no
            limit of them. least_top1: at least this published accuracy, 0..1. largest_input: in pixels.
    """

    text: str = ""
    families: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    ready: bool = False
    added: bool = False
    most_parameters: float | None = None
    most_multiply_adds: float | None = None
    least_top1: float | None = None
    largest_input: int | None = None

    def matches(self, backbone: Backbone, state: Availability) -> bool:
        """Whether the backbone, whose weights are in this state, is one of those."""
        return (
            has_words(backbone, self.text)
            and (not self.families or backbone.family in self.families)
            and (not self.licences or backbone.licence in self.licences)
            and (not self.ready or state in HERE)
            and (not self.added or backbone.is_added)
            and self._is_small_enough(backbone)
            and (self.least_top1 is None or (backbone.top1 or 0) >= self.least_top1)
            and not set(self.patterns) & set(refused_patterns(backbone))
        )

    def _is_small_enough(self, backbone: Backbone) -> bool:
        limits = (
            (self.most_parameters, backbone.parameters),
            (self.most_multiply_adds, backbone.multiply_adds or float("inf")),
            (self.largest_input, backbone.input_size),
        )
        return all(limit is None or value <= limit for limit, value in limits)


def has_words(backbone: Backbone, text: str) -> bool:
    """Whether all words of a text occur in what describes the backbone, whatever their case."""
    described = (
        f"{backbone.title} {backbone.name} {backbone.family} {backbone.licence} {backbone.trained_on}".casefold()
    )
    return all(word in described for word in text.casefold().split())
