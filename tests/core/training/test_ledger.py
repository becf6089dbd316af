"""A shared thing is counted once, whoever pays."""

import time
from dataclasses import asdict, replace

from core.runs.costs import Meter
from core.training.ledger import Ledger


def test_what_attempts_paid_for_shared_things_is_not_counted_twice(tmp_path):
    with Meter(powercap=tmp_path) as meter:
        first = Ledger(meter)
        with first.charge("features"):
            time.sleep(0.05)
        former = first.so_far()
        second = Ledger(meter, [former])
        second.full_cost("features", first._charged["features"])
        figures = {"parameters_total": 1, "parameters_trainable": 1, "multiply_adds": 1, "model_bytes": 1}
        own = second.cost(**figures, ms_per_photo=1.0)
        assert own.alone_wall_seconds == own.wall_seconds
        assert own.wall_seconds >= former["wall_seconds"]
        second.full_cost("engine", replace(first._charged["features"], wall_seconds=100.0))
        assert second.cost(**figures, ms_per_photo=1.0).alone_wall_seconds >= own.wall_seconds + 100
    assert asdict(own)["energy_joules"] is None
