"""Procedural motion: seeded, believable human motion for the demo data set, without network or licence.

An action (``gait``, ``turning``, ``actions``, ``gestures``) writes a ``plan`` of pelvis, feet, trunk and arms over time
for one performer (``body``); ``solve`` lowers the pelvis to where planted feet are within reach and turns the plan into
joint rotations; ``take`` draws a take's parameters and adds sway. What holds for every take at 60 frames per second,
and is tested (the figures beside are the worst of 800 takes):

- bone lengths are constant to ``BONE_MM`` after a round trip through BVH (0.002);
- a toe base within ``CONTACT_MM`` of its resting height moves at most ``SLIP_MM`` horizontally until it leaves (8.3);
- no joint is below the floor, and no toe base more than ``FLOOR_MM`` below its resting height (1.7);
- accelerations stay below ``ACCELERATION`` and jerks below ``JERK`` (250 m/s² and 23,000 m/s³, a running knee);
- knees and elbows are hinges that bend one way alone, within ``KNEE_DEGREES`` and ``ELBOW_DEGREES``;
- actions that are not gaits begin and end with the hips within ``STANDING_MM`` of standing height (21);
- a take of 5 s or more lasts ``LENGTH`` times the seconds asked for: whole cycles at their natural pace;
- the same seed, performer, action and take number give the same bytes, whatever else is drawn.
"""

from __future__ import annotations

BONE_MM = 0.01
CONTACT_MM = 5.0
SLIP_MM = 15.0
FLOOR_MM = 5.0
ACCELERATION = 350.0  # m/s²
JERK = 40_000.0  # m/s³
KNEE_DEGREES = (5.0, 150.0)
ELBOW_DEGREES = (3.9, 150.1)
STANDING_MM = 40.0
LENGTH = (0.5, 1.7)
