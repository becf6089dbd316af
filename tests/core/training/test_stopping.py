"""A signal stops a trainer once, wherever it is; a swallowed one is raised again at the next check."""

import os
import signal

import pytest

from core.training.stopping import Stop, Stopped


@pytest.fixture
def stop():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield Stop()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_is_raised_where_the_code_is_and_again_at_every_check(stop):
    stop.install()
    stop.check()
    with pytest.raises(Stopped):
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)  # ignored: the shutdown is not interrupted
    with pytest.raises(Stopped):
        stop.check()


def test_a_run_that_is_being_finished_ignores_signals(stop):
    stop.install()
    stop.ignore()
    os.kill(os.getpid(), signal.SIGINT)
    stop.check()


def test_no_handler_of_exceptions_takes_a_stop_for_a_failure():
    assert not issubclass(Stopped, Exception)
