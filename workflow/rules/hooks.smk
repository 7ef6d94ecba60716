# When a run starts and ends: not in a dry run, nor inside a job.
from snakemake.logging import logger

from kinesec.plan import announce, cluster


def rules_to_run():
    """The rule of each job that this run has to do."""
    return [job.rule.name for job in workflow.dag.needrun_jobs()]


onstart:
    if workflow.executor_plugin.name == "slurm":
        try:
            cluster.require()
        except cluster.NoCluster as error:
            sys.exit(f"error: {error}")
        cluster.keep_unanswered(workflow.scheduler._executor)
    logger.info(announce.start(PLAN, rules_to_run()))


onsuccess:
    logger.info(announce.success(PLAN, rules_to_run()))


onerror:
    logger.info(announce.failure(PLAN, log))
