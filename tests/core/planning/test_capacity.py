"""What does not fit onto the disk, into memory or into a night is said before it is launched."""

from core.planning import capacity
from core.planning.decide import Decision, Level, Plan
from core.planning.grid_plan import grid_plan
from core.planning.work import Shared, SharedKind, Work
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.settings import Settings
from core.workbench import Workbench
from tests.choices import recipes

LITE0 = "efficientnet_lite0"


def sentences(plan, level=None):
    return " ".join(concern.sentence for concern in plan.concerns if level in (None, concern.level))


# --- disk and memory ---


def test_features_that_do_not_fit_on_the_disk_are_refused_with_both_sizes(planned, monkeypatch):
    monkeypatch.setattr(capacity, "free_bytes", lambda settings: 51 * 10**6)
    plan = planned(Pattern.FINE_TUNING, depth=17, views=4)
    assert plan.decision is Decision.REFUSED and "51 MB left" in plan.because


def test_features_beyond_their_limit_are_asked_about(filled, settings):
    narrow = Workbench.open(Settings(home=settings.home, features_limit_bytes=10**6))
    (plan,) = narrow.plan(
        filled.dataset.id,
        recipes(narrow, filled.dataset.id, [LITE0], [Pattern.FINE_TUNING], depths={Pattern.FINE_TUNING: (17,)}),
    )
    assert "GRAFT_FEATURES_GB" in sentences(plan, Level.ASK)


def test_training_that_cannot_fit_into_memory_is_refused(planned, monkeypatch):
    monkeypatch.setattr(capacity, "memory_of", lambda name: 10**9)
    plan = planned(Pattern.WEIGHT_INITIALIZATION, batch_size=16)
    assert plan.decision is Decision.REFUSED and "1.0 GB of memory" in plan.because


def test_training_that_fits_but_not_now_is_asked_about(planned, monkeypatch):
    monkeypatch.setattr(capacity, "memory_of", lambda name: 10**9 if name == "MemAvailable" else 10**12)
    assert "free now" in sentences(planned(Pattern.WEIGHT_INITIALIZATION, batch_size=16), Level.ASK)


def test_memory_is_read_from_the_kernel_where_it_says(tmp_path, monkeypatch):
    monkeypatch.setattr(capacity, "MEMINFO", tmp_path / "meminfo")
    assert capacity.memory_of("MemTotal") is None
    (tmp_path / "meminfo").write_text("MemTotal:       16 kB\nMemAvailable:    4 kB\n")
    assert capacity.memory_of("MemAvailable") == 4096


# --- many together ---


def test_a_grid_of_thousands_is_asked_about_before_it_is_planned():
    assert capacity.many_runs(capacity.MANY_RUNS) is None
    concern = capacity.many_runs(5000)
    assert concern.level is Level.ASK and "5,000 runs" in concern.sentence


def a_plan(decision=Decision.NEW, *, own=1.0, features=0, number=0, **changes):
    """Of a run of ``own`` seconds that stores ``features`` bytes which it shares with no other number."""
    shared = (Shared(key=f"features {number}", kind=SharedKind.FEATURES, seconds=0.0, bytes=features),)
    work = Work(process="p", start=0.0, shared=shared, own=own, alone=own)
    values = {"dataset_id": "d", "recipe": Recipe(backbone=LITE0), "fingerprint": "f", "because": "", "work": work}
    return Plan(decision=decision, **values | changes)


def test_together_long_work_and_large_features_are_asked_about(settings):
    there = Settings(home=settings.home.parent)
    assert capacity.examine_all(grid_plan([a_plan()], 1), there) == ()
    long = capacity.examine_all(grid_plan([a_plan(own=8 * 3600)] * 2, 1), there)
    assert "16 h 00 min" in long[0].sentence
    assert capacity.examine_all(grid_plan([a_plan(own=8 * 3600)] * 2, 2), there) == ()
    large = capacity.examine_all(grid_plan([a_plan(features=10**15, number=number) for number in (1, 2)], 1), there)
    assert "2000 TB" in large[0].sentence
    same = capacity.examine_all(grid_plan([a_plan(features=10**15)] * 2, 1), there)
    assert "1000 TB" in same[0].sentence


def test_what_is_reused_does_not_count(settings):
    reused = [a_plan(Decision.REUSED, work=None, saves_seconds=10.0**6)] * 500
    assert capacity.examine_all(grid_plan(reused, 1), Settings(home=settings.home.parent)) == ()
