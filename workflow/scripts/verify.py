"""Says which results are not what the jobs that made them recorded."""

import sys

from kinesec.errors import KinesecError
from kinesec.provenance.job import job
from kinesec.provenance.verify import verify

with job(snakemake):
    check = verify("results")
    print(*check.problems, sep="\n" if check.problems else "", file=sys.stderr)
    if check.problems:
        raise KinesecError(check.summary("results"))
    print(check.summary("results"), file=sys.stderr)
