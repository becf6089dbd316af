"""The text format, as prometheus_client reads it."""

import math

from prometheus_client.parser import text_string_to_metric_families

from core.text.prometheus import CONTENT_TYPE, Gauge, Histogram, exposition


def read(text: str) -> dict:
    return {
        family.name: (
            family.type,
            family.documentation,
            {tuple(one.labels.items()): one.value for one in family.samples},
        )
        for family in text_string_to_metric_families(text)
    }


def test_what_is_written_is_what_a_reader_finds():
    odd = 'a "quoted" \\ back\nslash, äöü {}'
    gauges = [
        Gauge(name="graft_up", help="Whether.", samples={(): True}),
        Gauge(name="graft_odd", help=odd, labels=("one", "two"), samples={(odd, ""): 1.5, ("x", "y"): 12}),
        Gauge(name="graft_nothing", help="Is left out.", labels=("one",), samples={}),
        Gauge(
            name="graft_none",
            help="No number.",
            labels=("of",),
            samples={("a",): math.nan, ("b",): math.inf, ("c",): -math.inf},
        ),
        Gauge(name="graft_large", help="Exact.", samples={(): 2**53 + 2}),
    ]
    text = exposition(gauges)
    found = read(text)
    assert found["graft_up"] == ("gauge", "Whether.", {(): 1})
    assert found["graft_odd"] == ("gauge", odd, {(("one", odd), ("two", "")): 1.5, (("one", "x"), ("two", "y")): 12})
    assert "graft_nothing" not in found and text.endswith("\n")
    values = list(found["graft_none"][2].values())
    assert math.isnan(values[0]) and values[1:] == [math.inf, -math.inf]
    assert f"graft_large {2**53 + 2}\n" in text
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


def test_a_histogram_and_a_figure_that_counts():
    text = exposition(
        [
            Gauge(name="graft_seen_total", help="Seen.", labels=("by",), samples={("a",): 3}, counts=True),
            Histogram(
                name="graft_seconds",
                help="How long.",
                label="area",
                bounds=(0.1, 1.0),
                groups={"a": (2, 0, 1)},
                sums={"a": 5.5},
            ),
            Histogram(name="graft_nothing", help="Is left out.", label="area", bounds=(1.0,), groups={}, sums={}),
        ]
    )
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["graft_seen"].type == "counter" and families["graft_seconds"].type == "histogram"
    found = {(one.name, one.labels.get("le")): one.value for one in families["graft_seconds"].samples}
    assert found == {
        ("graft_seconds_bucket", "0.1"): 2,
        ("graft_seconds_bucket", "1"): 2,
        ("graft_seconds_bucket", "+Inf"): 3,
        ("graft_seconds_sum", None): 5.5,
        ("graft_seconds_count", None): 3,
    }
    assert "graft_nothing" not in text
