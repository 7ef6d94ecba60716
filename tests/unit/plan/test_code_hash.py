from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kinesec.plan import code_hash
from kinesec.plan.code_hash import modules_of

FILES = {
    "__init__.py": "",
    "top.py": '"""Doc."""\nfrom kinesec import middle\n\n\ndef f(x):\n    """Doc."""\n    return middle.g(x)\n',
    "middle.py": "from kinesec import progress\nfrom kinesec.deep.inner import h\n\n\ndef g(x):\n    return h(x) + 1\n",
    "deep/__init__.py": "",
    "deep/inner.py": "from . import sibling\nfrom ..helper import k\n\n\ndef h(x):\n    return sibling.s + k\n",
    "deep/sibling.py": "s = 1\n",
    "helper.py": "k = 2\n",
    "unrelated.py": "u = 1\n",
    "progress.py": "from kinesec import helper, printing\n",
    "printing.py": "p = 1\n",
    "named.py": "n = 1\n",
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / "kinesec" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "kinesec" / name).write_text(text)
    (tmp_path / "script.py").write_text("from kinesec.top import f\n\nprint(f(1))\n")
    monkeypatch.setattr(code_hash, "_SOURCE", tmp_path)
    code_hash._parse.cache_clear()
    yield tmp_path  # type: ignore[misc]
    code_hash._parse.cache_clear()


@pytest.fixture
def digest(tree: Path) -> Callable[[], str]:
    def go() -> str:
        code_hash._parse.cache_clear()
        return code_hash.code_hash(tree / "script.py", "kinesec.named")

    return go


SAME: dict[str, Callable[[str], str]] = {
    "comment": lambda text: "# note\n" + text.replace("(x)\n", "(x)  # why\n"),
    "white space": lambda text: text.replace("\n\n\n", "\n\n\n\n\n").replace("(x)", "( x )") + "\n\n",
    "docstring": lambda text: text.replace('"""Doc."""', '"""Other words."""'),
    "no docstring": lambda text: text.replace('    """Doc."""\n', ""),
    "line ends": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("change", SAME)
def test_what_is_no_code_changes_nothing(tree: Path, digest: Callable[[], str], change: str) -> None:
    before = digest()
    file = tree / "kinesec/top.py"
    text = SAME[change](file.read_text())
    assert text != file.read_text()
    file.write_bytes(text.encode())
    assert digest() == before


def test_a_touch_or_another_place_changes_nothing(tree: Path, digest: Callable[[], str]) -> None:
    before = digest()
    os.utime(tree / "kinesec/top.py", (0, 0))
    assert digest() == before
    (tree / "script.py").rename(tree / "other.py")
    (tree / "script.py").write_text((tree / "other.py").read_text())
    assert digest() == before


@pytest.mark.parametrize(
    "file", ["../script.py", "top.py", "middle.py", "deep/inner.py", "deep/sibling.py", "helper.py", "named.py"]
)
def test_code_however_deep_changes_it(tree: Path, digest: Callable[[], str], file: str) -> None:
    before = digest()
    path = tree / "kinesec" / file
    path.write_text(path.read_text() + "\nz = 1\n")
    assert digest() != before


@pytest.mark.parametrize("file", ["unrelated.py", "new.py", "progress.py", "printing.py"])
def test_no_other_module_changes_it(tree: Path, digest: Callable[[], str], file: str) -> None:
    """Nor does an exempt module, or what it alone imports."""
    before = digest()
    (tree / "kinesec" / file).write_text("v = 2\n")
    assert digest() == before


def test_an_unknown_module_is_named(tree: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"kinesec\.strange"):
        code_hash.code_hash(tree / "script.py", "kinesec.strange")


def test_the_modules_of_a_job() -> None:
    training = modules_of("kinesec.jobs.train_predictor", "kinesec.models.predictors.ltd")
    assert {
        "kinesec.training.loop",
        "kinesec.files.store",
        "kinesec.models.predictors._dct",
        "kinesec.models.predictors.base",
    } <= set(training)
    assert not {
        "kinesec.evaluation.prediction",
        "kinesec.tables.prediction",
        "kinesec.poisoning.prediction.badhmp",
    } & set(training)
