"""Locomotion: walk and run along a curved path; feet are planted from footfall to toe-off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesec.sources.procedural.body import LEFT, RIGHT, Performer
from kinesec.sources.procedural.curves import noise
from kinesec.sources.procedural.plan import (
    ABDUCT,
    ELBOW,
    FLEX,
    PITCH,
    ROLL,
    YAW,
    Plan,
    Swing,
    X,
    Y,
    Z,
    frames,
    half_stance,
    standing,
    step,
)

MARGIN = 2.5  # seconds of path before and after the take, for footfalls outside it


@dataclass(frozen=True)
class Gait:
    """A cyclic gait. Speeds in mm/s, times in seconds, angles in degrees, ``duty`` the planted share of a cycle."""

    speed: float
    cycle: float
    duty: float
    ahead: float  # share of the stance after which the ankle is under the pelvis
    lift: float
    peak: float
    off: float
    mid: float
    land: float
    lead: float
    lag: float
    late: float
    bob: float
    crouch: float
    sway: float
    lean: float
    pelvis_yaw: float
    arm: float
    arm_middle: float
    elbow: float
    elbow_swing: float


def walk(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Walking at 1.0 to 1.6 m/s, straight on or along a curve."""
    size, vigour = performer.height / 1750, performer.amplitude * rng.uniform(0.92, 1.08)
    speed = rng.uniform(1050, 1500) * size * performer.amplitude
    gait = Gait(
        speed=speed,
        cycle=1.1 * np.sqrt(size) * (1300 * size / speed) ** 0.45 / performer.tempo,
        duty=0.61,
        ahead=0.40,
        lift=45 * vigour,
        peak=0.4,
        off=48 * vigour,
        mid=26 * vigour,
        land=-17 * vigour,
        lead=0.2,
        lag=0.1,
        late=0.35,
        bob=18 * vigour,
        crouch=0,
        sway=22,
        lean=2,
        pelvis_yaw=6 * vigour,
        arm=23 * vigour,
        arm_middle=3,
        elbow=8,
        elbow_swing=9 * vigour,
    )
    return _go(gait, performer, rng, seconds * rng.uniform(0.9, 1.1), fps, rng.uniform(-25, 25))


def run(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Running at 2.4 to 3.8 m/s with a flight after each push-off."""
    size, vigour = performer.height / 1750, performer.amplitude * rng.uniform(0.92, 1.08)
    speed = rng.uniform(2600, 3500) * size * performer.amplitude
    gait = Gait(
        speed=speed,
        cycle=0.72 * np.sqrt(size) * (3000 * size / speed) ** 0.2 / performer.tempo,
        duty=0.34,
        ahead=0.29,
        lift=230 * vigour,
        peak=0.36,
        off=64 * vigour,
        mid=95 * vigour,
        land=-5,
        lead=0.19,
        lag=0.05,
        late=0.6,
        bob=-34 * vigour,
        crouch=72,
        sway=10,
        lean=9 * vigour,
        pelvis_yaw=8 * vigour,
        arm=38 * vigour,
        arm_middle=-8,
        elbow=78,
        elbow_swing=14 * vigour,
    )
    return _go(gait, performer, rng, seconds * rng.uniform(0.9, 1.1), fps, rng.uniform(-20, 20))


def _go(g: Gait, performer: Performer, rng: np.random.Generator, seconds: float, fps: float, curve: float) -> Plan:
    """A plan of a gait along a path that turns by about ``curve`` degrees a second.

    Phase 0 of a cycle is the left footfall, 0.5 the right one.
    """
    time = frames(seconds, fps)
    plan = standing(performer, time)
    count = len(time)
    pad = round(MARGIN * fps)
    wide = np.arange(-pad, count + pad) / fps
    slow = noise(rng, fps, (len(wide), 3), 0.3)
    heading = np.cumsum(curve + 6 * slow[:, 0]) / fps
    heading -= heading[pad]
    pace = g.speed * (1 + 0.03 * slow[:, 1])[:, None] / fps
    path = np.cumsum(pace * np.stack([np.sin(np.radians(heading)), np.cos(np.radians(heading))], axis=1), axis=0)
    path -= path[pad]
    phase = np.cumsum((1 + 0.025 * slow[:, 2]) / (g.cycle * fps)) + rng.uniform()
    now = slice(pad, pad + count)

    def at(curve_: np.ndarray, second: float) -> float:
        return float(np.interp(second, wide, curve_))

    width = half_stance(performer) * 0.75
    swings = []
    for side, sign in ((LEFT, 1.0), (RIGHT, -1.0)):
        falls = np.arange(np.ceil(phase[0] - 0.5 * side), phase[-1] - 0.5 * side) + 0.5 * side
        landing = np.interp(falls, phase, wide)
        takeoff = np.interp(falls + g.duty, phase, wide)
        under = np.interp(falls + g.ahead * g.duty, phase, wide)
        middle = np.interp(falls + 0.5 * g.duty, phase, wide)
        places = []
        for second, centre in zip(under, middle, strict=True):
            toward = at(heading, centre)
            aside = np.array([np.cos(np.radians(toward)), -np.sin(np.radians(toward))])
            place = np.array([at(path[:, 0], second), at(path[:, 1], second)]) + sign * width * aside
            places.append((place + rng.normal(0, 6, 2), toward + sign * performer.toe_out + rng.normal(0, 1)))
        plan.foot[:, side, [X, Z]] = places[0][0]
        plan.foot_yaw[:, side] = places[0][1]
        for k in range(1, len(places)):
            swings.append(
                Swing(
                    side=side,
                    start=float(takeoff[k - 1]),
                    stop=float(landing[k]),
                    to=(float(places[k][0][0]), float(places[k][0][1])),
                    yaw=float(places[k][1]),
                    lift=g.lift,
                    peak=g.peak,
                    off=g.off,
                    mid=g.mid,
                    land=g.land,
                    lead=g.lead,
                    lag=g.lag,
                    late=g.late,
                )
            )
    step(plan, swings)

    turn = heading[now]
    left = np.stack([np.cos(np.radians(turn)), -np.sin(np.radians(turn))], axis=1)
    cycle = 2 * np.pi * phase[now]
    stance = 2 * np.pi * (phase[now] - 0.5 * g.duty)  # 0 at the middle of the left stance
    plan.pelvis[:, [X, Z]] = path[now] + g.sway * np.cos(stance)[:, None] * left
    plan.pelvis[:, Y] += g.bob * np.cos(2 * stance) - g.crouch
    plan.pelvis_turn[:, YAW] += turn - g.pelvis_yaw * np.cos(cycle)
    plan.pelvis_turn[:, ROLL] += 2.5 * np.cos(stance + 0.5) - 0.1 * curve * g.speed / 3000
    plan.pelvis_turn[:, PITCH] += 0.5 * g.lean
    plan.spine[:, PITCH] += 0.5 * g.lean + 0.8 * np.cos(2 * cycle)
    plan.spine[:, YAW] += 2.0 * g.pelvis_yaw * np.cos(cycle)
    plan.spine[:, ROLL] -= 2.5 * np.cos(stance + 0.5)
    plan.head[:, YAW] -= g.pelvis_yaw * np.cos(cycle)
    for side, sign in ((LEFT, 1.0), (RIGHT, -1.0)):
        swing = -sign * np.cos(cycle - 0.15)  # the arm is back when its own leg lands in front
        plan.arm[:, side, FLEX] += g.arm * swing + g.arm_middle
        plan.arm[:, side, ELBOW] += g.elbow + g.elbow_swing * swing
        plan.arm[:, side, ABDUCT] += 0.05 * g.elbow
    return plan
