"""Recognizers around recognizers, one file each: what a defence adds to a network that it leaves as it is."""
