"""Actions of the arms: wave, punch and throw. Each cycle begins and ends near standing."""

from __future__ import annotations

import numpy as np

from kinesec.sources.procedural.actions import starts
from kinesec.sources.procedural.body import LEFT, Performer
from kinesec.sources.procedural.curves import ease
from kinesec.sources.procedural.plan import (
    ABDUCT,
    ELBOW,
    EXTERN,
    FLEX,
    PITCH,
    ROLL,
    WRIST,
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

Keys = list[tuple[float, float]]


def wave(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Raises the dominant hand beside the head and waves it from side to side at 1.4 to 2.3 Hz."""
    cycles, length = starts(rng, seconds, lambda: rng.uniform(3.6, 4.6))
    time = frames(length, fps)
    plan = standing(performer, time)
    arm = performer.dominant
    sign = 1.0 if arm == LEFT else -1.0
    abduct, wide = rng.uniform(62, 100), rng.uniform(20, 30) * performer.amplitude
    hertz = rng.uniform(1.4, 2.1) * performer.tempo
    for start, duration in cycles:
        end = start + duration
        up, down = start + 0.75 / performer.tempo, end - 0.75 / performer.tempo
        raised = ease(time, start, up) - ease(time, down, end)
        swing = np.sin(2 * np.pi * hertz * (time - up)) * (
            ease(time, up - 0.3, up + 0.3) - ease(time, down - 0.3, down + 0.3)
        )
        plan.arm[:, arm, ABDUCT] += (abduct - performer.arm_out) * raised + 0.12 * wide * swing
        plan.arm[:, arm, FLEX] += 18 * raised
        plan.arm[:, arm, EXTERN] += 82 * raised
        plan.arm[:, arm, ELBOW] += (88 - performer.elbow) * raised + wide * swing
        plan.arm[:, arm, WRIST] += 0.5 * wide * np.roll(swing, round(0.05 * fps)) * raised
        plan.spine[:, ROLL] += sign * 3 * raised
        plan.spine[:, YAW] += sign * -2 * swing
        plan.head[:, YAW] += sign * 5 * raised
        plan.pelvis[:, X] -= sign * 18 * raised
    return plan


def punch(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Takes a guard, punches straight two to four times, mostly with the dominant hand, and lowers the hands."""
    blows = int(rng.integers(2, 5))
    beat = rng.uniform(0.62, 0.78) / performer.tempo
    cycles, length = starts(rng, seconds, lambda: 1.35 + blows * beat)
    time = frames(length, fps)
    plan = standing(performer, time)
    strong = performer.dominant
    for side in (0, 1):
        plan.foot[:, side, Z] += (-0.5 if side == strong else 0.5) * 0.14 * performer.height
    for start, duration in cycles:
        end = start + duration
        guard, leave = start + 0.55, end - 0.6
        up = ease(time, start, guard) - ease(time, leave, end)
        plan.pelvis[:, Y] -= 45 * up
        plan.spine[:, PITCH] += 9 * up
        for side in (0, 1):
            plan.arm[:, side, FLEX] += 34 * up
            plan.arm[:, side, ELBOW] += (118 - performer.elbow) * up
            plan.arm[:, side, EXTERN] -= 12 * up
        for blow in range(blows):
            hand = strong if blow == 0 or rng.random() < 0.7 else 1 - strong
            twist = -1.0 if hand == LEFT else 1.0
            at = guard + 0.1 + blow * beat
            hit, home = at + 0.42 * beat, at + 0.95 * beat
            reach = rng.uniform(0.92, 1.05)
            level = rng.uniform(42, 58) * performer.amplitude**0.5
            out: Keys = [(at, 0), (at + 0.14 * beat, -0.12), (hit, 1), (hit + 0.05, 1), (home, 0)]

            def scaled(value: float, knots: Keys = out) -> Keys:
                return [(t, value * v) for t, v in knots]

            plan.add("arm", (hand, FLEX), scaled(level))
            plan.add("arm", (hand, ELBOW), scaled(-106 * min(1.0, reach)))
            plan.add("arm", (hand, ABDUCT), scaled(34))  # keeps the fist before the turning chest
            plan.add("arm", (hand, EXTERN), scaled(-20))
            plan.add("spine", (YAW,), scaled(twist * 30 * performer.amplitude))
            plan.add("pelvis_turn", (YAW,), scaled(twist * 16 * performer.amplitude))
            plan.add("head", (YAW,), scaled(-twist * 32))
            plan.add("pelvis", (Z,), scaled(55 * reach))
            plan.add("spine", (PITCH,), scaled(5))
            if hand == strong:
                plan.add("foot_pitch", (hand,), [(at + 0.1 * beat, 0), (hit, 22), (home + 0.1, 0)])
    return plan


def throw(performer: Performer, rng: np.random.Generator, seconds: float, fps: float) -> Plan:
    """Overarm throws: draws the dominant arm back, steps forward with the other foot, throws and steps back."""
    cycles, length = starts(rng, seconds, lambda: rng.uniform(2.2, 2.5) / performer.tempo)
    time = frames(length, fps)
    plan = standing(performer, time)
    arm = performer.dominant
    other = 1 - arm
    sign = 1.0 if arm == LEFT else -1.0  # a turn to the throwing side
    stride = rng.uniform(0.2, 0.3) * performer.height * performer.amplitude
    side_x = -sign * half_stance(performer)
    yaw = -sign * performer.toe_out
    swings = []
    for start, duration in cycles:
        beat = duration / 2.3
        lift, draw, cock, release, through, home = (start + beat * t for t in (0.3, 0.5, 0.8, 0.98, 1.22, 1.6))
        end = start + duration
        far = stride * rng.uniform(0.9, 1.1)
        swings.append(Swing(other, lift, start + beat * 0.76, (side_x, far), yaw, lift=80, off=20, mid=5, land=-10))
        swings.append(Swing(other, home, home + 0.5 * beat, (side_x, 0.0), yaw, lift=55, off=18, mid=8))
        plan.add(
            "pelvis",
            (Z,),
            [(start, 0), (draw, -45), (cock, 0.3 * far), (through, 0.62 * far), (home, 0.5 * far), (end, 0)],
        )
        plan.add(
            "pelvis",
            (X,),
            [
                (start, 0),
                (draw, -side_x * 0.6),
                (cock, 0),
                (through, side_x * 0.4),
                (home + 0.2 * beat, -side_x * 0.6),
                (end, 0),
            ],
        )
        plan.add("pelvis", (Y,), [(start, 0), (draw, -20), (through, -60), (end, 0)])
        plan.add(
            "pelvis_turn",
            (YAW,),
            [(start, 0), (draw, sign * 32), (cock, sign * 20), (release, -sign * 14), (through, -sign * 24), (end, 0)],
        )
        plan.add(
            "spine",
            (YAW,),
            [(start, 0), (draw, sign * 26), (cock, sign * 28), (release, -sign * 18), (through, -sign * 26), (end, 0)],
        )
        plan.add(
            "spine", (PITCH,), [(start, 0), (draw, -4), (cock, -10), (release, 12), (through, 28), (home, 14), (end, 0)]
        )
        plan.add("pelvis_turn", (PITCH,), [(start, 0), (cock, -4), (through, 14), (end, 0)])
        plan.add("spine", (ROLL,), [(start, 0), (cock, sign * 6), (release, sign * 8), (end, 0)])
        plan.add(
            "head",
            (YAW,),
            [(start, 0), (draw, -sign * 48), (cock, -sign * 42), (release, sign * 24), (through, sign * 30), (end, 0)],
        )
        plan.add(
            "arm",
            (arm, ABDUCT),
            [(start, 0), (draw, 55), (cock, 86), (release, 80), (through, 22), (home, 6), (end, 0)],
        )
        plan.add(
            "arm", (arm, FLEX), [(start, 0), (draw, -14), (cock, 4), (release, 62), (through, 58), (home, 20), (end, 0)]
        )
        plan.add(
            "arm",
            (arm, EXTERN),
            [(start, 0), (draw, 25), (cock, 88), (release, 42), (through, -20), (home, -8), (end, 0)],
        )
        plan.add(
            "arm",
            (arm, ELBOW),
            [(start, 0), (draw, 70), (cock, 85), (release, 12), (through, 12), (home, 14), (end, 0)],
        )
        plan.add("arm", (other, FLEX), [(start, 0), (draw, 50), (cock, 58), (release, 0), (through, -24), (end, 0)])
        plan.add("arm", (other, ABDUCT), [(start, 0), (draw, 22), (cock, 26), (through, 14), (end, 0)])
        plan.add("arm", (other, ELBOW), [(start, 0), (draw, 28), (release, 40), (end, 0)])
        plan.add("foot_pitch", (arm,), [(cock, 0), (release, 26), (through, 40), (home, 24), (home + 0.4 * beat, 0)])
    step(plan, swings)
    return plan
