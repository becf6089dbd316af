"""Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A figure that can go up and down, or one that counts and only goes up while the process lives.

    Args:
        name: with its unit, ``graft_queue_wait_seconds``; of one that counts with ``_total``. help: one line.
        samples: value by the values of the labels, in their order; of a figure without labels that of ().
        counts: whether it only goes up.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    samples: Mapping[tuple[str, ...], float]
    counts: bool = False


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How many values lie in which group, for each value of one label.

    Args:
        bounds: upper ends of the groups, ascending. groups: for each value of the label, the number of values in each
            group, and last of those above all bounds. sums: of all values.
    """

    name: str
    help: str
    label: str
    bounds: tuple[float, ...]
    groups: Mapping[str, tuple[int, ...]]
    sums: Mapping[str, float]


Metric = Gauge | Histogram


def exposition(metrics: Sequence[Metric]) -> str:
    """The text of the figures; those without samples are left out."""
    there = [one for one in metrics if _has_samples(one)]
    return "".join(_histogram(one) if isinstance(one, Histogram) else _text(one) for one in there)


def _has_samples(metric: Metric) -> bool:
    return bool(metric.groups if isinstance(metric, Histogram) else metric.samples)


def _histogram(metric: Histogram) -> str:
    lines = [f"# HELP {metric.name} {_escaped(metric.help)}", f"# TYPE {metric.name} histogram"]
    for value, groups in metric.groups.items():
        pair = f'{metric.label}="{_quoted(value)}"'
        for bound, number in zip((*metric.bounds, math.inf), accumulate(groups), strict=True):
            lines.append(f'{metric.name}_bucket{{{pair},le="{_number(bound)}"}} {number}')
        lines.append(f"{metric.name}_sum{{{pair}}} {_number(metric.sums[value])}")
        lines.append(f"{metric.name}_count{{{pair}}} {sum(groups)}")
    return "\n".join(lines) + "\n"


def _text(gauge: Gauge) -> str:
    kind = "counter" if gauge.counts else "gauge"
    lines = [f"# HELP {gauge.name} {_escaped(gauge.help)}", f"# TYPE {gauge.name} {kind}"]
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
