"""Sign-ins that wait for a code: for five minutes, once, and no longer than the password holds."""

import pytest

from core.errors import NotFound
from core.registry import second_steps as module
from core.registry.second_steps import SECONDS
from tests.core.registry.databases import ON_SQLITE


@pytest.fixture
def waiting(registry) -> str:
    registry.add_user("anna", "viewer")
    return registry.begin_second_step("anna", "password")


def test_it_is_found_by_its_secret_and_ends_once(registry, waiting):
    step = registry.second_step(waiting)
    assert (step.user, step.how) == ("anna", "password")
    with pytest.raises(NotFound):
        registry.second_step("x")
    registry.end_second_step(step)
    with pytest.raises(NotFound):
        registry.end_second_step(step)
    with pytest.raises(NotFound, match="took too long"):
        registry.second_step(waiting)


def test_it_ends_by_time_and_is_then_forgotten(registry, waiting, monkeypatch):
    later = registry.second_step(waiting).expires_at + 1
    assert later - module.time.time() == pytest.approx(SECONDS, abs=5)
    monkeypatch.setattr(module.time, "time", lambda: later)
    with pytest.raises(NotFound):
        registry.second_step(waiting)
    registry.begin_second_step("anna", "password")
    with registry.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM second_steps").scalar() == 1


def test_it_ends_with_the_sessions_of_the_account(registry, waiting):
    registry.disable_user("anna")
    with pytest.raises(NotFound):
        registry.second_step(waiting)


@ON_SQLITE
def test_its_secret_is_stored_nowhere(registry, waiting):
    registry.close()
    assert waiting.encode() not in registry.database.path.read_bytes()
