"""Triggers of classifiers: what every poisoned sample shows; one module each.

A module has ``TRIGGER``, a frozen dataclass of its settings, ``PRESETS`` by name (``paper`` always), ``FORMS``, the
forms that the trigger has (``video``, ``joints``, ``rotations``), and ``OURS``, those of them that no paper defines.
"""
