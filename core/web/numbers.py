"""Numbers as people read them: with unit, and no more digits than they deserve."""

from datetime import UTC, datetime

NOT_MEASURED = "not measured"


def duration(seconds: float | None) -> str:
    """``0.4 s``, ``42 s``, ``3 min 12 s``, ``2 h 05 min``, ``3 d 4 h``."""
    if seconds is None:
        return NOT_MEASURED
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def size(count: float | None) -> str:
    """Bytes as ``812 bytes``, ``14 kB``, ``1.4 MB``, ``148 MB``, ``2.3 GB`` (powers of 1000)."""
    if count is None:
        return NOT_MEASURED
    if count < 1000:
        return f"{count:.0f} bytes"
    return _scaled(count, ("kB", "MB", "GB", "TB"))


def amount(count: float | None) -> str:
    """Large counts as ``950``, ``4.7 million``, ``1.2 billion``."""
    if count is None:
        return NOT_MEASURED
    if count < 1_000_000:
        return f"{count:,.0f}".replace(",", "\u202f")
    return _scaled(count / 1000, ("million", "billion", "trillion"))


def _scaled(value: float, units: tuple[str, ...]) -> str:
    for unit in units:
        value /= 1000
        if round(value) < 1000 or unit == units[-1]:
            break
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"


def share(value: float | None, interval: tuple[float | None, float | None] | None = None) -> str:
    """``92.4 %``; with its interval ``92.4 % ± 2.7``, in the precision the interval supports."""
    if value is None:
        return "–"
    if interval is None or None in interval:
        return f"{value:.1%}".replace("%", " %")
    half = 50 * (interval[1] - interval[0])
    digits = 0 if half >= 10 else 1
    return f"{100 * value:.{digits}f} % ± {half:.{digits}f}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 photo``, ``3 photos``, ``2 classes`` (with ``plural``)."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}".replace(",", "\u202f")


def moment(seconds: float | None) -> str:
    """A time since 1970 as ``2026-03-04 17:05`` in UTC."""
    return "–" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def ago(seconds: float | None, now: float) -> str:
    """How long ago a moment was: ``just now``, ``4 min ago``, ``3 days ago``."""
    if seconds is None:
        return "never"
    passed = max(0.0, now - seconds)
    for limit, length, unit in ((3600, 60, "min"), (172_800, 3600, "h"), (float("inf"), 86_400, "days")):
        if passed < 60:
            return "just now"
        if passed < limit:
            return f"{passed // length:.0f} {unit} ago"
    raise AssertionError("the last limit is infinite")
