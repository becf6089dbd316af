"""The report: one file that needs nothing but a browser, and nobody's markup."""

import base64
import json
import re
from hashlib import sha256

import pytest

from core.comparison.table import SeveralDatasets
from core.errors import NotFound
from core.reporting.page import policy, scripts
from core.runs.values import Status
from tests.factories import fill
from tests.report_reader import Reader, read

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \"quoted\" & 'more' \u202eevil"


def test_it_asks_for_nothing_from_outside(bench, runs):
    text = bench.report([run.id for run in runs.values()])
    reader = Reader(text)
    for name, attributes in reader.elements:
        for key in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            assert attributes.get(key, "#").startswith(("data:", "#")), f"<{name} {key}={attributes[key][:80]}>"
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    assert all(url.startswith("data:") for url in re.findall(r"url\(([^)]*)\)", style))
    assert "@import" not in style


def test_its_policy_forbids_everything_from_outside_and_allows_its_own_two_scripts_only(bench, finished):
    text = bench.report([finished[0].id])
    (given,) = [one["content"] for one in Reader(text).of("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert given.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in given and "unsafe-eval" not in given and "script-src 'unsafe-inline'" not in given
    inline = re.findall(r"<script>(.*?)</script>", text, re.S)
    digests = [base64.b64encode(sha256(one.encode()).digest()).decode() for one in inline]
    assert len(inline) == 2
    assert all(f"'sha256-{digest}'" in given for digest in digests)
    assert text.count("plotly.js v") == 1, "Plotly is in it once"


def test_what_users_typed_is_text_wherever_it_stands(bench, settings, registry):
    names = (f"a{HOSTILE}", f"b{HOSTILE}", "c")
    filled = fill(registry, settings, runs=8, class_names=names, name=HOSTILE)
    for run in filled.with_status(Status.FINISHED):
        registry.annotate(run.id, name=f"{HOSTILE} {run.id}", notes=f"first\n{HOSTILE}", tags=["<b>tag</b>"])
    reader = read(bench, filled.with_status(Status.FINISHED))
    assert {name for name, _ in reader.elements} & {"b", "u", "iframe", "object", "form", "base"} <= {"b"}
    assert all(one.get("type") == "application/json" for one in reader.of("script")[:-2])
    assert not any(key.startswith("on") for _, attributes in reader.elements for key in attributes)
    assert all(picture["src"].startswith("data:image/") for picture in reader.of("img"))
    assert "<script>alert(1)</script>" in reader.text
    assert "\u202e" not in reader.text


def test_charts_are_json_that_no_name_can_leave(bench, settings, registry):
    filled = fill(registry, settings, runs=8, class_names=("</script><script>alert(1)</script>", "b"))
    text = bench.report([run.id for run in filled.with_status(Status.FINISHED)])
    data = re.findall(r'<script type="application/json" id="data-([^"]+)">(.*?)</script>', text, re.S)
    assert {"cost-alone_wall_seconds", "confusion", "curves-val_accuracy"} <= {key for key, _ in data}
    assert all(set(json.loads(figure)) >= {"data", "layout"} for _, figure in data)


def test_every_chart_has_its_data_and_a_sentence(bench, runs):
    reader = read(bench, runs.values())
    charts = [one for one in reader.of("div") if "data-figure" in one]
    known = {one["id"] for one in reader.of("script") if "id" in one}
    assert len(charts) >= 8
    assert {one["data-figure"] for one in charts} == known
    assert all(one["aria-label"] for one in charts)


def test_a_run_that_is_deleted_while_the_report_is_made_is_named(bench, finished, monkeypatch):
    compared = bench.comparison

    def deleted_meanwhile(ids, **options):
        found = compared(ids, **options)
        bench.delete_runs([finished[1].id])
        return found

    monkeypatch.setattr(bench, "comparison", deleted_meanwhile)
    with pytest.raises(NotFound, match=f"There is no run '{finished[1].id}'"):
        bench.report([run.id for run in finished])


def test_runs_of_several_datasets_are_refused_with_an_offer(bench, finished):
    other = fill(bench.registry, bench.settings).with_status(Status.FINISHED)[0]
    with pytest.raises(SeveralDatasets, match="cannot be compared"):
        bench.report([finished[0].id, other.id])


def test_an_unknown_run_is_said_so(bench, finished):
    with pytest.raises(NotFound):
        bench.report(["r-nobody"])


def test_the_scripts_cannot_end_their_element_early():
    assert all("</script" not in script for script in scripts())
    assert len(re.findall("sha256-", policy())) == 2
