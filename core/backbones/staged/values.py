"""What all networks in stages have in common, and how their numbers are read from a ``config.json``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput

MOST_CHANNELS, MOST_BLOCKS = 32_768, 200


@dataclass(frozen=True, kw_only=True)
class StagedNetwork:
    """The architecture of a network in stages.

    Args:
        family: for display. size: side in pixels of the inputs it was made for; 0 where the numbers do not say it.
        classes: whether the checkpoint has a classifier of ImageNet's 1,000 classes.
        fixed_size: whether it takes inputs of one size only.
        own_pooling: whether it pools in a way of its own, by its last block ``head``.
    """

    family: str
    size: int = 0
    classes: bool = False
    fixed_size: bool = False
    own_pooling: bool = False


def whole(config: Mapping[str, Any], name: str, usual: int, most: int = MOST_CHANNELS) -> int:
    """A number from 1 to ``most`` of a ``config.json``; ``usual`` where it is silent.

    Raises:
        InvalidInput: it is none.
    """
    value = config.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidInput(f"Its config.json needs a whole number from 1 to {most:,} of {name}. Received: {value!r}")
    return value


def numbers(config: Mapping[str, Any], name: str, usual: Sequence[int], most: int = MOST_CHANNELS) -> tuple[int, ...]:
    """The whole numbers of a list, one a stage.

    Raises:
        InvalidInput: it is none.
    """
    value = config.get(name, usual)
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 8:
        raise InvalidInput(f"Its config.json needs one number a stage of {name}. Received: {value!r}")
    return tuple(whole({name: one}, name, 1, most) for one in value)


def real(config: Mapping[str, Any], name: str, usual: float) -> float:
    """A number of a ``config.json``; ``usual`` where it is silent.

    Raises:
        InvalidInput: it is none.
    """
    value = config.get(name, usual)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e6:
        raise InvalidInput(f"Its config.json needs a number of {name}, 0 or more. Received: {value!r}")
    return float(value)


def same_length(**lists: Sequence[int]) -> None:
    """Raises:
    InvalidInput: the lists, one number a stage each, do not have as many numbers.
    """
    if len({len(one) for one in lists.values()}) > 1:
        raise InvalidInput(f"Its config.json has not as many {' as '.join(lists)}: {list(lists.values())}")


def choice(config: Mapping[str, Any], name: str, usual: str, known: Sequence[str]) -> str:
    """One of several words.

    Raises:
        InvalidInput: it is another one.
    """
    value = config.get(name, usual)
    if value not in known:
        raise InvalidInput(f"Graft builds networks with {name}: {', '.join(known)}. Received: {name}={value!r}")
    return str(value)


def three_channels(config: Mapping[str, Any]) -> None:
    """Raises:
    InvalidInput: it takes other inputs than red, green and blue.
    """
    if config.get("num_channels", 3) != 3:
        raise InvalidInput(f"Graft's photos have 3 channels. Received: num_channels={config['num_channels']!r}")


def arguments_of(config: Mapping[str, Any], name: str, known: Sequence[str]) -> dict[str, Any]:
    """The arguments (``model_args``) that timm's ``config.json`` gives to the network of that name.

    Raises:
        InvalidInput: there are others than the ``known`` ones.
    """
    arguments = config.get("model_args") or {}
    others = sorted(set(arguments) - set(known)) if isinstance(arguments, Mapping) else ["model_args"]
    if others:
        raise InvalidInput(f"Graft does not build {name} with these arguments: {', '.join(map(str, others))}")
    return dict(arguments)
