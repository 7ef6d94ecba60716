"""Procedural motion: seeded, believable human motion for the demo data set, without network or licence.

An action (``gait``, ``turning``, ``actions``, ``gestures``) writes a ``plan`` of pelvis, feet, trunk and arms over time
for one performer (``body``); ``solve`` lowers the pelvis to where planted feet are within reach and turns the plan into
joint rotations; ``take`` draws a take's parameters and adds sway. What holds for every take at 60 frames per second,
and is tested (``limits``; the figures beside are the worst of 800 takes):

- bone lengths are constant to ``BONE_MM`` after a round trip through BVH (0.002);
- a toe base within ``CONTACT_MM`` of its resting height moves at most ``SLIP_MM`` horizontally until it leaves (8.3);
- no joint is below the floor, and no toe base more than ``FLOOR_MM`` below its resting height (1.7);
- accelerations stay below ``ACCELERATION`` and jerks below ``JERK`` (250 m/s² and 23,000 m/s³, a running knee);
- knees and elbows are hinges that bend one way alone, within ``KNEE_DEGREES`` and ``ELBOW_DEGREES``;
- actions that are not gaits begin and end with the hips within ``STANDING_MM`` of standing height (21);
- a take of 5 s or more lasts ``LENGTH`` times the seconds asked for: whole cycles at their natural pace;
- the same seed, performer, action and take number give the same bytes, whatever else is drawn.
"""
