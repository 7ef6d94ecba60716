"""Says which results are not what the jobs that made them recorded."""

import sys

from kinesec.errors import KinesecError
from kinesec.provenance.job import job
from kinesec.provenance.verify import verify

with job(snakemake):
    found = verify("results")
    print(*found.problems, sep="\n" if found.problems else "", file=sys.stderr)
    if found.problems:
        raise KinesecError(found.summary("results"))
    print(found.summary("results"), file=sys.stderr)
