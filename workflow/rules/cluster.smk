# For `--profile slurm` when jobs are about to be submitted: not in a dry run, in a local run or inside a job.
from kinesec.plan import cluster


onstart:
    if workflow.executor_plugin.name == "slurm":
        try:
            cluster.require()
        except cluster.NoCluster as error:
            sys.exit(f"error: {error}")
        cluster.keep_unanswered(workflow.scheduler._executor)
