"""Draws a clip in motion, clean and under some attacks."""

from pathlib import Path

from kinesec.plots import animation
from kinesec.provenance.job import job
from kinesec.samples import scenes
from kinesec.samples.errors import NothingToDraw

with job(snakemake) as run:
    try:
        scene = scenes.of_attacks(Path(run.input.scenes).parent)
        animation.save_attacks(scene, webp=run.output.webp, png=run.output.png)
    except NothingToDraw as nothing:
        animation.save_note(str(nothing), webp=run.output.webp, png=run.output.png)
