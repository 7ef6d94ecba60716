"""Numbers, names and settings as the report prints them."""

from __future__ import annotations

import math

FINE = 0.001  # of a millimetre or per cent: what is less is arithmetic, not motion
NONE = "\u2013"
# what values of a quantity can be; a symmetric interval may say more than that, and is shown within
ANY, PERCENT, SHARE, LENGTH, POINTS = (
    (-math.inf, math.inf), (0.0, 100.0), (0.0, 1.0), (0.0, math.inf), (-100.0, 100.0),
)  # fmt: skip


def number(value: float) -> str:
    """A value with the digits that count: 2,700,904; 113.0; 9.25; 0.62; 0.0018; <0.001."""
    if math.isnan(value):
        return NONE
    if value == 0:
        return "0"
    if abs(value) < FINE:
        return f"<{FINE}" if value > 0 else f">-{FINE}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    if abs(value) >= 1:
        return f"{value:.2f}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"


def interval(value: float, low: float, high: float, *, within: tuple[float, float] = ANY) -> str:
    """``mean (low\u2013high)``, the ends kept ``within`` the range of the quantity."""
    if not math.isnan(low):
        low, high = max(low, within[0]), min(high, within[1])
    mean, ends = number(value), (number(low), number(high))
    if math.isnan(value) or math.isnan(low) or ends == (mean, mean):
        return mean
    return f"{mean} ({ends[0]}{' to ' if low < 0 else NONE}{ends[1]})"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def pretty(name: str) -> str:
    return name.replace("_", " ")


def plain(value: object) -> str:
    """Nested settings as text: ``unit mm: 10; notes: one, two``; what is empty is left out."""
    if isinstance(value, dict):
        return "; ".join(
            f"{pretty(str(key))}: {plain(inner)}" for key, inner in value.items() if inner not in (None, "", [], {}, ())
        )
    if isinstance(value, list | tuple):
        return ", ".join(plain(inner) for inner in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
