# Raw files to motions.


rule retrieve:
    input:
        own=lambda wildcards: PLAN.sources[wildcards.data].own_files(),
    output:
        receipt=paths.RECEIPT,
    log:
        "logs/retrieve/{data}.log",
    benchmark:
        "logs/retrieve/{data}.jsonl"
    conda:
        "../../envs/retrieve.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=240,
        # not a parameter: another mirror of the same files, checked by hash, invalidates nothing
        mirror=MIRROR or "",
    params:
        manifest=lambda wildcards: PLAN.sources[wildcards.data].manifest,
        manifest_hash=lambda wildcards: PLAN.sources[wildcards.data].manifest_hash(),
        data=lambda wildcards: PLAN.sources[wildcards.data].raw(),
        code=lambda wildcards: (
            code("retrieve.py", PLAN.sources[wildcards.data].code())
            if PLAN.sources[wildcards.data].generated
            else ""
        ),
    script:
        "../scripts/retrieve.py"


rule ingest:
    input:
        # never ancient: Snakemake then passes over this job's own changed parameters when `retrieve` runs too
        receipt=paths.RECEIPT,
    output:
        store=paths.MOTIONS,
    log:
        "logs/ingest/{data}.log",
    benchmark:
        "logs/ingest/{data}.jsonl"
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=240,
    params:
        manifest_hash=lambda wildcards: PLAN.sources[wildcards.data].manifest_hash(),
        data=lambda wildcards: PLAN.sources[wildcards.data].recordings(),
        on_bad_file=config["on_bad_file"],
        code=lambda wildcards: code(
            "ingest.py", *PLAN.sources[wildcards.data].recordings_code()
        ),
    script:
        "../scripts/ingest.py"
