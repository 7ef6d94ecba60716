"""Disturbances: how a trigger in the real world differs from the planned one; one module each.

A module has ``apply(history, performance, rng, *, <LEVEL>, **settings)``, which returns disturbed histories
(window, frame, joint, xyz). ``LEVEL`` names the setting that says how strongly, ``UNIT`` its unit, ``NEUTRAL`` the
level that changes nothing (None where there is none), and ``STAGE`` what else changes with it (``base.Stage``).
"""
