"""Published accuracy of backbones against the work of one photo."""

from dataclasses import replace

import pytest

from core.backbones import catalogue, get
from core.charts.backbones import backbones_chart
from core.errors import InvalidInput

LITE0, LITE2, RESNET = get("efficientnet_lite0"), get("efficientnet_lite2"), get("resnet50")


def test_ready_ones_and_downloads_are_two_kinds_of_points():
    chart = backbones_chart([LITE0, LITE2, RESNET], {LITE0.name, LITE2.name})
    download, ready = chart.figure.data
    assert (download.name, list(download.x)) == ("to be downloaded", [RESNET.multiply_adds / 1e9])
    assert (ready.name, list(ready.y)) == ("ready to use", [pytest.approx(75.1), pytest.approx(77.6)])
    assert [custom[0] for custom in ready.customdata] == [LITE0.name, LITE2.name]
    assert chart.title == "EfficientNet-Lite2 has the highest ImageNet top-1, 77.6 %"


def test_the_title_names_the_best_that_needs_no_download():
    title = backbones_chart(catalogue(), {LITE0.name, LITE2.name}).title
    assert title == (
        "ConvNeXtXLarge has the highest ImageNet top-1, 86.7 %; of those that are ready to use EfficientNet-Lite2, "
        "77.6 %"
    )


def test_what_has_no_published_accuracy_is_counted_not_drawn():
    chart = backbones_chart([LITE0, replace(LITE2, top1=None), replace(RESNET, multiply_adds=0)], ())
    assert sum(len(trace.x) for trace in chart.figure.data) == 1 == len(chart.rows())
    assert "2 backbones without a published accuracy are not drawn" in chart.caption
    with pytest.raises(InvalidInput, match="no backbone here has a published"):
        backbones_chart([replace(LITE2, top1=None)], ())


def test_names_are_escaped():
    chart = backbones_chart([replace(LITE0, title="<b>x</b>", short=None), LITE2], ())
    assert "&lt;b&gt;x&lt;/b&gt;" in str(chart.figure.data[0].text) and "<b>x" not in str(
        chart.figure.data[0].customdata
    )
