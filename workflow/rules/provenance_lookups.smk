# What the run's crate holds, and where.
ARTEFACTS = f"results/artifacts/{RUN}"
# copied into the crate, the Snakefile first, so that its includes are found beside it
WORKFLOW_FILES = [
    "Snakefile",
    *sorted(
        path.relative_to(workflow.basedir).as_posix()
        for path in Path(workflow.basedir).glob("workflow/rules/*.smk")
    ),
    *sorted({data["manifest"] for data in DATA.values() if data["manifest"]}),
]


def croissants():
    """What describes the poisoned data sets of the run: each data set, protocol in use, strategy and seed."""
    return expand(
        "results/poisons/{data}/{protocol}/{strategy}/seed{seed}/croissant.json",
        data=PREDICTION_DATA,
        protocol=protocols_used(),
        strategy=stealth_names(PREDICTION),
        seed=SEEDS,
    )
