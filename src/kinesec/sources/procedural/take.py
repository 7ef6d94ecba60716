"""One take: an action by a performer, from the seed alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion
from kinesec.seeding import generator
from kinesec.sources.procedural import actions, gait, gestures, turning
from kinesec.sources.procedural.body import Performer
from kinesec.sources.procedural.plan import Plan, enliven, turn_world
from kinesec.sources.procedural.solve import solve

Action = Callable[[Performer, np.random.Generator, float, float], Plan]
ACTIONS: dict[str, Action] = {
    "walk": gait.walk,
    "run": gait.run,
    "jump": actions.jump,
    "squat": actions.squat,
    "wave": gestures.wave,
    "kick": actions.kick,
    "throw": gestures.throw,
    "sit_down": actions.sit_down,
    "punch": gestures.punch,
    "turn": turning.turn,
}


def take(
    performer: Performer,
    action: str,
    number: int,
    *,
    seed: int = 0,
    seconds: float = 5.0,
    fps: float = 60.0,
    noise: float = 1.0,
) -> Motion:
    """A performer's ``number``-th take of an action, about ``seconds`` long.

    ``noise`` scales sway and tremor. Each take draws its own speed, size, direction, place and timing from a stream
    named by seed, performer, action and number. Raises ``ConfigError`` when there is no such action.
    """
    if action not in ACTIONS:
        raise ConfigError(f"actions: found {action!r}, expected one of {', '.join(ACTIONS)}")
    rng = generator(seed, "procedural take", performer.number, action, number)
    plan = ACTIONS[action](performer, rng, seconds, fps)
    enliven(plan, performer, rng, fps, noise)
    turn_world(plan, rng.uniform(-180, 180), rng.uniform(-500, 500, 2))
    return solve(plan, performer, fps)
