"""Sample selection: which training windows are poisoned; one module each.

A module has ``scores(candidates, rng, **settings)``, which returns a score a training window (window,); those of lowest
score are poisoned. ``candidates`` is a ``kinesec.poisoning.prediction.candidates.Candidates``.
"""
