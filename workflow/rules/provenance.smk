# What says how results came to be: poisoned data sets' metadata, the run's RO-Crate, and whether all is as recorded.
rule croissant:
    input:
        store="results/poisons/{data}/{poison}/poison.zarr/zarr.json",
    output:
        metadata="results/poisons/{data}/{poison}/croissant.json",
    log:
        "logs/croissant/{data}/{poison}.log",
    benchmark:
        "logs/croissant/{data}/{poison}.jsonl"
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        module=lambda wildcards: PLAN.sources[wildcards.data].module,
        code=lambda wildcards: code(
            "croissant.py",
            PLAN.sources[wildcards.data].code(),
            "files.kinds.poison",
        ),
    script:
        "../scripts/croissant.py"


rule crate:
    input:
        page=f"{PLAN.folder}/report/index.html",
        verdicts=PLAN.verdicts,
        latex=list(prints.latex(PLAN).values()),
        tables=PLAN.tables(),
        figures=PLAN.figure_files(PLAN.figures),
        croissants=PLAN.prediction.poisons(paths.CROISSANT),
    output:
        crate=f"{PLAN.folder}/ro-crate-metadata.json",
        configuration=f"{PLAN.folder}/workflow/configuration.yaml",
        # not inputs: what they say reaches results through the jobs' parameters
        workflow=[
            f"{PLAN.folder}/workflow/{path}"
            for path in PLAN.workflow_files(REPOSITORY)
        ],
    log:
        f"logs/crate/{RUN}.log",
    benchmark:
        f"logs/crate/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        run=RUN,
        configuration=PLAN.shown,
        workflow=PLAN.workflow_files(REPOSITORY),
        modules=PLAN.modules,
        code=code_of(
            "crate.py",
            *(source.code() for source in PLAN.sources.values()),
        ),
    script:
        "../scripts/crate.py"


# Without inputs, outputs and benchmark it always runs, and never makes again what it is to look at.
rule verify:
    log:
        "logs/verify.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=240,
    params:
        code=code_of("verify.py"),
    script:
        "../scripts/verify.py"
