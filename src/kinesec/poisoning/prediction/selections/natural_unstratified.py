"""BadHMP's selection over all actions together: it takes whichever action is stillest, often one alone.

Kept to be compared with ``natural``, which takes of each action its share.
"""

from __future__ import annotations

from kinesec.poisoning.prediction.selections import natural

STRATA = "none"
minimised = natural.minimised
scores = natural.scores
