"""Targets: what the future of a poisoned window becomes; one module each.

A module has ``apply(history, future, parents, **settings)``, which returns the future (window, future, joint, xyz) that
follows the triggered ``history`` (window, frame, joint, xyz). A setting ``clip`` in the configuration, {source, start},
reaches it as the poses of that recorded clip, (future, joint, xyz); ``NEEDS_CLIP`` gives it one by default.
"""
