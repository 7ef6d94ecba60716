"""Defences of motion prediction against backdoors; one module each, ``defend(case, **settings)`` yields outcomes."""
