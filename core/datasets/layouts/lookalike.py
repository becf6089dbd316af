"""Classes whose names look alike: in another case, with characters that cannot be seen, in letters of another script.

They are two folders and may be one class or two, which only the user knows: the upload is refused with both names, or
imported with the classes merged on request.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.datasets.layout import Layout, LayoutChoice
from core.datasets.names import name_key, quoted, quoted_list
from core.errors import InvalidInput
from core.text.invisible import invisible_in, without_invisible
from core.text.units import count

MERGED = "merged"
"""Id of the layout in which classes that look alike are one."""

_TWINS = str.maketrans(
    "АВЕКМНОРСТХІЈЅУԌԚԜԀҺ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "ABEKMHOPCTXIJSYGQWDH" + "ABEZHIKMNOPTYX",
)
"""Cyrillic and Greek capitals that look like Latin ones (Unicode's ``confusables.txt`` of UTS 39, the common ones)."""


def look(name: str) -> str:
    """What a person sees of a name, in capitals: equal for names that look alike in one case."""
    seen = unicodedata.normalize("NFKC", without_invisible(name))
    capitals = seen.replace("\u200c", "").replace("\u200d", "").casefold().upper()
    return " ".join(capitals.translate(_TWINS).split())


def without_lookalikes(choice: LayoutChoice) -> LayoutChoice:
    """The choice with class names that can be seen and told apart.

    A class name loses characters that cannot be seen, with a note. Where classes look alike after that, each layout is
    replaced by one with these classes merged, and a question says which.

    Raises:
        InvalidInput: merging leaves a single class, in every layout.
    """
    questions: list[str] = []
    layouts: list[Layout] = []
    refused: list[str] = []
    for layout in choice.layouts:
        groups = _alike(layout)
        if groups and len({look(candidate.class_name) for candidate in layout.candidates}) < 2:
            refused = groups[0]
        elif groups:
            questions.append(_question(groups))
            layouts.append(_merged(layout, groups, only=len(choice.layouts) == 1))
        else:
            layouts.append(_seen(layout))
    if not layouts:
        raise InvalidInput(
            f"All classes look alike: {quoted_list(refused)}. Give the folders names that differ, one for each class."
        )
    asked = " ".join(dict.fromkeys([*filter(None, [choice.question]), *questions]))
    return LayoutChoice(layouts=tuple(layouts), question=asked)


def _alike(layout: Layout) -> list[list[str]]:
    """Groups of class names that look alike, each in the order of the names."""
    groups: dict[str, list[str]] = {}
    for name in sorted({candidate.class_name for candidate in layout.candidates}):
        groups.setdefault(look(name), []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def _question(groups: Sequence[Sequence[str]]) -> str:
    pairs = [
        f"{quoted(names[0])} and {quoted(other)} {difference(names[0], other)}"
        for names in groups
        for other in names[1:]
    ]
    more = f"; and {count(len(pairs) - 3, 'more pair')}" if len(pairs) > 3 else ""
    return (
        f"Some classes look alike: {'; '.join(pairs[:3])}{more}. Rename one of the folders if they are two classes, "
        "or import them as one class."
    )


def difference(first: str, second: str) -> str:
    """Where two names that look alike differ, as the end of a sentence.

    Characters are named by their code points where the difference cannot be seen.
    """
    if name_key(first) == name_key(second):
        return "differ only in case"
    if name_key(without_invisible(first)) == name_key(without_invisible(second)):
        found = dict.fromkeys(invisible_in(first) + invisible_in(second))
        return f"differ only in characters that cannot be seen ({', '.join(map(_code_point, found))})"
    seen = [" ".join(without_invisible(name).casefold().split()) for name in (first, second)]
    for one, other in zip(*seen, strict=False):
        if one != other:
            return f"differ only in letters that look alike ({_code_point(one)} and {_code_point(other)})"
    return "differ only in spaces"


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def _merged(layout: Layout, groups: Sequence[Sequence[str]], *, only: bool) -> Layout:
    sizes = Counter(candidate.class_name for candidate in layout.candidates)
    names: dict[str, str] = {}
    for group in groups:
        best = max(group, key=lambda name: (name == without_invisible(name), -len(_scripts(name)), sizes[name], name))
        names |= dict.fromkeys(group, without_invisible(best).strip())
    notes = tuple(f"{' and '.join(map(quoted, group))} are one class." for group in groups)
    merged = _seen(_renamed(layout, names, _few(notes, "groups of classes that look alike are one class each")))
    return replace(
        merged,
        id=MERGED if only else f"{layout.id}-{MERGED}",
        title="Classes that look alike are one class" if only else f"{layout.title}; classes that look alike are one",
    )


def _scripts(name: str) -> set[str]:
    """The scripts of the letters of a name: a Cyrillic letter among Latin ones is hardly meant."""
    return {unicodedata.name(character, "").partition(" ")[0] for character in name if character.isalpha()}


def _seen(layout: Layout) -> Layout:
    """The layout without characters in class names that cannot be seen."""
    names = {candidate.class_name for candidate in layout.candidates}
    changed = {name: without_invisible(name).strip() for name in sorted(names) if name != without_invisible(name)}
    notes = tuple(
        f"The class name {quoted(name)} has characters that cannot be seen; the class is called {quoted(shown)}."
        for name, shown in changed.items()
    )
    return (
        _renamed(layout, changed, _few(notes, "class names had characters that cannot be seen")) if changed else layout
    )


def _few(notes: tuple[str, ...], rest: str) -> tuple[str, ...]:
    """The first notes, and how many more there are."""
    shown = 5
    return notes if len(notes) <= shown else (*notes[:shown], f"{len(notes) - shown:,} more {rest}.")


def _renamed(layout: Layout, names: Mapping[str, str], notes: tuple[str, ...]) -> Layout:
    candidates = tuple(
        replace(candidate, class_name=names[candidate.class_name]) if candidate.class_name in names else candidate
        for candidate in layout.candidates
    )
    return replace(layout, candidates=candidates, notes=(*layout.notes, *notes))
