"""Turning on the spot in small steps, weight over the foot that stays."""

from __future__ import annotations

import numpy as np

from kinesec.sources.procedural.body import LEFT, RIGHT, Performer
from kinesec.sources.procedural.curves import bump, ease, track
from kinesec.sources.procedural.plan import ABDUCT, FLEX, YAW, Plan, Swing, X, Z, frames, half_stance, standing, step


def turn(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Turns on the spot by 80 to 170 degrees in small steps, again and again, standing before and after."""
    pieces: list[tuple[float, float, int, float]] = []
    clock = rng.uniform(0.3, 0.5)
    while True:
        angle = rng.uniform(80, 170) * rng.choice([-1, 1])
        steps = int(np.ceil(abs(angle) / 48))
        pace = rng.uniform(0.40, 0.5) / performer.tempo
        if pieces and clock + steps * pace > seconds:
            break
        pieces.append((clock, angle, steps, pace))
        clock += 2 * steps * pace + rng.uniform(0.5, 0.8)
    time = frames(clock, fps)
    plan = standing(performer, time)
    swings = []
    heading = 0.0
    for start, angle, steps, pace in pieces:
        first = LEFT if angle > 0 else RIGHT
        stop = start + 2 * steps * pace
        course = ease(time, start, stop)
        plan.pelvis_turn[:, YAW] += angle * course
        early = angle * (ease(time, start - 0.2, stop - 0.35) - course)
        plan.head[:, YAW] += np.clip(0.8 * early, -50, 50)
        plan.spine[:, YAW] += np.clip(0.5 * early, -25, 25)
        for k in range(2 * steps):
            side = first if k % 2 == 0 else 1 - first
            begin = start + k * pace
            yaw = heading + angle * (k // 2 + 1) / steps
            sign = 1.0 if side == LEFT else -1.0
            left = np.array([np.cos(np.radians(yaw)), -np.sin(np.radians(yaw))])
            to = sign * half_stance(performer) * left
            swings.append(
                Swing(
                    side=side,
                    start=begin + 0.12 * pace,
                    stop=begin + 0.95 * pace,
                    to=(float(to[0]), float(to[1])),
                    yaw=yaw + sign * performer.toe_out,
                    lift=50 * performer.amplitude,
                    off=22,
                    mid=10,
                    lead=0.1,
                )
            )
            # The weight goes over the foot that stays.
            plan.pelvis[:, [X, Z]] -= 0.35 * bump(time, begin - 0.2, begin + pace + 0.15)[:, None] * to
        for side in (LEFT, RIGHT):
            swing = np.sin(np.pi * (time - start) / pace) * bump(time, start, stop)
            plan.arm[:, side, FLEX] += 9 * swing * (1 if side == first else -1)
            plan.arm[:, side, ABDUCT] += track(time, [(start, 0), (start + 0.4, 5), (stop, 0)])
        heading += angle
    step(plan, swings)
    return plan
