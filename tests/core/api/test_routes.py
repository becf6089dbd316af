"""REST returns what the command line prints."""

import json

from core.workbench import Workbench
from core.workbench.forecasts import machine
from tests.factories import make_forecast


def test_every_get_is_what_the_command_prints(reader, printed, filled, finished, bench: Workbench):
    took = {"machine": machine(), "measured_seconds": 30.0, "measured_at": 1.0}
    bench.registry.add_forecasts([make_forecast(run, **took) for run in finished[:2]])
    bench.set_alias(finished[0], "champion", "the best", "me")
    one, two = finished[:2]
    pairs = {
        "/datasets": ("datasets",),
        "/datasets/flowers": ("datasets", "flowers"),
        "/datasets/flowers/aliases": ("alias", "flowers"),
        "/datasets/flowers/shortlist": ("shortlist", "flowers", "--last"),
        "/collections": ("collections",),
        "/datasets/flowers/combination": ("combine", "flowers"),
        "/datasets/flowers/combination?most_ms=9&most_mb=40": (
            "combine", "flowers", "--most-ms", "9", "--most-mb", "40",
        ),
        "/datasets/flowers/search": ("search", "flowers", "--last"),
        "/runs": ("runs",),
        "/runs?dataset=flowers&search=lite0&limit=2&offset=1": (
            "runs", "--dataset", "flowers", "--search", "lite0", "--limit", "2", "--offset", "1",
        ),
        "/runs?starred=true&tag=baseline&archived=true": ("runs", "--starred", "--tag", "baseline", "--archived"),
        f"/runs/{one}": ("show", one),
        "/runs/flowers@champion": ("show", "flowers@champion"),
        "/models": ("models",),
        "/models?dataset=flowers": ("models", "--dataset", "flowers"),
        f"/compare?runs={one}&runs={two}": ("compare", one, two),
        f"/compare?runs={','.join(finished)}": ("compare", *finished),
        "/backbones/efficientnet_lite0": ("backbones", "show", "efficientnet_lite0"),
        "/queue": ("queue",),
        "/forecasts": ("forecasts",),
        "/forecasts?limit=1": ("forecasts", "--limit", "1"),
    }  # fmt: skip
    for path, command in pairs.items():
        answer = reader.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert answer.json() == json.loads(json.dumps(printed(*command))), path
    assert reader.get("/backbones").json() == json.loads(json.dumps(printed("backbones")))
