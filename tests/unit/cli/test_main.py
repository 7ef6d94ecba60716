from __future__ import annotations

import subprocess
import sys

import pytest

from kinesec import names
from kinesec.cli.main import COMMANDS, main

ASKED = [name.replace("_", "-") for name in names.available(COMMANDS)]


@pytest.mark.parametrize("command", ASKED)
def test_every_command_says_what_its_exit_statuses_mean(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "exit status: " in capsys.readouterr().out


def test_an_unknown_command_is_the_callers_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verfy"])
    assert ended.value.code == 2
    assert "'verfy'" in capsys.readouterr().err


def test_the_module_is_the_command_and_loads_no_torch() -> None:
    code = "import runpy, sys; sys.argv = ['kinesec', '--version']\n"
    code += "try: runpy.run_module('kinesec', run_name='__main__')\nfinally: print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines()[0].startswith("kinesec ")
    assert ran.stdout.splitlines()[1] == "False"
