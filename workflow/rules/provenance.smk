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
        module=lambda wildcards: DATA[wildcards.data]["module"],
        code=lambda wildcards: code(
            "croissant.py",
            f"sources.datasets.{DATA[wildcards.data]['module']}",
            "files.kinds.poison",
        ),
    script:
        "../scripts/croissant.py"


rule crate:
    input:
        page=f"{ARTEFACTS}/report/index.html",
        tables=tables(),
        figures=figures(),
        croissants=croissants(),
    output:
        crate=f"{ARTEFACTS}/ro-crate-metadata.json",
        configuration=f"{ARTEFACTS}/workflow/configuration.yaml",
        # not inputs: what they say reaches results through the jobs' parameters
        workflow=[f"{ARTEFACTS}/workflow/{path}" for path in WORKFLOW_FILES],
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
        configuration=SHOWN,
        workflow=WORKFLOW_FILES,
        modules={name: data["module"] for name, data in DATA.items()},
        code=code_of(
            "crate.py",
            *(f"sources.datasets.{data['module']}" for data in DATA.values()),
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
