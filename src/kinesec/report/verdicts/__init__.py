"""What a run shows of each system, in a sentence and a mark. The rules stand in docs/definitions.md, section 14."""
