"""Explanations through the workbench; the process that computes them is replaced by one call."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput, NotFound
from core.explaining.protocol import answer_of, arguments_of
from core.explaining.values import ExplainerAnswer, HeatMap, MemberExplanation
from tests.factories import fill


class Process:
    """Stands for the process: answers with one hot map."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []

    def ask(self, request, stage):
        self.asked.append(arguments_of(request))
        stage("Computing the heat map")
        whole, _, _, classes, label = self.asked[-1]
        heat = HeatMap(title="", values=np.eye(2, dtype=np.float32), fit=Fit.SQUASH)
        member = MemberExplanation(run_id=whole.run_id, title=whole.title, probability=0.75, maps=(heat,))
        return answer_of(
            ExplainerAnswer(label=2 if label is None else label, probability=0.75, predicted=2, members=(member,))
        )


def a_photo(size=(90, 60)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, (10, 200, 10)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def run(bench):
    bench.explaining = Process()
    return fill(bench.registry, bench.settings).runs[0]


def test_the_predicted_class_is_explained_on_the_decoded_photo(bench, run):
    stages = []
    found = bench.explain(run.id, ("a.png", a_photo()), stage=stages.append)
    assert (found.run_id, found.title) == (run.id, run.name)
    assert found.class_name == found.predicted == "sunflower"
    assert found.probability == 0.75 and stages == ["Computing the heat map"]
    with Image.open(BytesIO(found.jpeg)) as image:
        assert (image.format, image.size) == ("JPEG", (90, 60))
    (whole, subjects, jpeg, classes, label) = bench.explaining.asked[0]
    assert jpeg == found.jpeg and label is None and classes == ["daisy", "rose", "sunflower", "tulip"]
    assert subjects == [whole] and whole.keras == bench.settings.home / bench.registry.model(run.id).path


def test_another_class_can_be_asked_for(bench, run):
    assert bench.explain(run.id, ("a.png", a_photo()), class_name="rose").class_name == "rose"
    with pytest.raises(InvalidInput, match=r"knows no class 'ros'. Did you mean 'rose'\?"):
        bench.explain(run.id, ("a.png", a_photo()), class_name="ros")
    with pytest.raises(InvalidInput, match=r"knows no class 'xyz'. Choose from: daisy, rose, sunflower and tulip\."):
        bench.explain(run.id, ("a.png", a_photo()), class_name="xyz")


def test_what_is_no_photo_or_no_model_is_one_sentence(bench, run):
    with pytest.raises(InvalidInput, match=r"^notes\.txt cannot be explained: it is a text file, not a photo"):
        bench.explain(run.id, ("notes.txt", b"text"))
    with pytest.raises(NotFound):
        bench.explain("r-none", ("a.png", a_photo()))
    assert bench.explaining.asked == []


def test_a_photo_brighter_than_the_photos_of_the_dataset_is_refused(bench, run, monkeypatch):
    known = bench.registry.dataset
    monkeypatch.setattr(bench.registry, "dataset", lambda id_: replace(known(id_), grey_bits=8))
    buffer = BytesIO()
    Image.fromarray(np.full((8, 8), 40_000, np.uint16)).save(buffer, "PNG")
    with pytest.raises(InvalidInput, match=r"^a\.png: The photo has grey values up to 40,000"):
        bench.explain(run.id, ("a.png", buffer.getvalue()))
