"""Sample selection: which training windows are poisoned; one module each.

A module has ``scores(candidates, rng, **settings)``, which returns a score a training window (window,); those of lowest
score are poisoned, of each action its share. ``candidates`` is a ``poisoning.prediction.candidates.Candidates``.
It may have

- ``STRATA``: ``none`` where scores are compared over all actions, unless the setting ``strata`` says otherwise;
- ``minimised(**settings)`` or ``maximised(**settings)``: the metrics of ``metrics.naturalness``, (metric, part), that
  its score makes as small or as large as can be, so that tables can say which of their numbers it was told to move.
"""
