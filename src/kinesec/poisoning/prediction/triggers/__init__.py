"""Triggers: what the history of a poisoned window shows; one module each.

A module has ``apply(history, parents, limb, *, mirror, basis, **settings)``, which returns the history
(window, frame, joint, xyz) with the limb posed and its bone lengths kept. A setting ``clip`` in the configuration,
{source, start}, reaches it as the limb's bone directions in that recorded clip, (frame, len(limb), xyz);
``frame: torso`` as ``basis``, the torso's axes.
"""
