"""``core machines``: where runs train, and asking one again."""

from core.__main__ import main
from core.registry import Registry


def test_this_machine(call, monkeypatch, capsys):
    monkeypatch.setenv("GRAFT_GPUS", "none")
    result = call("machines")
    [machine] = result["machines"]
    assert result["launcher"] == "local" and [slot["name"] for slot in machine["slots"]] == ["cpu"]
    assert main(["machines"]) == 0
    assert "free" in capsys.readouterr().out


def test_a_machine_is_asked_again(call, registry: Registry, capsys):
    registry.note_node("n1", {"problem": "Its disk is full."})
    assert call("machines", "check", "n1") == {"asked": "n1"}
    assert registry.node_records() == []
    assert "no machine 'n1'" in call("machines", "check", "n1", code=1)
    assert "Name a machine" in call("machines", "check", code=1)
    registry.note_node("n1", {"problem": "Its disk is full."})
    assert main(["machines", "check", "n1"]) == 0
    assert "asks n1 again" in capsys.readouterr().out
