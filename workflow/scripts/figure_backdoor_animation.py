"""Draws a training sample in motion: clean beside the same with a backdoor's trigger, and what differs, amplified."""

from pathlib import Path

from kinesec.plots import animation, backdoor_animation
from kinesec.provenance.job import job
from kinesec.samples.backdoor_scenes import OF
from kinesec.samples.errors import NothingToDraw

with job(snakemake) as run:
    read, paths = OF[run.params.modality], (Path(run.input.samples).parent, Path(run.input.poison).parent)
    try:
        backdoor_animation.save(read(*paths), webp=run.output.webp, png=run.output.png)
    except NothingToDraw as nothing:
        animation.save_note(str(nothing), webp=run.output.webp, png=run.output.png)
