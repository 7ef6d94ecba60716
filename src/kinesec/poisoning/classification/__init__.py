"""Backdoors on classifiers of motion and of video: fixed triggers, and which samples get them."""
