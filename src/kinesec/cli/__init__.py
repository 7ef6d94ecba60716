"""The command ``kinesec``: what is useful beside the workflow, whose running is Snakemake's."""
