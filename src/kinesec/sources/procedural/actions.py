"""Whole-body actions on the spot: jump, squat, sit_down and kick. Each cycle begins and ends near standing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kinesec.sources.procedural.body import LEFT, RIGHT, Performer
from kinesec.sources.procedural.curves import ballistic, ease
from kinesec.sources.procedural.plan import (
    ABDUCT,
    ELBOW,
    FLEX,
    PITCH,
    ROLL,
    YAW,
    Plan,
    X,
    Y,
    Z,
    frames,
    half_stance,
    standing,
)

GRAVITY = 9810.0  # mm/s²


def starts(
    rng: np.random.Generator, seconds: float, draw: Callable[[], float]
) -> tuple[list[tuple[float, float]], float]:
    """Starts and durations of as many cycles as come nearest to ``seconds``, with pauses, and the whole length."""
    clock = float(rng.uniform(0.25, 0.5))
    cycles: list[tuple[float, float]] = []
    while not cycles or clock + 0.5 * cycles[-1][1] < seconds:
        duration = draw()
        cycles.append((clock, duration))
        clock += duration + float(rng.uniform(0.2, 0.5))
    return cycles, clock


def jump(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Two-footed jumps upwards or forwards, 0.36 to 0.52 s in the air."""
    cycles, length = starts(rng, seconds, lambda: rng.uniform(2.1, 2.4) / performer.tempo)
    time = frames(length, fps)
    plan = standing(performer, time)
    forward = rng.uniform(0, 550)
    knots = [(0.0, 0.0, 0.0)]
    for start, duration in cycles:
        air = float(np.clip(rng.uniform(0.38, 0.5) * performer.amplitude, 0.36, 0.52))
        dip = rng.uniform(230, 320) * performer.height / 1750
        far = forward * rng.uniform(0.8, 1.2)
        low = start + 0.6 / performer.tempo
        off = low + 0.27
        land = off + air
        rise, fall, absorb = 70.0, 55.0, rng.uniform(150, 220)
        up = GRAVITY * air / 2 - fall / air
        knots += [
            (start, 0, 0),
            (low, -dip, 0),
            (off, rise, up),
            (land, rise - fall, up - GRAVITY * air),
            (land + 0.17, -absorb, 0),
            (start + duration, 0, 0),
        ]
        end = start + duration
        for side in (LEFT, RIGHT):
            lag = rng.uniform(0, 0.015)
            flight = np.clip(time - off, 0, air)
            plan.foot[:, side, Y] += 0.5 * GRAVITY * flight * (air - flight)
            plan.foot[:, side, Z] += far * np.clip((time - off) / air, 0, 1)
            pitch = [(low, 0), (off - 0.1, 6), (off, 48), (off + 0.1, 42), (land - 0.06, 28), (land, 22)]
            plan.add("foot_pitch", (side,), [*pitch, (land + 0.09 + lag, 0)])
            plan.contact[(time > off) & (time < land), side] = False
            arm = [(start, 0), (low - 0.1, -45), (off, 75), (off + 0.5 * air, 120), (land + 0.1, 35), (end, 0)]
            plan.add("arm", (side, FLEX), [(t + lag, performer.amplitude * v) for t, v in arm])
            plan.add("arm", (side, ELBOW), [(start, 0), (low, 8), (off, 25), (land, 35), (end, 0)])
            plan.add("arm", (side, ABDUCT), [(start, 0), (off, 8), (land + 0.1, 18), (end, 0)])
        plan.pelvis[:, Z] += far * np.clip((time - off) / air, 0, 1)
        plan.add(
            "pelvis",
            (Z,),
            [(start, 0), (low, -70), (off, 25 if far > 200 else 0), (land, 0), (land + 0.17, -50), (end, 0)],
        )
        lean = [(start, 0), (low, 36), (off, 4), (land, 10), (land + 0.17, 28), (end, 0)]
        plan.add("pelvis_turn", (PITCH,), [(t, 0.6 * v) for t, v in lean])
        plan.add("spine", (PITCH,), [(t, 0.5 * v) for t, v in lean])
    plan.pelvis[:, Y] += ballistic(time, knots)
    return plan


def squat(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Squats to a depth near or below knee height, arms held forward, feet flat."""
    cycles, length = starts(rng, seconds, lambda: rng.uniform(1.9, 2.5) / performer.tempo)
    time = frames(length, fps)
    plan = standing(performer, time)
    widen = rng.uniform(40, 90)
    for side, sign in ((LEFT, 1.0), (RIGHT, -1.0)):
        plan.foot[:, side, X] += sign * widen
        plan.foot_yaw[:, side] += sign * 8
    depth = rng.uniform(0.42, 0.54) * performer.leg
    reach = rng.uniform(65, 95)
    for start, duration in cycles:
        deep = depth * rng.uniform(0.92, 1.08) * performer.amplitude
        hold, end = rng.uniform(0.05, 0.25), start + duration
        low = start + 0.45 * (duration - hold)
        course = [(start, 0.0), (low, 1.0), (low + hold, 1.0), (end, 0.0)]

        def scaled(value: float, knots: list[tuple[float, float]] = course) -> list[tuple[float, float]]:
            return [(t, value * v) for t, v in knots]

        plan.add("pelvis", (Y,), scaled(-deep))
        plan.add("pelvis", (Z,), scaled(-0.36 * deep))
        plan.add("pelvis_turn", (PITCH,), scaled(24))
        plan.add("spine", (PITCH,), scaled(14))
        for side in (LEFT, RIGHT):
            plan.add("arm", (side, FLEX), scaled(reach))
            plan.add("arm", (side, ELBOW), scaled(-5))
    return plan


def sit_down(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Sits down on a chair of 40 to 48 cm behind the heels, rests there and rises again."""
    hold = rng.uniform(0.7, 1.3)
    cycles, length = starts(rng, seconds, lambda: rng.uniform(3.0, 3.4) / performer.tempo + hold)
    time = frames(length, fps)
    plan = standing(performer, time)
    chair = rng.uniform(400, 480) + 0.05 * performer.height  # the hips' height over the seat
    drop = performer.standing - chair
    back = 0.42 * performer.leg
    for start, duration in cycles:
        end = start + duration
        down, up = start + 0.42 * (duration - hold), end - 0.45 * (duration - hold)
        half = 0.5 * (start + down)
        sat = ease(time, start + 0.15, down) - ease(time, up + 0.1, end)
        plan.pelvis[:, Y] -= drop * sat
        plan.pelvis[:, Z] -= back * (ease(time, start, down - 0.1) - ease(time, up + 0.1, end - 0.1))
        lean = [(start, 0), (half + 0.1, 38), (down + 0.25, -3), (up - 0.35, -3), (up + 0.3, 40), (end, 0)]
        plan.add("pelvis_turn", (PITCH,), [(t, 0.55 * v) for t, v in lean])
        plan.add("spine", (PITCH,), [(t, 0.5 * v) for t, v in lean])
        for side in (LEFT, RIGHT):
            knots = [(start, 0), (half, 20), (down + 0.2, 15), (up, 15), (up + 0.4, 24), (end, 0)]
            plan.add("arm", (side, FLEX), knots)
            plan.add("arm", (side, ELBOW), [(t, 2.2 * v) for t, v in knots])
    return plan


def kick(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Front kicks with the dominant leg at knee to chest height, the other foot planted."""
    cycles, length = starts(rng, seconds, lambda: rng.uniform(1.55, 1.85) / performer.tempo)
    time = frames(length, fps)
    plan = standing(performer, time)
    leg = performer.dominant
    other = 1 - leg
    sign = 1.0 if leg == LEFT else -1.0
    high = rng.uniform(52, 82)
    for start, duration in cycles:
        top = high * rng.uniform(0.93, 1.07) * performer.amplitude**0.5
        beat = duration / 1.7
        off, back, swing, hit, fold, down = (start + beat * t for t in (0.30, 0.48, 0.62, 0.78, 0.98, 1.38))
        end = start + duration
        polar = [(back, -28.0, 0.86), (swing, 22.0, 0.80), (hit, top, 1.02), (fold, 30.0, 0.80)]
        knots = [(off, 0.0, 0.0), (off + 0.07 * beat, -8.0, 28.0)]
        for at, angle, ratio in polar:
            a = np.radians(angle)
            rise = performer.standing - performer.lengths["pelvis"] - performer.lengths["ankle"]
            knots.append((at, ratio * performer.leg * np.sin(a), rise - ratio * performer.leg * np.cos(a)))
        # At the hit the pelvis is ahead by 55 mm and the foot is turned about its heel.
        tilt, of = np.radians(top - 22), performer.lengths
        ahead = of["heel"] * (1 - np.cos(tilt)) + of["ankle"] * np.sin(tilt)
        knots[4] = (hit, knots[4][1] + 55 + ahead, knots[4][2])
        knots.insert(5, (hit + 0.05, *knots[4][1:]))
        knots += [(down - 0.1 * beat, 10.0, 32.0), (down, 0.0, 0.0)]
        plan.add("foot", (leg, Z), [(t, z) for t, z, _ in knots])
        plan.add("foot", (leg, Y), [(t, y) for t, _, y in knots])
        plan.add(
            "foot_pitch",
            (leg,),
            [
                (start + 0.1 * beat, 0),
                (off, 24),
                (back, 62),
                (swing, 25),
                (hit, 22 - top),
                (fold, 8),
                (down, 6),
                (down + 0.12, 0),
            ],
        )
        plan.contact[(time > off) & (time < down), leg] = False
        shift = [(start, 0.0), (off, 0.85), (fold, 0.85), (down + 0.05, 0.35), (end, 0.0)]
        plan.add("pelvis", (X,), [(t, -sign * half_stance(performer) * v) for t, v in shift])
        plan.add("pelvis", (Z,), [(start, 0), (back, 25), (hit, 55), (fold, 20), (end, 0)])
        plan.add("pelvis", (Y,), [(start, 0), (off, -12), (hit, 0), (down, -18), (end, 0)])
        plan.add("pelvis_turn", (PITCH,), [(start, 0), (back, 8), (hit, -14), (fold, -4), (end, 0)])
        plan.add("pelvis_turn", (YAW,), [(start, 0), (back, sign * 9), (hit, -sign * 16), (fold, -sign * 5), (end, 0)])
        plan.add("pelvis_turn", (ROLL,), [(start, 0), (off, sign * 2), (hit, sign * 5), (end, 0)])
        plan.add("spine", (PITCH,), [(start, 0), (back, 6), (hit, 8), (fold, 8), (end, 0)])
        plan.add("spine", (YAW,), [(start, 0), (back, -sign * 10), (hit, sign * 20), (end, 0)])
        plan.add("arm", (other, FLEX), [(start, 0), (back, -12), (hit, 42), (fold, 20), (end, 0)])
        plan.add("arm", (leg, FLEX), [(start, 0), (back, 35), (hit, -32), (fold, -8), (end, 0)])
        for side in (LEFT, RIGHT):
            plan.add("arm", (side, ABDUCT), [(start, 0), (back, 18), (hit, 26), (fold, 16), (end, 0)])
            plan.add("arm", (side, ELBOW), [(start, 0), (off, 35), (hit, 32), (end, 0)])
    return plan
