"""``speed``."""

from core.__main__ import main
from core.planning.machine_speed import PREFERENCE
from tests.core.planning.test_machine_speed import make_speed


def test_measuring_the_machine(call, registry, monkeypatch, capsys):
    def measured(settings, registry):
        registry.set_preference(PREFERENCE, make_speed().to_json())
        return make_speed()

    monkeypatch.setattr("core.cli.speed.measured_speed", measured)
    assert call("speed")["sentence"] == make_speed().sentence
    assert main(["speed"]) == 0 and capsys.readouterr().out.strip() == make_speed().sentence
    assert call("forecasts")["machine_speed"] == call("speed")


def test_nothing_is_measured_while_runs_are_trained(call, filled):
    assert "Measure the machine once they have ended" in call("speed", code=1)
