"""From a plan to a motion: feet pivot on heel or ball, the pelvis sinks as far as the legs reach, legs by two-bone IK.

Rotations act on column vectors, y up, +z forward, +x left; all steps are vectorised over frames.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from kinesec.motion.kinematics import forward, quaternions_from_matrices
from kinesec.motion.recording import Motion, Recording
from kinesec.sources.procedural.body import LEFT, RIGHT, SIDES, Performer
from kinesec.sources.procedural.curves import cover, smooth
from kinesec.sources.procedural.plan import ABDUCT, ELBOW, EXTERN, FLEX, PITCH, ROLL, WRIST, YAW, Plan, Y

REACH = 0.993  # a planted leg's longest reach, as a fraction of its length: keeps the knee off its singular pose
REACH_FREE = 0.93  # from here on a swinging leg's reach saturates, towards FULL
FULL = 0.997
SMOOTHING = 0.022
ELBOW_LIMITS = (4.0, 150.0)
TOE_LIMIT = 60.0


def rotation(axis: int, degrees: np.ndarray) -> np.ndarray:
    """Rotation matrices (..., 3, 3) about x (0), y (1) or z (2)."""
    angle = np.radians(degrees)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., axis, axis] = 1.0
    matrix[..., i, i] = matrix[..., j, j] = np.cos(angle)
    matrix[..., j, i] = np.sin(angle)
    matrix[..., i, j] = -matrix[..., j, i]
    return matrix


def turned(turn: np.ndarray) -> np.ndarray:
    """Matrices (..., 3, 3) of turns (..., [pitch, yaw, roll]) in degrees: yaw, then pitch, then roll."""
    return np.asarray(rotation(1, turn[..., YAW]) @ rotation(0, turn[..., PITCH]) @ rotation(2, turn[..., ROLL]))


def _apply(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return np.asarray((matrix @ vector[..., None])[..., 0])


def ankles(plan: Plan, performer: Performer) -> np.ndarray:
    """Ankle targets (frame, side, xyz): a raised heel turns the foot about its ball, a raised toe about its heel."""
    of = performer.lengths
    ball = np.array([0.0, -0.55 * of["ankle"], of["ball"]])
    heel = np.array([0.0, -of["ankle"], -of["heel"]])
    weight = expit(plan.foot_pitch / 1.5)[..., None]
    pivot = weight * ball + (1 - weight) * heel
    yaw = rotation(1, plan.foot_yaw)
    moved = _apply(yaw, pivot - _apply(rotation(0, plan.foot_pitch), pivot))
    return np.asarray(plan.foot + np.array([0.0, of["ankle"], 0.0]) + moved)


def hips(plan: Plan, performer: Performer, pelvis: np.ndarray) -> np.ndarray:
    """Hip joints (frame, side, xyz) under a turned pelvis."""
    matrix = turned(plan.pelvis_turn)[:, None]
    index = [performer.skeleton.names.index(f"{side}UpLeg") for side in SIDES]
    return np.asarray(pelvis[:, None] + _apply(matrix, performer.skeleton.offsets[index]))


def sink(plan: Plan, performer: Performer, ankle: np.ndarray, fps: float) -> np.ndarray:
    """The pelvis (frame, xyz), lowered smoothly to where planted feet are within reach."""
    hip = hips(plan, performer, plan.pelvis)
    flat = np.sum((hip - ankle)[..., [0, 2]] ** 2, axis=-1)
    room = np.sqrt(np.maximum((REACH * performer.leg) ** 2 - flat, (0.3 * performer.leg) ** 2))
    excess = np.where(plan.contact, np.maximum(hip[..., Y] - ankle[..., Y] - room, 0.0), 0.0)
    pelvis = plan.pelvis.copy()
    pelvis[:, Y] -= cover(excess.max(axis=1), fps, 0.07)
    return pelvis


def legs(
    hip: np.ndarray, ankle: np.ndarray, yaw: np.ndarray, reach: np.ndarray, performer: Performer
) -> tuple[np.ndarray, np.ndarray]:
    """Global thigh matrices (..., 3, 3) and knee flexions (...) in degrees that bring the ankle to its target.

    The knee is a hinge about the thigh's x axis, which stays as near to the leg's left (``yaw``, degrees) as it can.
    A target out of reach is approached: beyond ``reach`` (...) the distance saturates at ``FULL`` of the leg's length.
    """
    thigh, shank = performer.lengths["thigh"], performer.lengths["shank"]
    to = ankle - hip
    distance = np.linalg.norm(to, axis=-1)
    down = to / distance[..., None]
    ratio = distance / performer.leg
    over = np.maximum(ratio - reach, 0.0) / (FULL - reach)
    ratio = np.where(over > 0, reach + (FULL - reach) * (1 - np.exp(-over)), ratio)
    distance = ratio * performer.leg
    left = np.stack([np.cos(np.radians(yaw)), np.zeros_like(yaw), -np.sin(np.radians(yaw))], axis=-1)
    hinge = left - np.sum(left * down, axis=-1, keepdims=True) * down
    hinge /= np.linalg.norm(hinge, axis=-1, keepdims=True)
    ahead = np.cross(down, hinge)
    at_hip = np.arccos(np.clip((thigh**2 + distance**2 - shank**2) / (2 * thigh * distance), -1, 1))[..., None]
    at_knee = np.arccos(np.clip((thigh**2 + shank**2 - distance**2) / (2 * thigh * shank), -1, 1))
    bone = np.cos(at_hip) * down + np.sin(at_hip) * ahead
    matrix = np.stack([hinge, -bone, np.cross(hinge, -bone)], axis=-1)
    return matrix, 180.0 - np.degrees(at_knee)


def _arms(plan: Plan, trunk_pitch: np.ndarray, local: dict[str, np.ndarray]) -> None:
    for side, sign in ((LEFT, 1.0), (RIGHT, -1.0)):
        arm = plan.arm[:, side]
        hang = rotation(0, -(arm[:, FLEX] + trunk_pitch)) @ rotation(2, sign * (arm[:, ABDUCT] - 90.0))
        lift = 5.0 * np.logaddexp(0.0, 3.0 * sign * hang[:, 1, 0])
        clavicle = rotation(2, sign * lift)
        elbow = np.clip(arm[:, ELBOW], *ELBOW_LIMITS)
        name = SIDES[side]
        local[f"{name}Shoulder"] = clavicle
        local[f"{name}Arm"] = np.swapaxes(clavicle, -1, -2) @ hang @ rotation(0, -arm[:, EXTERN])
        local[f"{name}ForeArm"] = rotation(1, -sign * elbow)
        local[f"{name}Hand"] = rotation(1, -sign * arm[:, WRIST])


def _feet(
    plan: Plan, performer: Performer, ankle: np.ndarray, hip: np.ndarray, fps: float, local: dict[str, np.ndarray]
) -> None:
    pelvis = turned(plan.pelvis_turn)
    yaw = 0.5 * (plan.foot_yaw + plan.pelvis_turn[:, None, YAW])
    planted = np.stack([cover(plan.contact[:, side].astype(float), fps, 0.06) for side in (LEFT, RIGHT)], axis=1)
    thigh, knee = legs(hip, ankle, yaw, REACH_FREE + (REACH - REACH_FREE) * planted, performer)
    bend = rotation(0, knee)
    foot = rotation(1, plan.foot_yaw) @ rotation(0, plan.foot_pitch)
    for side, name in enumerate(SIDES):
        local[f"{name}UpLeg"] = np.swapaxes(pelvis, -1, -2) @ thigh[:, side]
        local[f"{name}Leg"] = bend[:, side]
        local[f"{name}Foot"] = np.swapaxes(thigh[:, side] @ bend[:, side], -1, -2) @ foot[:, side]
        # Toes lie flat on the floor under a raised heel and straighten as the ball leaves it.
        near = np.exp(-np.maximum(plan.foot[:, side, Y], 0.0) / 35.0)
        raised = 3.0 * np.logaddexp(0.0, plan.foot_pitch[:, side] / 3.0) - 3.0 * np.log(2.0)
        local[f"{name}ToeBase"] = rotation(0, -np.clip(near * raised, 0.0, TOE_LIMIT))


def solve(plan: Plan, performer: Performer, fps: float) -> Motion:
    """The motion of a plan: local rotations and global positions, at ``fps`` frames per second."""
    for name in ("pelvis", "pelvis_turn", "spine", "head", "arm", "foot", "foot_yaw", "foot_pitch"):
        setattr(plan, name, smooth(getattr(plan, name), fps, SMOOTHING))
    ankle = ankles(plan, performer)
    pelvis = sink(plan, performer, ankle, fps)
    local: dict[str, np.ndarray] = {"Hips": turned(plan.pelvis_turn)}
    _feet(plan, performer, ankle, hips(plan, performer, pelvis), fps, local)
    local["Spine"] = local["Spine1"] = turned(0.5 * plan.spine)
    trunk = plan.pelvis_turn[:, PITCH] + plan.spine[:, PITCH]
    head = plan.head.copy()
    head[:, PITCH] -= 0.75 * trunk
    local["Neck"] = turned(0.4 * head)
    local["Head"] = turned(0.6 * head)
    _arms(plan, trunk, local)
    skeleton = performer.skeleton
    still = np.broadcast_to(np.eye(3), (len(plan.time), 3, 3))
    matrices = np.stack([local.get(name, still) for name in skeleton.names], axis=1)
    position = forward(matrices, pelvis, skeleton.offsets, skeleton.parents)
    return Motion(
        skeleton=skeleton,
        position=position.astype(np.float32),
        fps=fps,
        recording=Recording(unit_mm=1.0, unit_from="configured", fps_from="configured", axes_from="configured"),
        rotation=quaternions_from_matrices(matrices).astype(np.float32),
    )
