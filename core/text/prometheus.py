"""Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A figure that can go up and down.

    Args:
        name: with its unit, ``graft_queue_wait_seconds``. help: one line.
        samples: value by the values of the labels, in their order; of a figure without labels that of ().
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    samples: Mapping[tuple[str, ...], float]


def exposition(gauges: Sequence[Gauge]) -> str:
    """The text of the figures; those without samples are left out."""
    return "".join(_text(gauge) for gauge in gauges if gauge.samples)


def _text(gauge: Gauge) -> str:
    lines = [f"# HELP {gauge.name} {_escaped(gauge.help)}", f"# TYPE {gauge.name} gauge"]
    for values, value in gauge.samples.items():
        pairs = ",".join(f'{label}="{_quoted(text)}"' for label, text in zip(gauge.labels, values, strict=True))
        lines.append(f"{gauge.name}{{{pairs}}} {_number(value)}" if pairs else f"{gauge.name} {_number(value)}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(int(value)) if float(value).is_integer() else repr(float(value))
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
