"""``core explain``: pictures, what is said of them, and what is refused."""

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.datasets.decoding.fit import Fit
from core.explaining.process import ExplainingProcess
from core.explaining.protocol import answer_of, arguments_of
from core.explaining.values import OCCLUSION, DeletionTest, ExplainerAnswer, HeatMap, MemberExplanation


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (80, 60), (10, 200, 10)).save(path)
    return path


@pytest.fixture
def call(home, capsys, monkeypatch):
    """Runs the command; the process that computes heat maps is replaced."""
    heats = [HeatMap(title=title, values=np.eye(2, dtype=np.float32), fit=Fit.SQUASH) for title in ("Lite0", "Lite1")]
    members = (
        MemberExplanation(
            run_id="r-1", title="both", probability=0.9, predicted="daisy", maps=tuple(heats),
            test=DeletionTest(whole=0.9, hottest=0.2, elsewhere=0.8),
        ),
        MemberExplanation(
            run_id="r-2", title="trees", probability=0.6, predicted="rose", method=OCCLUSION,
            because="its head of decision trees has no gradient", maps=(heats[0],),
            test=DeletionTest(whole=0.6, hottest=0.6, elsewhere=0.5),
        ),
    )  # fmt: skip

    def ask(self, request, stage):
        label = arguments_of(request)[-1] or 0
        return answer_of(ExplainerAnswer(label=label, probability=0.75, predicted=0, members=members))

    monkeypatch.setattr(ExplainingProcess, "ask", ask)

    def call(*arguments, code=0):
        assert main(["explain", *map(str, arguments)]) == code
        printed = capsys.readouterr()
        return printed.err.strip() if code else printed.out.strip()

    return call


def test_every_heat_map_is_a_picture_of_the_photos_size(call, finished, photo, tmp_path):
    printed = json.loads(call("--model", finished[0], photo, "-o", tmp_path / "why.png", "--json"))
    names = ["why.png", "why-2.png", "why-3.png"]
    assert printed["pictures"] == [str(tmp_path / name) for name in names]
    assert (printed["file"], printed["run"], printed["class_name"]) == (str(photo), finished[0], "daisy")
    for name in names:
        with Image.open(BytesIO((tmp_path / name).read_bytes())) as image:
            assert (image.format, image.size) == ("PNG", (80, 60))


def test_the_text_says_which_picture_is_whose_and_which_not_to_trust(call, finished, photo, tmp_path):
    printed = call("--model", finished[0], photo, "--class", "rose", "-o", tmp_path / "why.png").splitlines()
    assert printed[0].endswith(": rose 75.0 %; it predicts daisy")
    assert printed[1].strip() == f"both: {tmp_path / 'why.png'} (Lite0)"
    assert printed[3].strip() == (
        "both: rose has 90.0 %; 20.0 % with the hottest fifth hidden, 80.0 % with another fifth hidden"
    )
    assert printed[5].strip() == "trees: occlusion, because its head of decision trees has no gradient"
    assert printed[6].endswith(": do not trust this heat map") and len(printed) == 7


def test_what_cannot_be_done_is_refused_before_anything_is_computed(call, finished, photo, tmp_path):
    assert "must end in .png" in call("--model", finished[0], photo, "-o", "why.jpg", code=1)
    assert "cannot be read" in call("--model", finished[0], "nothing.jpg", "-o", tmp_path / "why.png", code=1)
    assert "knows no class 'cat'" in call(
        "--model", finished[0], photo, "--class", "cat", "-o", tmp_path / "why.png", code=1
    )
    (tmp_path / "why-2.png").write_text("mine")
    assert "exists already. Add --force" in call("--model", finished[0], photo, "-o", tmp_path / "why.png", code=1)
    assert (tmp_path / "why-2.png").read_text() == "mine" and not (tmp_path / "why.png").exists()
