"""What a backbone is, needs and allows, in words. Text is Markdown; what comes from elsewhere is escaped here."""

from core.backbones.inputs import larger_size, with_input
from core.backbones.scalings import scaling_words
from core.backbones.values import HERE, Availability, Backbone
from core.datasets.decoding.fit import LARGEST_INPUT, Fit
from core.errors import InvalidInput
from core.recipes.allowed import refused_patterns
from core.recipes.labels import OFFERED
from core.recipes.patterns import Pattern
from core.text.units import magnitude, percent, plain, size

NOT_KNOWN = "not known"

_FITS = {
    Fit.SQUASH: "A photo is squashed to the square.",
    Fit.CROP: "The middle of a photo is cut out as a square.",
    Fit.PAD: "A photo is padded to a square.",
}


def what_it_is(backbone: Backbone, state: Availability) -> str:
    """The first line of its page."""
    what = "Vision transformer" if backbone.has_tokens else "Pretrained network"
    family = f" of the family {plain(backbone.family)}" if backbone.family else ""
    if backbone.is_trained:
        what, family = "The model of a run", f", from a network of the family {plain(backbone.family)}"
    trained = plain(backbone.trained_on) if backbone.trained_on else f"data that is {NOT_KNOWN}"
    size_words = f"{magnitude(backbone.parameters)} parameters"
    return f"{what}{family}: {size_words}, trained on {trained}. {availability(backbone, state)}"


def availability(backbone: Backbone, state: Availability) -> str:
    """Whether its weights can be used now, as a sentence."""
    if state in HERE:
        return "Its weights are on this machine."
    if state is Availability.GONE:
        return "Its files are gone."
    weights = f"Its weights ({size(backbone.weights_bytes)}) are not on this machine"
    if state is Availability.NO_NETWORK:
        return f"{weights}, and there is no network to download them."
    return f"{weights}: the first run downloads them."


def input_needs(backbone: Backbone) -> list[str]:
    """Sentences on the input: its size, other sizes, and how a photo becomes it."""
    sentences = [f"Its own input is a square of {backbone.input_size} px."]
    larger = suggested_size(backbone)
    if larger is not None:
        multiples = f", in multiples of {backbone.tokens.patch} px" if backbone.tokens else ""
        sentences.append(
            f"It takes {backbone.smallest_size} to {LARGEST_INPUT} px{multiples}; {larger} px are twice the pixels, "
            "often more accurate, at twice the cost."
        )
    else:
        sentences.append("No other size is suggested.")
    scaling = plain(scaling_words(backbone))
    pixels = f"Scaling of the pixels: {scaling or NOT_KNOWN}."
    return [*sentences, _FITS[backbone.fit], "" if backbone.is_trained else pixels]


def suggested_size(backbone: Backbone) -> int | None:
    """A larger input that it can take; None where there is none."""
    larger = larger_size(backbone)
    if larger is None:
        return None
    try:
        with_input(backbone, larger)
    except InvalidInput:
        return None
    return larger


def patterns(backbone: Backbone) -> list[str]:
    """A line for every pattern: allowed, or why not."""
    refused = refused_patterns(backbone)
    return [_pattern(pattern, refused.get(pattern)) for pattern in OFFERED]


def _pattern(pattern: Pattern, reason: str | None) -> str:
    title = plain(OFFERED[pattern].title)
    if reason is None:
        return f":green[:material/check_circle:] {title}"
    return f":gray[:material/block:] {title}: {plain(reason)}"


def source(backbone: Backbone) -> str:
    """Where its weights come from."""
    kind, _, rest = backbone.source.partition(":")
    if kind == "hub":
        name, _, commit = rest.partition("@")
        return f"Hugging Face Hub, `{code(name)}` at commit `{code(commit[:12])}`"
    words = {
        "package": f"the Python package `{code(rest)}`, installed with Graft",
        "shipped": "this repository; origin and licence are in its file NOTICE",
        "keras": f"Keras Applications (`{code(rest)}`), downloaded from `{code(backbone.weights_url or NOT_KNOWN)}`",
        "keras_file": f"an own Keras file, {plain(rest)}",
        "onnx_file": f"an own ONNX file, {plain(rest)}",
        "model": "a run of this home",
    }
    return words.get(kind, NOT_KNOWN)


def weights(backbone: Backbone, state: Availability) -> list[str]:
    """Lines on origin, licence, size and checksum of the weights."""
    return [
        f"Trained on: {plain(backbone.trained_on) or NOT_KNOWN}",
        f"ImageNet top-1: {_top1(backbone)}",
        f"Licence: {plain(backbone.licence) or NOT_KNOWN}",
        f"Source: {source(backbone)}",
        f"Checksum: {checksum(backbone)}",
        f"Size: {size(backbone.weights_bytes)}, on this machine" if state in HERE else availability(backbone, state),
    ]


def _top1(backbone: Backbone) -> str:
    """The published accuracy, with a link where the catalogue has the address."""
    if backbone.top1 is None:
        return NOT_KNOWN
    if backbone.is_added or not backbone.top1_source.startswith("https://"):
        return f"{percent(backbone.top1)} ({plain(backbone.top1_source) or NOT_KNOWN})"
    return f"[{percent(backbone.top1)}]({backbone.top1_source})"


def checksum(backbone: Backbone) -> str:
    """The digest of its files, verified before every use."""
    kind, _, value = backbone.weights_digest.partition(":")
    if kind == "size":
        return f"none was published; the size of {value} bytes is checked"
    return f"`{code(backbone.weights_digest)}`, verified before it is used"


def code(text: str) -> str:
    """Text between backticks."""
    return text.replace("`", "'")
