"""The list of backbones; what it shows is tested in tests/pages/test_backbones.py."""

from dataclasses import replace

from core.backbones import get
from core.backbones.values import Availability
from core.web.backbones.listing import first_line

LITE0 = get("efficientnet_lite0")


def test_the_first_line_counts_what_can_be_used_at_once():
    everything = [
        (LITE0, Availability.READY),
        (get("resnet50"), Availability.NO_NETWORK),
        (replace(LITE0, name="tiny", source="onnx_file:net.onnx"), Availability.READY),
    ]
    assert first_line(everything) == (
        "Which pretrained backbone suits your photos? 3 backbones, 1 added here; 2 can be used without a download."
    )
