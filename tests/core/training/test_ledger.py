"""A shared thing is counted once, whoever pays; a run that was killed is no cheaper than one that was not."""

import random
import time
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from core.runs.costs import FULL_COSTS, RECORDED_AT, Meter, MeterReading, Spent
from core.training.ledger import Ledger
from tests.factories import make_dataset, make_photos, make_run

FIGURES = {"parameters_total": 1, "parameters_trainable": 1, "multiply_adds": 1, "model_bytes": 1, "ms_per_photo": 1.0}


def test_what_attempts_paid_for_shared_things_is_not_counted_twice(tmp_path):
    with Meter(powercap=tmp_path) as meter:
        first = Ledger(meter)
        with first.charge("features"):
            time.sleep(0.05)
        former = first.so_far()
        second = Ledger(meter, [former])
        second.full_cost("features", first._charged["features"])
        own = second.cost(**FIGURES)
        assert own.alone_wall_seconds == own.wall_seconds
        assert own.wall_seconds >= former["wall_seconds"]
        second.full_cost("engine", replace(first._charged["features"], wall_seconds=100.0))
        assert second.cost(**FIGURES).alone_wall_seconds >= own.wall_seconds + 100
    assert asdict(own)["energy_joules"] is None


class Clock:
    """Time and a meter of an attempt that began at ``begin``; CPU time is twice the time on the clock."""

    def __init__(self) -> None:
        self.now = self.begin = 1_000_000.0

    def spent(self) -> Spent:
        lived = self.now - self.begin
        return Spent(wall_seconds=lived, cpu_seconds=2 * lived)

    def reading(self) -> MeterReading:
        return MeterReading(spent=self.spent(), peak_rss_bytes=1, stages={"Training": self.spent().wall_seconds})


class Killed(Exception):
    """At the moment it is raised nothing more is recorded."""


class Training:
    """A run of one stage on shared features, then another on others, with a checkpoint after every epoch.

    It goes by the rules of a trainer: what is stored is read in no time, an attempt begins at the last checkpoint and
    uses only the features of the epochs from there on, and its cost is recorded every two seconds.
    """

    FEATURES = {"head, view 0": 100.0, "head, view 1": 30.0, "blocks": 60.0, "test": 10.0}  # noqa: RUF012
    NEEDED_UP_TO = {"head, view 0": 3, "head, view 1": 2, "blocks": 6, "test": 7}  # noqa: RUF012
    """The last epoch that uses them; evaluation is 7."""

    def __init__(self, registry, monkeypatch, stored: set[str]) -> None:
        self.registry, self.stored, self.epochs_done = registry, set(stored), 0
        self.clock, self.lived = Clock(), 0.0
        self.done = dict.fromkeys(self.FEATURES, 0.0)
        monkeypatch.setattr("core.registry.queue.time", SimpleNamespace(time=lambda: self.clock.now))
        monkeypatch.setattr("core.training.ledger.time", lambda: self.clock.now)

    def attempt(self, dies_after: float = float("inf")):
        run = self.registry.claim("cpu", "me")
        self.clock.begin, self.dies_at = self.clock.now, self.clock.now + dies_after
        self.ledger = Ledger(self.clock, self.registry.spent(run.id))
        self.recorded = self.clock.now
        self._record(run)
        try:
            for name, last in self.NEEDED_UP_TO.items():
                if last > self.epochs_done:
                    self._features(run, name)
            while self.epochs_done < 6:
                self._work(run, 7.0)
                self.epochs_done += 1
            self._work(run, 3.0)
        except Killed:
            self.lived += self.clock.now - self.clock.begin
            self.registry.requeue(run.id, run.attempt)
            return None
        self.lived += self.clock.now - self.clock.begin
        return self.ledger.cost(**FIGURES)

    def _features(self, run, name: str) -> None:
        with self.ledger.charge(name):
            if name not in self.stored:
                while self.done[name] < self.FEATURES[name]:
                    self._work(run, min(1.0, self.FEATURES[name] - self.done[name]))
                    self.done[name] += min(1.0, self.FEATURES[name] - self.done[name])
                self.stored.add(name)
        whole = self.FEATURES[name]
        self.ledger.full_cost(name, Spent(wall_seconds=whole, cpu_seconds=2 * whole))

    def _work(self, run, seconds: float) -> None:
        until = self.clock.now + seconds
        while self.clock.now < until:
            step = min(0.5, until - self.clock.now, self.dies_at - self.clock.now)
            self.clock.now += step
            if self.clock.now >= self.dies_at:
                raise Killed
            if self.clock.now - self.recorded >= 2.0:
                self._record(run)

    def _record(self, run) -> None:
        self.registry.record_spent(run.id, run.attempt, self.ledger.so_far())
        self.recorded = self.clock.now


@pytest.fixture
def begun(registry, monkeypatch):
    registry.add_dataset(make_dataset(), make_photos())

    def begin(number: int, stored: set[str]) -> Training:
        registry.add_run(make_run(number, id=f"r-{number}"))
        return Training(registry, monkeypatch, stored)

    return begin


def test_a_run_killed_once_after_its_features_is_not_half_as_expensive(begun):
    """The case of 0.4.0: 104 s without cached features instead of 204 s."""
    whole = begun(1, {"head, view 0"}).attempt()
    cut = begun(2, {"head, view 0"})
    assert cut.attempt(dies_after=100 + 3 * 7 + 1) is None
    assert cut.epochs_done == 3
    assert cut.attempt().alone_wall_seconds >= whole.alone_wall_seconds == 200 + 6 * 7 + 3


@pytest.mark.parametrize("seed", range(60))
def test_for_any_kills_a_run_costs_no_less_and_every_second_it_lived_is_paid(begun, seed):
    chance = random.Random(seed)
    stored = {name for name in Training.FEATURES if chance.random() < 0.5}
    whole = begun(1, stored).attempt()
    assert whole.alone_wall_seconds == pytest.approx(200 + 6 * 7 + 3)
    cut = begun(2, stored)
    cost = None
    for _ in range(chance.randrange(1, 7)):
        cost = cut.attempt(dies_after=chance.choice([chance.uniform(0, 3), chance.uniform(0, 120)]))
        if cost is not None:
            break
        if chance.random() < 0.3 and cut.stored:  # evicted, and computed again if an attempt needs it again
            gone = chance.choice(sorted(cut.stored))
            cut.stored.discard(gone)
            cut.done[gone] = 0.0
    cost = cost or cut.attempt()
    assert cost.alone_wall_seconds >= whole.alone_wall_seconds - 1e-6
    assert cost.wall_seconds == pytest.approx(cut.lived)
    assert cost.alone_wall_seconds >= cost.wall_seconds
    assert cut.registry.run("r-2").attempt >= 1


def test_an_extended_run_has_the_costs_of_what_only_the_first_epochs_used(begun):
    first = begun(1, set())
    first.attempt()
    parents = [first.ledger.so_far()]
    with_parent, without = Ledger(Clock()), Ledger(Clock())
    trained = Spent(wall_seconds=42.0, cpu_seconds=84.0)
    with_parent.inherit(trained, parents)
    without.inherit(trained)
    assert with_parent.cost(**FIGURES).alone_wall_seconds == pytest.approx(200 + 42)
    assert without.cost(**FIGURES).alone_wall_seconds == 42.0
    later = Ledger(Clock(), [with_parent.so_far()])  # another attempt, which begins at its own checkpoint
    later.inherit(trained)
    assert later.cost(**FIGURES).alone_wall_seconds == pytest.approx(200 + 42)


def test_what_attempts_before_050_used_is_unknown_until_it_was_looked_up():
    older = Ledger(Clock()).so_far()
    del older[FULL_COSTS], older[RECORDED_AT]
    ledger = Ledger(Clock(), [older])
    cost = ledger.cost(**FIGURES)
    assert (cost.alone_wall_seconds, cost.alone_cpu_seconds) == (None, None)
    assert cost.wall_seconds == 0.0
    ledger.full_cost("features", Spent(wall_seconds=9.0))
    ledger.is_complete = True
    assert ledger.cost(**FIGURES).alone_wall_seconds == 9.0
    extended = Ledger(Clock())
    extended.inherit(Spent(), [older])
    assert extended.cost(**FIGURES).alone_wall_seconds is None


def test_seconds_that_are_charged_twice_are_known():
    clock = Clock()
    ledger = Ledger(clock)
    with ledger.charge("features"):
        clock.now += 2
        with ledger.charge("start"):
            clock.now += 5
        clock.now += 10
    clock.now += 3
    paid = {name: one["wall_seconds"] for name, one in ledger.so_far()["paid"].items()}
    assert (paid, ledger.so_far()["overlap"]) == ({"features": 17, "start": 5}, 5)


def test_an_attempt_killed_while_it_computes_features_has_paid_for_what_it_computed():
    clock = Clock()
    ledger = Ledger(clock)
    with ledger.charge("features"):
        clock.now += 40
        assert ledger.so_far()["paid"]["features"]["wall_seconds"] == 40
    clock.now += 5
    assert ledger.so_far()["paid"]["features"]["wall_seconds"] == 40
