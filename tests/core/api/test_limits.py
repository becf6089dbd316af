"""Token buckets."""

from core.api import limits
from core.api.limits import TokenBuckets


def test_a_bucket_has_some_at_once_and_is_refilled():
    now = [0.0]
    buckets = TokenBuckets(2, 3, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert buckets.take("b") == 0.0, "every key has its own"
    now[0] = 0.5
    assert buckets.take("a") == 0.0 and buckets.take("a") == 0.5
    now[0] = 100.0
    assert [buckets.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5], "no more than at once"


def test_looking_takes_nothing():
    buckets = TokenBuckets(1, 1, clock=lambda: 0.0)
    assert [buckets.wait("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("a") == 0.0 and buckets.wait("a") == 1.0


def test_the_number_of_buckets_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "_MOST_BUCKETS", 10)
    buckets = TokenBuckets(1, 1, clock=lambda: 0.0)
    for number in range(100):
        buckets.take(str(number))
    assert len(buckets._levels) == 10 and "99" in buckets._levels
