# The checked configuration, and hashes of code and files. Nothing is written when this is read.
import hashlib
import os
import sys
from functools import cache
from pathlib import Path

from snakemake.utils import validate

from kinesec import names
from kinesec.plan import configuration
from kinesec.plan.code_hash import code_hash
from kinesec.errors import ConfigError
from kinesec.poisoning.prediction.strategy import (
    parse_strategy,
    pictured,
    stealth_names,
    strategy_names,
)

SCHEMAS = Path(workflow.basedir) / "workflow" / "schemas"
SCRIPTS = Path(workflow.basedir) / "workflow" / "scripts"
DATASETS = Path(workflow.basedir) / "config" / "datasets"

try:
    configuration.check(config, SCHEMAS / "config.schema.yaml")
    validate(config, str(SCHEMAS / "config.schema.yaml"))  # fills in the defaults
    DATA = {
        name: configuration.data_set(
            name, changes or {}, DATASETS, SCHEMAS / "dataset.schema.yaml"
        )
        for name, changes in config["datasets"].items()
    }
    configuration.check_prediction(config)
    configuration.check_recognition(config)
except ConfigError as error:
    sys.exit(f"error: {error}")

RUN = config["run"]
SEEDS = config["seeds"]
MIRROR = os.environ.get("KINESEC_MIRROR") or config.get("mirror")


@cache  # thousands of jobs ask for a few dozen hashes
def code(script, *modules):
    """The hash of a script, the modules that its job loads by name, and all that they import."""
    return code_hash(SCRIPTS / script, *(f"kinesec.{module}" for module in modules))


def code_of(script, *modules):
    """``code``, worked out when a job asks: on a cluster each job reads these rules twice, and asks for its own."""
    return lambda wildcards: code(script, *modules)


def file_sha256(path):
    """The hash of a small file of the repository, so that an edit of it is a changed parameter."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


def own_files(data):
    """The files of the user's own copy of a data set, as inputs: an edit of one reruns what is made from it."""
    folder = DATA[data]["folder"]
    if folder is None:
        return []
    return sorted(
        str(path)
        for path in Path(folder).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )
