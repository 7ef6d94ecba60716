#!/usr/bin/env bash
# Rewrites constraints.txt from a fresh environment: the newest versions that pyproject.toml allows, torch as pinned.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet torch==2.13.0
"$folder/bin/pip" install --quiet -e '.[dev,mutants]'
{
    echo "# Exact versions of everything installed, direct or not: pip install -c constraints.txt -e '.[dev,mutants]'"
    echo "# Written from a fresh environment by 'make constraints'; torch is pinned so that no other build is pulled in."
    "$folder/bin/pip" freeze --exclude-editable | sed 's/+cpu//'
} > constraints.txt
