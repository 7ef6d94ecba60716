"""Defences: what finds poisoned samples or mends poisoned models; a package a task, one module a defence."""
