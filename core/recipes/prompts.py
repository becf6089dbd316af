"""The texts that stand for the classes of a zero-shot classifier.

A network trained on pairs of photos and texts classifies a photo by the text that is nearest to it (Radford et al.
2021, "Learning Transferable Visual Models From Natural Language Supervision"). ``Recipe.prompts`` are (class name,
text) pairs: ``""`` as class name is the template of all classes that are not named, with ``{}`` in place of the name.
Several texts of one class are separated by ``|``; their mean stands for it, as in section 3.1.4 there.
"""

from collections.abc import Iterable, Sequence

from core.errors import InvalidInput
from core.text.units import listed

TEMPLATES = {"CLIP": "a photo of a {}.", "SigLIP": "This is a photo of {}."}
"""By ``Backbone.family``: the template of the paper, and that of Transformers' documentation of SigLIP."""

HOLE, SEPARATOR = "{}", "|"

Prompts = tuple[tuple[str, str], ...]


def with_template(prompts: Iterable[tuple[str, str]], family: str) -> Prompts:
    """The chosen texts, with the family's template where none was chosen, in the order of a recipe.

    Raises:
        InvalidInput: a text is empty, or the template has no ``{}``.
    """
    found = dict(prompts)
    found.setdefault("", TEMPLATES.get(family, TEMPLATES["CLIP"]))
    for name, text in found.items():
        if not [one for one in text.split(SEPARATOR) if one.strip()]:
            raise InvalidInput(f"A class needs a text. Received none for {name or 'the template'!r}.")
    if not all(HOLE in one for one in found[""].split(SEPARATOR) if one.strip()):
        raise InvalidInput(f"The template needs {HOLE} where the class name belongs. Received: {found['']!r}")
    return tuple(sorted(found.items()))


def texts_of(class_names: Sequence[str], prompts: Prompts) -> dict[str, tuple[str, ...]]:
    """Class name -> its texts. ``_`` and ``-`` of a class name are written as spaces.

    Raises:
        InvalidInput: a text is meant for a class that the dataset does not have.
    """
    chosen = dict(prompts)
    unknown = [name for name in chosen if name and name not in class_names]
    if unknown:
        raise InvalidInput(
            f"There is no class {listed(unknown)} to have a text. Choose from: {listed(class_names, 20)}"
        )
    found = {}
    for name in class_names:
        words = " ".join(name.replace("_", " ").replace("-", " ").split())
        written = chosen.get(name) or chosen[""]
        texts = [one.strip().replace(HOLE, words) for one in written.split(SEPARATOR)]
        found[name] = tuple(text for text in texts if text)
    return found
