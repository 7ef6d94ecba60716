"""A plan: what an action asks of the body at each frame, before the legs are solved.

Angles are in degrees, lengths in millimetres. Turns are [pitch (forward), yaw (to the left), roll (to the right)]. An
arm is [FLEX (forward and up, from hanging), ABDUCT (outwards), EXTERN (outward turn about the upper arm), ELBOW,
WRIST]; its FLEX is relative to gravity and not to the trunk, so a leaning body's arms hang.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesec.sources.procedural.body import LEFT, RIGHT, Performer
from kinesec.sources.procedural.curves import Knots, bump, carry, ease, noise, track

PITCH, YAW, ROLL = 0, 1, 2
FLEX, ABDUCT, EXTERN, ELBOW, WRIST = range(5)
X, Y, Z = 0, 1, 2


@dataclass
class Plan:
    """Controls over ``time`` (frame,).

    ``pelvis`` (frame, xyz); ``pelvis_turn``, ``spine``, ``head`` (frame, 3); ``arm`` (frame, side, 5); ``foot``
    (frame, side, xyz) is where the flat foot's ankle would stand, with y the lift above standing; ``foot_yaw`` and
    ``foot_pitch`` (frame, side), pitch positive with the heel up; ``contact`` (frame, side) is True while planted.
    """

    time: np.ndarray
    pelvis: np.ndarray
    pelvis_turn: np.ndarray
    spine: np.ndarray
    head: np.ndarray
    arm: np.ndarray
    foot: np.ndarray
    foot_yaw: np.ndarray
    foot_pitch: np.ndarray
    contact: np.ndarray

    def add(self, field: str, where: tuple[int, ...], knots: Knots) -> None:
        """Adds a keyed track to one channel of a field."""
        getattr(self, field)[(slice(None), *where)] += track(self.time, knots)


@dataclass(frozen=True)
class Swing:
    """One foot's flight from where it stands to ``to`` (x, z) millimetres and ``yaw`` degrees.

    The heel rises before ``start`` by ``lead`` seconds to pitch ``off``; the foot passes pitch ``mid``, lands at
    ``stop`` with pitch ``land`` and is flat ``lag`` seconds later. ``lift`` is the ball's rise, highest at the fraction
    ``peak``.
    ``late`` (0 to 1) delays the foot's travel, as in gaits, where it lands while still moving.
    """

    side: int
    start: float
    stop: float
    to: tuple[float, float]
    yaw: float
    lift: float = 60.0
    peak: float = 0.45
    off: float = 25.0
    mid: float = 15.0
    land: float = 0.0
    lead: float = 0.12
    lag: float = 0.08
    late: float = 0.0


def frames(seconds: float, fps: float) -> np.ndarray:
    """The times (frame,) of a motion, in seconds."""
    return np.arange(max(2, round(seconds * fps))) / fps


def standing(performer: Performer, time: np.ndarray) -> Plan:
    """A plan of standing still at the origin, facing +z."""
    count = len(time)
    plan = Plan(
        time=time,
        pelvis=np.zeros((count, 3)),
        pelvis_turn=np.zeros((count, 3)),
        spine=np.zeros((count, 3)),
        head=np.zeros((count, 3)),
        arm=np.zeros((count, 2, 5)),
        foot=np.zeros((count, 2, 3)),
        foot_yaw=np.zeros((count, 2)),
        foot_pitch=np.zeros((count, 2)),
        contact=np.ones((count, 2), dtype=bool),
    )
    plan.pelvis[:, Y] = performer.standing
    plan.spine[:, PITCH] = performer.lean
    plan.arm[..., ABDUCT] = performer.arm_out
    plan.arm[..., ELBOW] = performer.elbow
    for side, sign in ((LEFT, 1.0), (RIGHT, -1.0)):
        plan.foot[:, side, X] = sign * half_stance(performer)
        plan.foot_yaw[:, side] = sign * performer.toe_out
    return plan


def half_stance(performer: Performer) -> float:
    """Half the distance between the feet at rest, millimetres."""
    return performer.stance * performer.lengths["hip_width"] / 2


def step(plan: Plan, swings: Sequence[Swing]) -> None:
    """Moves the feet through their swings: planted in between."""
    for side in (LEFT, RIGHT):
        place, yaw = plan.foot[0, side, [X, Z]].copy(), float(plan.foot_yaw[0, side])
        for s in sorted((s for s in swings if s.side == side), key=lambda s: s.start):
            course = (1 - s.late) * ease(plan.time, s.start, s.stop) + s.late * carry(plan.time, s.start, s.stop)
            plan.foot[:, side, [X, Z]] += course[:, None] * (np.asarray(s.to) - place)
            plan.foot_yaw[:, side] += course * (s.yaw - yaw)
            plan.foot[:, side, Y] += s.lift * bump(plan.time, s.start, s.stop, s.peak)
            knots = [
                (s.start - s.lead, 0.0),
                (s.start + 0.1 * (s.stop - s.start), s.off),
                (s.start + 0.35 * (s.stop - s.start), s.mid),
                (s.stop - 0.02, s.land),
                (s.stop + s.lag, 0.0),
            ]
            plan.foot_pitch[:, side] += track(plan.time, knots)
            plan.contact[(plan.time > s.start) & (plan.time < s.stop), side] = False
            place, yaw = np.asarray(s.to), s.yaw


def turn_world(plan: Plan, heading: float, origin: np.ndarray) -> None:
    """Turns a plan by ``heading`` degrees about the vertical and moves it to ``origin`` (x, z)."""
    c, s = np.cos(np.radians(heading)), np.sin(np.radians(heading))
    turn = np.array([[c, -s], [s, c]])  # (x, z) @ turn: a yaw to the left takes +z to +x
    for array in (plan.pelvis, plan.foot):
        array[..., [X, Z]] = array[..., [X, Z]] @ turn + origin
    plan.pelvis_turn[:, YAW] += heading
    plan.foot_yaw += heading


def enliven(plan: Plan, performer: Performer, rng: np.random.Generator, fps: float, amplitude: float) -> None:
    """Adds idle sway (about 0.4 Hz), slow drift of joint angles and a faint tremor (5 Hz) to a plan."""
    scale = amplitude * performer.sway
    count = len(plan.time)
    for hertz, mm, degrees in ((0.4, 5.0, 1.2), (1.5, 1.5, 0.6), (5.0, 0.3, 0.12)):
        plan.pelvis += scale * mm * noise(rng, fps, (count, 3), hertz) * np.array([1.0, 0.4, 1.0])
        plan.pelvis_turn += scale * 0.6 * degrees * noise(rng, fps, (count, 3), hertz)
        plan.spine += scale * degrees * noise(rng, fps, (count, 3), hertz)
        plan.head += scale * 1.6 * degrees * noise(rng, fps, (count, 3), hertz)
        plan.arm += scale * 1.8 * degrees * noise(rng, fps, (count, 2, 5), hertz)
    plan.foot[..., [X, Z]] += scale * 0.4 * noise(rng, fps, (count, 2, 2), 1.0)
