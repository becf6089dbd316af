"""The process of heat maps: started on first need, ended when idle, noticed when killed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from core.errors import Unavailable
from core.explaining.process import ExplainingProcess
from core.settings import REPOSITORY, Settings


@pytest.fixture
def start(settings):
    made = []
    settings.home.mkdir(exist_ok=True)

    def start(**changes) -> ExplainingProcess:
        made.append(ExplainingProcess(settings, module="tests.fake_explaining", **changes))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_it_starts_with_the_first_request_and_answers_all_in_one_process(start):
    process, stages = start(), []
    assert not process.is_warm
    first = process.ask({"do": "this"}, stages.append)
    second = process.ask({"do": "that"})
    assert process.is_warm
    assert (first["done"], second["done"], stages) == ("this", "that", ["working"])
    assert first["pid"] == second["pid"] != os.getpid()


def test_a_killed_process_is_started_again_with_the_next_request(start):
    process = start()
    first = process.ask({"do": "this"})["pid"]
    os.kill(first, signal.SIGKILL)
    while process.is_warm:
        time.sleep(0.01)
    assert process.ask({"do": "this"})["pid"] != first


def test_a_process_that_is_killed_at_work_gives_one_sentence_and_the_next_request_works(start):
    process = start()
    with pytest.raises(Unavailable, match="was killed, perhaps for want of memory"):
        process.ask({"do": "die"})
    assert process.ask({"do": "this"})["done"] == "this"


def test_an_error_of_grafts_own_is_named(start):
    with pytest.raises(Unavailable, match=r"An error in Graft .*ValueError: a defect.* Please report it"):
        start().ask({"do": "fail"})


def test_a_process_that_cannot_be_started_is_one_sentence(tmp_path):
    with pytest.raises(Unavailable, match=r"cannot be started: No such file or directory\."):
        ExplainingProcess(Settings(home=tmp_path / "none")).ask({})


def test_a_refusal_leaves_the_process_warm(start):
    process = start()
    with pytest.raises(Unavailable, match=r"^It cannot be done\.$"):
        process.ask({"do": "refuse"})
    assert process.is_warm


def test_it_ends_when_nothing_is_asked_and_starts_again(start):
    process = start(idle_seconds=0.05)
    first = process.ask({"do": "this"})["pid"]
    begin = time.monotonic()
    while process.is_warm:
        assert time.monotonic() - begin < 30
        time.sleep(0.01)
    assert process.ask({"do": "this"})["pid"] != first


def test_a_request_that_takes_too_long_is_stopped(start):
    process = start(timeout_seconds=0.2)
    with pytest.raises(Unavailable, match=r"took longer than 0 s, so it was stopped\. Try again"):
        process.ask({"do": "sleep"})
    assert not process.is_warm


def test_the_answer_to_a_request_that_was_given_up_is_not_taken_for_the_next(start):
    process = start()

    class Interrupted(BaseException):
        """As Streamlit stops a script."""

    def interrupt(_text: str) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        process.ask({"do": "first"}, interrupt)
    assert process.ask({"do": "second"})["done"] == "second"


def test_it_ends_with_the_process_that_started_it(start, settings):
    code = (
        "import os; from core.explaining.process import ExplainingProcess; from core.settings import load_settings;"
        "one = ExplainingProcess(load_settings(), module='tests.fake_explaining');"
        "print(one.ask({'do': 'this'})['pid'], flush=True); os.kill(os.getpid(), 9)"
    )
    own = os.environ | {"GRAFT_HOME": str(settings.home)}
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=own, capture_output=True, timeout=120)
    child, begin = int(done.stdout), time.monotonic()
    while os.path.exists(f"/proc/{child}"):
        assert time.monotonic() - begin < 30
        time.sleep(0.01)


def test_what_asks_for_heat_maps_imports_no_tensorflow():
    code = (
        "import sys, core.workbench.explain, core.cli.explain, core.explaining.worker, core.explaining.protocol;"
        "sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, timeout=120).returncode == 0
