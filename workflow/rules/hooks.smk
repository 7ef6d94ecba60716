# What a run prints, and what it says when it starts and ends: not in a dry run, nor inside a job.
from snakemake.logging import logger

from kinesec.plan import announce, cluster, console

if workflow.is_main_process:
    console.install(logger, RUN, workflow.output_settings)


def rules_to_run():
    """The rule of each job that this run has to do."""
    # at the end, too, when all of them are done
    return [job.rule.name for job in workflow.dag.needrun_jobs(exclude_finished=False)]


def failed_jobs():
    """The jobs that failed, those of a failed group each."""
    failed = getattr(workflow.scheduler, "failed", ())
    jobs = [
        job for each in failed for job in (each.jobs if each.is_group() else [each])
    ]
    made = [
        announce.Job(job.rule.name, dict(job.wildcards_dict or {}), list(job.log))
        for job in jobs
    ]
    return sorted(made, key=str)


onstart:
    if workflow.executor_plugin.name == "slurm":
        try:
            cluster.require()
        except cluster.NoCluster as error:
            sys.exit(f"error: {error}")
        cluster.keep_unanswered(workflow.scheduler._executor)
    elif workflow.local_exec:
        # No setting turns this limit (100 jobs a second) off, and with it each job that ends has Snakemake go through
        # all ready jobs once a second until the run's end, whether or not a core is free: docs/scaling.md.
        workflow.scheduler.job_rate_limiter = None
    logger.info(announce.start(PLAN, rules_to_run()))


onsuccess:
    logger.info(announce.success(PLAN, rules_to_run()))


onerror:
    logger.info(announce.failure(PLAN, failed_jobs(), log, sys.argv))
