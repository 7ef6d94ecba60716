"""Projection onto the manifold of human motion beside other solvers, in one thread and one run.

    python benchmarks/bench_projection.py [CLIPS] [--clips 10] [--frames 16] [--witness]

All clips at once, as attacks do, beside scipy's trust-constr on the same objective, gradient and bounds, a clip at a
time. CLIPS is a clips store (``results/clips/hdm05/native48/clips.zarr``); without it motions are made up. Targets lie
half-way between two clips, with noise. ``--witness`` solves a cut of eight joints and four frames also by IPOPT, an
interior-point solver, on a model written down a second time (gekko, on this machine: ``remote=False``; older versions
send data to a public server otherwise): pip install -c constraints.txt gekko==1.3.3
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import Bounds, minimize

from kinesec.attacks.base import Geometry, Problem
from kinesec.attacks.engine.manifold import Manifold, _Body, _Objective
from kinesec.models.device import use_threads
from kinesec.motion.angles import exp
from kinesec.motion.kinematics import forward
from kinesec.samples.clips.checks import checked
from kinesec.sources.procedural.body import performer

TOLERANCE = 5e-4  # as attacks have it


def made_up(count: int, frames: int) -> Problem:
    """Smooth motions of a procedural body."""
    skeleton = performer(0, 1).skeleton
    rng = np.random.default_rng(0)
    phase, pace, size = rng.uniform(0, 6, (3, count, 1, 1, len(skeleton), 3))
    turns = 0.06 * size * np.sin(phase + 0.05 * pace * np.arange(frames)[:, None, None])
    root = np.zeros((count, 1, frames, 3))
    position = forward(exp(turns), root, skeleton.offsets, skeleton.parents, turns=skeleton.turns)
    mean, scale = position.mean((0, 1, 2)), float(position.std())
    geometry = Geometry(skeleton.parents, mean / scale, scale, 30.0)
    clips = torch.from_numpy((position - mean) / scale).float()
    rows = np.arange(count)
    return Problem(clips, torch.zeros(count).long(), torch.ones(clips.shape[:3]).bool(), rows, rows, geometry)


def cut(problem: Problem, frames: int, joints: int | None = None) -> Problem:
    """The first frames, of the first joints."""
    geometry = problem.geometry
    kept = slice(joints)
    few = Geometry(geometry.parents[kept], geometry.mean[kept], geometry.scale_mm, geometry.fps)
    clips = problem.position[:, :, :frames, kept].contiguous()
    return Problem(clips, problem.label, problem.present[:, :, :frames], problem.row, problem.place, few)


def targets(problem: Problem, training: Problem) -> torch.Tensor:
    """Half-way to other clips, with noise."""
    noise = torch.randn(problem.position.shape, generator=torch.Generator().manual_seed(0))
    others = training.position[torch.arange(len(problem)) * 7 % len(training)]
    return problem.position + 0.5 * (others - problem.position) + 0.1 * noise


def objective_of(
    manifold: Manifold, problem: Problem, target: torch.Tensor, clip: int
) -> tuple[_Objective, Any, Any, Any]:
    """One clip's objective, where it starts, and its bounds."""
    clean = problem.position[clip : clip + 1]
    body = _Body(manifold, clean, problem.present[clip : clip + 1])
    goal = body.pose(target[clip : clip + 1])
    low, high = (bound.flatten().numpy() for bound in body.bounds())
    start = torch.cat([goal.root, torch.zeros_like(goal.root), goal.bend.flatten(-2)], -1).flatten().numpy()
    objective = _Objective(body, goal, torch.ones(1, dtype=torch.float64), body.true(clean))
    return objective, start.clip(low, high), low, high


def trust_constr(manifold: Manifold, problem: Problem, target: torch.Tensor, clip: int, most: int) -> tuple[float, ...]:
    """The objective that trust-constr ends at, its seconds, iterations and remaining gradient."""
    objective, start, low, high = objective_of(manifold, problem, target, clip)
    fixed = low == high  # it wants an inside
    point = start.copy()

    def value(free: np.ndarray) -> tuple[float, np.ndarray]:
        point[~fixed] = free
        values, gradient = objective(torch.from_numpy(point)[None])
        return float(values), gradient[0].numpy()[~fixed]

    begin = time.perf_counter()
    bounds = Bounds(low[~fixed], high[~fixed], keep_feasible=True)
    room = np.where(np.isfinite(high - low), 0.01 * (high - low), 0.0)
    inside = start.clip(low + room, high - room)[~fixed]  # at a bound its barrier is infinite
    options = {"gtol": 1e-4, "xtol": 1e-10, "maxiter": most}
    ended = minimize(value, inside, jac=True, method="trust-constr", bounds=bounds, options=options)
    return float(ended.fun), time.perf_counter() - begin, ended.nit, ended.optimality


def interior_point(manifold: Manifold, problem: Problem, target: torch.Tensor, clip: int) -> float:
    """The objective that IPOPT ends at, of the model written down for it."""
    from gekko import GEKKO

    clean = problem.position[clip : clip + 1]
    body = _Body(manifold, clean, problem.present[clip : clip + 1])
    goal = body.pose(target[clip : clip + 1])
    low, high = (bound[0, 0].numpy() for bound in body.bounds())
    true, long = body.true(clean)[0, 0].numpy(), body.length[0, 0].numpy()
    rig, (frames, joints, _) = manifold.rig, true.shape
    model = GEKKO(remote=False)

    def rotation(vector: list[Any]) -> list[list[Any]]:
        square = model.Intermediate(sum(part * part for part in vector) + 1e-12)
        angle = model.Intermediate(model.sqrt(square))
        first, second = (
            model.Intermediate(model.sin(angle) / angle),
            model.Intermediate((1 - model.cos(angle)) / square),
        )
        x, y, z = vector
        skew = [[0, -z, y], [z, 0, -x], [-y, x, 0]]
        return [
            [
                model.Intermediate(
                    (1 if i == j else 0)
                    + first * skew[i][j]
                    + second * (vector[i] * vector[j] - (square if i == j else 0))
                )
                for j in range(3)
            ]
            for i in range(3)
        ]

    def product(left: Any, right: Any) -> list[list[Any]]:
        return [
            [model.Intermediate(sum(left[i][k] * right[k][j] for k in range(3))) for j in range(3)] for i in range(3)
        ]

    angles: list[Any] = []
    placed: list[list[list[Any]]] = []
    for frame in range(frames):

        def variable(start: float, place: int, frame: int = frame) -> Any:
            bounds = {"lb": low[frame, place]} if np.isfinite(low[frame, place]) else {}
            bounds |= {"ub": high[frame, place]} if np.isfinite(high[frame, place]) else {}
            if bounds and bounds["lb"] == bounds["ub"]:
                return float(bounds["lb"])
            return model.Var(value=float(np.clip(start, low[frame, place], high[frame, place])), **bounds)

        goal_root, goal_bend = goal.root[0, 0, frame].numpy(), goal.bend[0, 0, frame].numpy()
        root = [variable(goal_root[axis], axis) for axis in range(3)]
        turn = [variable(0.0, 3 + axis) for axis in range(3)]
        angles += [(root[axis] - goal_root[axis]) ** 2 for axis in range(3)] + [part**2 for part in turn]
        turned = {0: product(rotation(turn), goal.orientation[0, 0, frame].tolist())}
        at = {0: root}
        for joint in range(1, joints):
            parent = rig.parents[joint]
            free = (rig.basis[joint] != 0).any(0)
            bend = [variable(goal_bend[joint, k], 6 + 2 * joint + k) if free[k] else 0.0 for k in range(2)]
            angles += [(bend[k] - goal_bend[joint, k]) ** 2 for k in range(2) if free[k]]
            if free.any():
                vector = [sum(rig.basis[joint, axis, k] * bend[k] for k in range(2) if free[k]) for axis in range(3)]
                turned[joint] = product(turned[parent], rotation(vector))
            else:
                turned[joint] = turned[parent]
            at[joint] = [
                model.Intermediate(
                    at[parent][axis]
                    + long[frame, joint] * sum(turned[joint][axis][k] * rig.reference[joint, k] for k in range(3))
                )
                for axis in range(3)
            ]
        placed.append([at[joint] for joint in range(joints)])
    jolts = [
        (
            placed[frame + 2][joint][axis]
            - 2 * placed[frame + 1][joint][axis]
            + placed[frame][joint][axis]
            - (true[frame + 2, joint, axis] - 2 * true[frame + 1, joint, axis] + true[frame, joint, axis])
        )
        ** 2
        for frame in range(frames - 2)
        for joint in range(joints)
        for axis in range(3)
    ]
    for term in angles:
        model.Minimize(term / (frames * (joints - 1)))
    for term in jolts:
        model.Minimize(term / ((frames - 2) * joints))
    model.options.SOLVER, model.options.IMODE, model.options.MAX_ITER = 3, 3, 500
    model.solve(disp=False)
    return float(model.options.OBJFCNVAL)


def ours(manifold: Manifold, problem: Problem, target: torch.Tensor, tolerance: float) -> tuple[np.ndarray, float, int]:
    """The objectives of all clips at once, the seconds, and how many converged."""
    everyone = torch.ones(len(problem))
    begin = time.perf_counter()
    ended = manifold.project(
        target, problem.position, problem.present, everyone, everyone.bool(), tolerance=tolerance, iterations=2000
    )
    return ended.objective.numpy(), time.perf_counter() - begin, int(ended.converged.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", nargs="?", type=Path, help="a clips store")
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--most", type=int, default=1000, help="iterations of trust-constr")
    parser.add_argument("--witness", action="store_true", help="solve a small cut by IPOPT as well")
    arguments = parser.parse_args()
    use_threads(1)
    if arguments.store:
        problem, training = (Problem.of(checked(arguments.store, split)) for split in ("test", "train"))
    else:
        problem, training = made_up(arguments.clips, 48), made_up(4 * arguments.clips, 48)
    spread = np.linspace(0, len(problem) - 1, arguments.clips).astype(int)
    problem, training = cut(problem.take(spread), arguments.frames), cut(training, arguments.frames)
    target = targets(problem, training)
    manifold = Manifold.of(training.position, training.present, training.geometry)
    objective, seconds, converged = ours(manifold, problem, target, TOLERANCE)
    print(
        f"ours: {converged} of {len(problem)} converged, {seconds / len(problem):.3f} s a clip, {len(problem)} at once"
    )
    theirs = np.array([trust_constr(manifold, problem, target, clip, arguments.most) for clip in range(len(problem))])
    value, taken, iterations, gradient = theirs.T
    ratio, slower = objective / value, taken.sum() / seconds
    print(
        f"trust-constr: {taken.mean():.2f} s a clip, {slower:.0f} times as long; {np.median(iterations):.0f} iterations"
    )
    print(f"trust-constr's gradient at its end: {gradient.max():.1e} at most")
    print(f"objective, ours over theirs: median {np.median(ratio):.4f}, largest {ratio.max():.4f}")
    if arguments.witness:
        few, many = cut(problem.take(range(3)), 4, 8), cut(training, 4, 8)
        manifold, target = Manifold.of(many.position, many.present, many.geometry), target[:3, :, :4, :8].contiguous()
        objective, _, _ = ours(manifold, few, target, 1e-8)
        for clip in range(3):
            witness = interior_point(manifold, few, target, clip)
            print(f"8 joints, 4 frames, clip {clip}: ours {objective[clip]:.8f}, IPOPT {witness:.8f}")


if __name__ == "__main__":
    main()
