"""Instants and durations, exact to the nanosecond.  An instant without an offset is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

Instant = int  # nanoseconds since 1970-01-01T00:00:00Z

NANOS = 1_000_000_000
LONGEST_DURATION = 40  # characters
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600), "d": Fraction(86_400)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str) -> Instant | None:
    """RFC 3339 with an offset (`2026-12-01T08:00:00Z`), or None."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        year, month, day_of, hour, minute, second = (int(match[k]) for k in range(1, 7))
        day = datetime(year, month, day_of, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if match[9]:
        hours, minutes = int(match[10]), int(match[11])
        if hours > 23 or minutes > 59:
            return None
        shift = timedelta(hours=hours, minutes=minutes)
        try:
            day = day - shift if match[9] == "+" else day + shift
        except OverflowError:
            return None
    whole = day - _EPOCH
    return (whole.days * 86_400 + whole.seconds) * NANOS + int((match[7] or "0").ljust(9, "0"))


def say_instant(when: Instant) -> str:
    """`2026-09-30T23:59:59.2Z`: no digit more than the instant has."""
    seconds, nanos = divmod(when, NANOS)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    part = f".{nanos:09d}".rstrip("0") if nanos else ""
    return f"{text}{part}Z"


def say_day(when: Instant) -> str:
    return say_instant(when)[:10]


def duration(text: str) -> Fraction | None:
    """Seconds of `5s`, `250ms`, `10m`, `8h`, `30d`, or None."""
    match = _DURATION.fullmatch(text) if len(text) <= LONGEST_DURATION else None
    return Fraction(match[1]) * _SECONDS[match[2]] if match else None


def seconds_between(later: Instant, earlier: Instant) -> Fraction:
    return Fraction(later - earlier, NANOS)
