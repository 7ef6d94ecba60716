"""The viewer shows what the run's figures are drawn from, each once."""

from __future__ import annotations

from kinesec.plan.run import Plan


def test_a_run_shows_what_it_pictures(whole: Plan, empty: Plan) -> None:
    stores = whole.scenes()
    assert empty.scenes() == {}
    assert len({tuple(paths) for paths in stores.values()}) == len(stores)
    names = {figure.name for figure in whole.figures}
    pictured = {name for name in names if name.partition("-")[0].endswith("filmstrip") and "backdoor" not in name}
    assert len(stores) == len(pictured) > 4
    assert stores["Attack by labels alone: one on a"] == [
        "results/artifacts/small/scenes/blackbox-a-one.zarr/zarr.json"
    ]
