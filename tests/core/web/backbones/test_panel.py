"""The page of one backbone; what it shows is tested in tests/pages/test_backbones.py."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.web.backbones.panel import train_query
from core.web.train.address import parse

LITE0 = get("efficientnet_lite0")


@pytest.mark.parametrize("name", ["efficientnet_lite0", "a.b-c_d.1"])
def test_the_link_to_train_ticks_one_cell_of_the_backbone(name):
    query = train_query(replace(LITE0, name=name))
    address, ignored = parse({key: [value] for key, value in query.items()})
    assert ignored == [] and address.start == "custom"
    assert address.cells == ((name, "integrated_extractor"),)
