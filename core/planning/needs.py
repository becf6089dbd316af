"""What a run needs, from text: an option of ``core train`` and of a request that launches runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.errors import InvalidInput
from core.runs.needs import RunNeeds
from core.text.nearly import did_you_mean

FORMS = "gpu, gpu=KIND, gpus=NUMBER, gpu-memory=GB, memory=GB, cpus=NUMBER"
"""All that can be typed."""

_MOST = 10**6


def needs_of(texts: Sequence[str], mark: str = "--") -> RunNeeds:
    """``["gpu=A100", "memory=64"]``; without any the run takes every slot.

    Args:
        mark: before the name of the option in errors: ``--`` on the command line, "" in a request.

    Raises:
        InvalidInput: a need does not exist, is given twice, or has an impossible value.
    """
    given: dict[str, str] = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if name not in _VALUES:
            raise InvalidInput(f"{mark}needs takes {FORMS}.{did_you_mean(name, _VALUES)} Received: {text[:80]!r}")
        if name in given:
            raise InvalidInput(f"{mark}needs takes {name} once. Received: {name}={given[name]} and {text[:80]}")
        given[name] = value
    found: dict[str, Any] = {_FIELDS[name]: _VALUES[name](name, value, mark) for name, value in given.items()}
    if "gpu" in given:
        found = {"gpus": 1} | found
    return RunNeeds(**found)


def _whole(name: str, value: str, mark: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= _MOST:
        raise InvalidInput(f"{mark}needs {name}=NUMBER takes a whole number from 1 on. Received: {name}={value[:40]}")
    return int(value)


def _gigabytes(name: str, value: str, mark: str) -> int:
    """Bytes."""
    number = value.upper().removesuffix("GB").strip()
    try:
        found = float(number)
    except ValueError:
        found = 0.0
    if not 0 < found <= _MOST:
        raise InvalidInput(f"{mark}needs {name}=GB takes a number of gigabytes. Received: {name}={value[:40]}")
    return round(found * 10**9)


def _kind(name: str, value: str, mark: str) -> str:
    if len(value) > 80:
        raise InvalidInput(f"{mark}needs {name}=KIND takes part of the name of a GPU. Received: {value[:80]}…")
    return value


_VALUES: Mapping[str, Callable[[str, str, str], int | str]] = {
    "gpu": _kind,
    "gpus": _whole,
    "gpu-memory": _gigabytes,
    "memory": _gigabytes,
    "cpus": _whole,
}
_FIELDS = {
    "gpu": "gpu_kind",
    "gpus": "gpus",
    "gpu-memory": "gpu_bytes",
    "memory": "memory_bytes",
    "cpus": "cpus",
}
