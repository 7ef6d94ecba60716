# Raw files to motions.


rule retrieve:
    input:
        own=lambda wildcards: own_files(wildcards.data),
    output:
        receipt="resources/{data}/receipt.json",
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
        manifest=manifest,
        manifest_hash=manifest_hash,
        data=raw_of,
        code=raw_code,
    script:
        "../scripts/retrieve.py"


rule ingest:
    input:
        # never ancient: Snakemake then passes over this job's own changed parameters when `retrieve` runs too
        receipt="resources/{data}/receipt.json",
    output:
        store="results/motions/{data}/motions.zarr/zarr.json",
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
        manifest_hash=manifest_hash,
        data=recordings_of,
        on_bad_file=config["on_bad_file"],
        code=recordings_code,
    script:
        "../scripts/ingest.py"
