"""The command line as a process of its own: light start, clean streams, signals, closed pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import replica

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(replica.__file__).parents[1])}
SCIPY = ("scipy.optimize", "scipy.stats", "scipy.special")
HEAVY = ("xarray", "pandas", "matplotlib", "joblib", "mpmath", *SCIPY)


def start(*words: str, python: tuple[str, ...] = ("-m", "replica.cli")) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *python, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip


def run(*words: str, **keywords: tuple[str, ...]) -> tuple[int, str, str]:
    process = start(*words, **keywords)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_answers_streams_and_codes():
    code, out, err = run("capacity", "perceptron", "--weights", "spherical", "--json")
    assert (code, err) == (0, "")
    assert abs(json.loads(out)["value"] - 2.0) < 1e-12
    code, out, err = run("solve", "perceptron", "--weights", "spherical", "--alpha", "5", "--json")
    assert code == 1
    assert json.loads(out)["value"] is None
    assert err.startswith("replica: not converged")
    code, out, err = run("solve", "perceptron", "--alpha", "nan")
    assert (code, out, err) == (2, "", "replica: --alpha must be a number, got nan\n")


def test_the_package_is_a_program():
    assert run("--version", python=("-m", "replica")) == (0, f"replica {replica.__version__}\n", "")


def test_light_commands_import_nothing_heavy():
    script = (
        "import sys; from replica.cli import main; code = main(sys.argv[1:]); "
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    for words in (("--version",), ("capacity", "perceptron", "--weights", "binary", "--json"), ("list",)):
        assert run(*words, python=("-c", script))[::2] == (0, "[]\n"), words


def test_an_interrupt_keeps_the_checkpoint(tmp_path):
    grids = ("--alpha", "0.01:0.8:4096", "--margin", "0:0.7:16")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background would pass on "ignored"
    process = start("sweep", "perceptron", *grids, "--checkpoint", str(tmp_path))
    signal.signal(signal.SIGINT, before)
    # the first finished chunk is the sign that the sweep is under way
    while not list(tmp_path.glob("*.npz")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, ""), err
    assert err.startswith(f"replica: interrupted; finished points are kept in {tmp_path}: ")
    assert "resume" in err
    assert err.count("\n") == 1
    assert 1 <= len(list(tmp_path.glob("*.npz"))) < 128


def test_workers_end_with_the_process(tmp_path):
    """They hold its streams: these close when the last has gone."""
    grids = ("--alpha", "0.01:0.8:4096", "--margin", "0:0.7:16")
    process = start("sweep", "perceptron", *grids, "--workers", "2", "--checkpoint", str(tmp_path))
    while not list(tmp_path.glob("*.npz")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (128 + signal.SIGTERM, "")


def test_a_closed_pipe_is_no_traceback():
    process = start("list")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=120) == 1
