# The checked configuration, and hashes of code and files. Nothing is written when this is read.
import os
import sys
from functools import cache
from pathlib import Path

from snakemake.utils import validate

from kinesec.errors import ConfigError
from kinesec.plan import configuration, paths, prediction_names, prints
from kinesec.plan.code_hash import code_hash, file_hash
from kinesec.plan.run import plan
from kinesec.plan.study import check_study

REPOSITORY = Path(workflow.basedir)
SCHEMAS = REPOSITORY / "workflow" / "schemas"
SCRIPTS = REPOSITORY / "workflow" / "scripts"
DATASETS = REPOSITORY / "config" / "datasets"

try:
    configuration.check(config, SCHEMAS / "config.schema.yaml")
    validate(config, str(SCHEMAS / "config.schema.yaml"))  # fills in the defaults
    data_sets = {
        name: configuration.data_set(
            name, changes or {}, DATASETS, SCHEMAS / "dataset.schema.yaml"
        )
        for name, changes in config["datasets"].items()
    }
    prediction_names.check_prediction(config)
    configuration.check_recognition(config)
    configuration.check_video(config)
    check_study(config)
    PLAN = plan(config, data_sets)
except ConfigError as error:
    sys.exit(f"error: {error}")

RUN = PLAN.run
MIRROR = os.environ.get("KINESEC_MIRROR") or config.get("mirror")


@cache  # thousands of jobs ask for a few dozen hashes
def code(script, *modules):
    """The hash of a script, the modules that its job loads by name, and all that they import."""
    return code_hash(SCRIPTS / script, *(f"kinesec.{module}" for module in modules))


def code_of(script, *modules):
    """``code``, worked out when a job asks: on a cluster each job reads these rules twice, and asks for its own."""
    return lambda wildcards: code(script, *modules)
