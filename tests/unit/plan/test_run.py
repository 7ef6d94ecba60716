from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kinesec.plan.run import Plan, plan


def test_a_run_has_the_tables_that_it_has_jobs_for(whole: Plan, empty: Plan) -> None:
    assert whole.compared_tables == ["prediction_backdoor", "recognition_attacks", "transfer"]
    assert len(whole.tables()) == 5 + 9 + 2 + 1
    assert whole.blackbox_tables == ["blackbox", "blackbox_queries"]
    assert list(whole.table_outputs(whole.recognition_tables).values()) == whole.table_files(whole.recognition_tables)
    assert empty.blackbox_tables == []
    assert empty.tables() == ["results/artifacts/none/tables/paper_comparison.csv"]


def test_what_is_shown_of_a_configuration_has_one_order_and_no_mirror(whole: Plan, config: dict[str, Any]) -> None:
    turned = plan(dict(reversed(config.items())), {})
    assert json.dumps(whole.shown) == json.dumps(turned.shown)
    assert "mirror" not in whole.shown
    assert "mirror" in config


def test_the_crate_keeps_the_snakefile_first(whole: Plan, repository: Path) -> None:
    files = whole.workflow_files(repository)
    assert files[0] == "Snakefile"
    assert "workflow/rules/training.smk" in files
    assert all((repository / file).is_file() for file in files)


def test_a_plan_is_made_once(whole: Plan) -> None:
    with pytest.raises(AttributeError):
        whole.run = "other"  # type: ignore[misc]


def test_a_runs_seeds_are_those_of_its_parts(config: dict[str, Any], empty: Plan) -> None:
    config["recognition"]["seeds"] = [1, 2]
    assert plan(config, {}).seeds == [0, 1, 2]
    del config["prediction"]
    assert plan(config, {}).seeds == [1, 2]
    assert empty.seeds == []
