"""kinesec: poison, train, attack, defend and report on models of human motion."""

__version__ = "0.1.0"
