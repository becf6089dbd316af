"""``core models`` and ``core queue``."""

from core.__main__ import main


def test_models_and_queue_are_listed(call, filled, finished, capsys):
    assert {row["run"] for row in call("models", "--dataset", "flowers")["models"]} == set(finished)
    assert call("queue")["waiting"] and "no dataset" in call("models", "--dataset", "roses", code=1)
    assert main(["models"]) == 0 and finished[0] in capsys.readouterr().out
    assert main(["queue"]) == 0 and "SCHEDULED" in capsys.readouterr().out


def test_an_empty_home_has_neither(call, home, capsys):
    assert call("models") == {"models": [], "leaks": []}
    assert main(["queue"]) == 0 and "No run is waiting" in capsys.readouterr().out


def test_one_dataset_is_shown_and_a_deletion_is_tried_first(call, filled, finished, capsys):
    assert call("datasets", "flowers") in call("datasets")["datasets"]
    assert main(["datasets", "flowers"]) == 0 and "flowers:1" in capsys.readouterr().out
    preview = call("delete", finished[0], "--dry-run")
    assert preview["dry_run"] and call("show", finished[0])["run"] == finished[0]
    assert main(["delete", finished[0], "--dry-run"]) == 0 and "Would delete run" in capsys.readouterr().out
    assert len(call("runs", "--limit", "2")["runs"]) == 2 and call("runs", "--limit", "2")["total"] == 8
    assert "count runs" in call("runs", "--limit", "-1", code=1)
