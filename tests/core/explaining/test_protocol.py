"""Requests and answers are the same after the way through the connection."""

import json
from dataclasses import replace
from multiprocessing import Pipe

import numpy as np
import pytest

from core.datasets.decoding.fit import Fit
from core.explaining.protocol import answer_of, arguments_of, outcome_of, receive, request_of, send
from core.explaining.subjects import Subject
from core.explaining.values import OCCLUSION, DeletionTest, ExplainerAnswer, HeatMap, MemberExplanation
from tests.core.models.inference.test_nodes import STACK


def test_a_request_comes_back(tmp_path):
    whole = Subject(run_id="r-1", title="Ü", folder=tmp_path, graph=STACK, titles=("one", "two"), fits=(Fit.CROP,))
    other = replace(whole, graph=None, keras=tmp_path / "model.keras", sha256="5", output="features", because="so")
    arguments = (whole, [whole, other], b"\xff\xd8", ["a", "b"], None)
    assert arguments_of(json.loads(json.dumps(request_of(*arguments)))) == arguments


def test_an_answer_comes_back():
    heat = HeatMap(title="one", values=np.array([[0, 0.5], [1, 0.25]], np.float32), fit=Fit.PAD, covered=0.9)
    test = DeletionTest(whole=0.9, hottest=0.1, elsewhere=0.8)
    member = MemberExplanation(
        run_id="r-1", title="t", probability=0.9, predicted="a", method=OCCLUSION, because="so", maps=(heat,), test=test
    )
    problem = MemberExplanation(run_id="r-2", title="t", problem="It is gone.")
    sent = ExplainerAnswer(label=1, probability=0.9, predicted=0, members=(member, problem))
    found = outcome_of(json.loads(json.dumps(answer_of(sent))))
    assert (found.label, found.probability, found.predicted) == (1, 0.9, 0)
    one, two = found.members
    assert (two.problem, two.maps, two.test) == ("It is gone.", (), None)
    assert one.test == test and (one.method, one.because, one.predicted) == (OCCLUSION, "so", "a")
    assert np.array_equal(one.maps[0].values, heat.values) and one.maps[0].values.dtype == np.float32
    assert (one.maps[0].title, one.maps[0].fit, one.maps[0].covered) == ("one", Fit.PAD, 0.9)


def test_a_message_is_read_whole_and_a_closed_connection_is_an_error():
    ours, theirs = Pipe()
    send(ours, {"text": "ü" * 5_000})
    assert receive(theirs) == {"text": "ü" * 5_000}
    ours.close()
    with pytest.raises(EOFError):
        receive(theirs)
