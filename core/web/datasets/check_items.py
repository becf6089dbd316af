"""What a person decides on, one after the other: likely label errors, groups of near-copies, odd photos."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.curation.decisions import PhotoAction, PhotoDecision
from core.curation.values import CopyGroup, Findings, LabelError, OddPhoto
from core.text.units import amount, listed, percent

KINDS = {"labels": "Label errors", "copies": "Near-copies", "odd": "Odd photos"}
"""Names in the address, and titles."""


@dataclass(frozen=True, kw_only=True)
class CheckItem:
    """One thing to decide on.

    Args:
        digests: of its photos. files, classes, splits: of each. reason: why it is shown, as a sentence.
        suggested: class of a likely label error. leak: whether its photos are in several splits.
        nearest: digests, classes and cosines of the nearest photos. probabilities: of the most probable classes.
    """

    digests: tuple[str, ...]
    files: tuple[str, ...]
    classes: tuple[str, ...]
    splits: tuple[str, ...]
    reason: str
    suggested: str = ""
    leak: bool = False
    nearest: tuple[tuple[str, str, float], ...] = ()
    probabilities: Mapping[str, float] | None = None

    def decision(self, decided: Mapping[str, PhotoDecision]) -> str:
        """What was decided, in words; "" where nothing was decided on any of its photos."""
        counts = Counter(decision_words(decided[digest]) for digest in self.digests if digest in decided)
        if len(self.digests) == 1:
            return next(iter(counts), "")
        return ", ".join(f"{amount(number)} {words}" for words, number in counts.items())


def items_of(found: Findings, kind: str) -> list[CheckItem]:
    """The items of one of ``KINDS``, the most urgent first."""
    if kind == "labels":
        return [_label(one) for one in found.labels]
    return [_group(one) for one in found.copies] if kind == "copies" else [_odd(one) for one in found.odd]


def first_open(items: Sequence[CheckItem], decided: Mapping[str, PhotoDecision]) -> int:
    """The number of the first item nothing was decided on, 0 where all were."""
    return next((number for number, one in enumerate(items) if not one.decision(decided)), 0)


def decision_words(decision: PhotoDecision) -> str:
    """``relabelled to tulip``."""
    match decision.action:
        case PhotoAction.RELABEL:
            return f"relabelled to {decision.target}"
        case PhotoAction.LABEL:
            return f"labelled {decision.target}"
        case PhotoAction.MOVE:
            return f"moved to {decision.target}"
        case PhotoAction.EXCLUDE:
            return "excluded"
    return "kept"


def _label(one: LabelError) -> CheckItem:
    return CheckItem(
        digests=(one.digest,),
        files=(one.file,),
        classes=(one.class_name,),
        splits=(one.split,),
        reason=f"Labelled {one.class_name} ({percent(one.given)}); the linear head predicts {one.suggested} "
        f"({percent(one.confidence)}).",
        suggested=one.suggested,
        nearest=tuple((near.digest, near.class_name, near.similarity) for near in one.nearest),
        probabilities=one.probabilities,
    )


def _group(one: CopyGroup) -> CheckItem:
    problems = [f"in several splits ({listed(one.splits)}), a leak"] * one.is_leak
    problems += ["in several classes"] * one.is_conflict
    closest = max((link.correlation for link in one.links), default=0.0)
    mirrored = ", one of them mirrored" if any(link.mirrored for link in one.links) else ""
    cropped = min((link.share for link in one.links), default=1.0)
    where = ", " + " and ".join(problems) if problems else ""
    crop = f", one shows {percent(cropped)} of the side of the other" if cropped < 0.97 else ""
    return CheckItem(
        digests=tuple(photo.digest for photo in one.photos),
        files=tuple(photo.file for photo in one.photos),
        classes=tuple(photo.class_name for photo in one.photos),
        splits=tuple(photo.split for photo in one.photos),
        reason=f"{len(one.photos)} photos that look like one picture or scene{where}. "
        f"Correlation of their pixels: {closest:.2f}{mirrored}{crop}.",
        leak=one.is_leak,
    )


def _odd(one: OddPhoto) -> CheckItem:
    return CheckItem(
        digests=(one.digest,),
        files=(one.file,),
        classes=(one.class_name,),
        splits=(one.split,),
        reason="; ".join(f"{name[:1].upper()}{name[1:]}: {why}" for name, why in one.reasons.items()) + ".",
    )
