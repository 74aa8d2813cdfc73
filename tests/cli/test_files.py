"""Files from the command line: data and plots by suffix, checked before computing; interrupted, resumed."""

from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path

import pytest

import replica
import replica.sweeps.chunks
import replica.sweeps.sweep

SWEEP = "sweep perceptron --alpha 0.2:0.6:3 --json"
MAGIC = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


@pytest.mark.parametrize("suffix", [".nc", ".csv", ".json"])
def test_sweeps_are_written_and_read_back(run, suffix, tmp_path):
    path = tmp_path / f"curve{suffix}"
    result = run(SWEEP, "-o", path)
    data = replica.load(path)
    assert data["entropy"].values.tolist() == result.json["entropy"]
    assert data["status"].values.tolist() == result.json["status"]
    assert json.loads(data.attrs["settings"]) == result.json["settings"]
    assert data.attrs["replica"] == replica.__version__


def test_a_single_number_is_written_with_its_company(run, tmp_path):
    found = run("capacity perceptron --json --output", tmp_path / "capacity.csv").json
    data = replica.load(tmp_path / "capacity.csv")
    assert float(data["capacity"]) == found["value"]
    assert float(data["error"]) == found["error"]
    assert float(data["q"]) == found["order_parameters"]["q"]
    assert float(data["q_error"]) == found["errors"]["q"]
    assert str(data["status"].values) == found["status"]
    assert json.loads(data.attrs["settings"]) == found["settings"]


@pytest.mark.parametrize("suffix", MAGIC)
def test_plots_are_drawn_the_same_each_time(run, suffix, tmp_path):
    files = [tmp_path / f"{name}{suffix}" for name in ("one", "two")]
    assert run(SWEEP, "-o", files[0], "-o", files[1]).code == 0
    contents = [file.read_bytes() for file in files]
    assert contents[0].startswith(MAGIC[suffix])
    assert contents[0] == contents[1]


def test_diagrams_are_drawn(run, tmp_path):
    line = "diagram perceptron --weights spherical -x margin=0:1:3 --lines capacity"
    assert run(line, "-o", tmp_path / "d.svg", "-o", tmp_path / "d.nc").code == 0
    assert (tmp_path / "d.svg").stat().st_size > 1000
    assert replica.load(tmp_path / "d.nc").attrs["lines"] == "capacity"


def refused(run, line, *words):
    """The sentence of a run that must end before it computes."""
    result = run(line, *words)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    return result.err


@pytest.fixture
def no_computation(monkeypatch):
    """Any solve is an error: files are checked first."""

    def computed(*args, **keywords):
        raise AssertionError("computed before the files were checked")

    monkeypatch.setattr(replica, "sweep", computed, raising=False)
    monkeypatch.setattr(replica.thresholds, "capacity", computed)


@pytest.mark.usefixtures("no_computation")
def test_unwritable_files_are_refused_before_computing(run, tmp_path):
    nowhere, folder = tmp_path / "nowhere" / "q.nc", tmp_path / "taken.csv"
    folder.mkdir()
    assert "there is no directory" in refused(run, SWEEP, "-o", nowhere)
    assert "there is no directory" in refused(run, "capacity perceptron", "-o", nowhere)
    assert "it is a directory" in refused(run, SWEEP, "-o", folder)
    assert "unknown suffix '.cvs'; did you mean '.csv'?" in refused(run, SWEEP, "-o", tmp_path / "q.cvs")
    assert "unknown suffix ''" in refused(run, SWEEP, "-o", tmp_path / "q")
    good = tmp_path / "good.nc"
    refused(run, SWEEP, "-o", good, "-o", nowhere)
    assert not good.exists()


@pytest.mark.usefixtures("no_computation")
def test_one_number_cannot_be_drawn(run, tmp_path):
    sentence = refused(run, "capacity perceptron", "-o", tmp_path / "q.png")
    assert "one number, which cannot be drawn" in sentence


@pytest.mark.usefixtures("no_computation")
def test_checkpoint_must_be_a_folder(run, tmp_path):
    (tmp_path / "file").touch()
    assert "is not a folder" in refused(run, SWEEP, "--checkpoint", tmp_path / "file")
    assert "is not a folder" in refused(run, SWEEP, "--checkpoint", tmp_path / "file" / "inside")


def test_demo_needs_a_folder(run, tmp_path):
    (tmp_path / "file").touch()
    assert "must be a folder" in refused(run, "demo --output", tmp_path / "file")
    assert "cannot be made" in refused(run, "demo --output", tmp_path / "file" / "inside")


class Interrupted:
    """Solves chunks of two points and is interrupted before number ``last``; counts what it solved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, last: int | None) -> None:
        self.solved, self.last, self.original = 0, last, replica.sweeps.sweep.solve_chunk
        monkeypatch.setattr(replica.sweeps.chunks, "CHUNK", 2)
        monkeypatch.setattr(replica.sweeps.sweep, "solve_chunk", self)

    def __call__(self, chunk):
        if self.solved == self.last:
            raise KeyboardInterrupt
        self.solved += 1
        return self.original(chunk)


LONG = "sweep perceptron --alpha 0.1:0.8:10 --json --checkpoint"


def test_interrupted_sweeps_resume(run, monkeypatch, tmp_path):
    place = tmp_path / "kept"
    with monkeypatch.context() as patch:
        work = Interrupted(patch, last=3)
        result = run(LONG, place)
    assert (result.code, result.out, work.solved) == (130, "", 3)
    assert f"interrupted; finished points are kept in {place}" in result.err
    assert result.err.count("\n") == 1
    with monkeypatch.context() as patch:
        work = Interrupted(patch, last=None)
        resumed = run(LONG, place)
        assert (resumed.code, work.solved) == (0, 2)
        assert resumed.out == run(LONG, tmp_path / "cold").out


def test_interrupted_without_checkpoint(run, monkeypatch):
    Interrupted(monkeypatch, last=1)
    result = run("sweep perceptron --alpha 0.1:0.8:10")
    assert (result.code, result.out) == (130, "")
    assert result.err == "replica: interrupted; nothing is kept without --checkpoint DIR\n"


@pytest.mark.parametrize("wrapped", [False, True])
def test_interrupted_solve_and_demo(run, monkeypatch, tmp_path, wrapped):
    def interrupt(*args, **keywords):
        # what Python makes of an interrupt that comes while a compiled function returns
        raise SystemError("returned a result with an exception set") from KeyboardInterrupt()

    def plainly(*args, **keywords):
        raise KeyboardInterrupt

    action = interrupt if wrapped else plainly
    monkeypatch.setattr(replica, "solve", action)
    monkeypatch.setitem(sys.modules, "replica.demo", types.SimpleNamespace(run=action))
    for result in (run("solve perceptron --alpha 0.5 --json"), run("demo --output", tmp_path)):
        assert (result.code, result.out, result.err) == (130, "", "replica: interrupted\n")


def test_a_system_error_of_another_kind_is_shown(run, monkeypatch):
    def broken(*args, **keywords):
        raise SystemError("bad call")

    monkeypatch.setattr(replica, "solve", broken)
    with pytest.raises(SystemError, match="bad call"):
        run("solve perceptron --alpha 0.5")


def test_checkpoint_of_other_settings_is_refused(run, tmp_path):
    run(SWEEP, "--checkpoint", tmp_path)
    assert "other settings" in refused(run, SWEEP, "--margin", "0.5", "--checkpoint", tmp_path)


def test_a_complete_checkpoint_is_read_where_nothing_can_be_written(run, tmp_path, monkeypatch):
    whole = run(SWEEP, "--checkpoint", tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr("tempfile.mkstemp", None)
    assert run(SWEEP, "--checkpoint", tmp_path) == whole
    assert "not a folder that can be written to" in refused(run, SWEEP, "--checkpoint", tmp_path / "new")


def test_damaged_checkpoint_costs_its_points_only(run, tmp_path):
    whole = run(SWEEP, "--checkpoint", tmp_path)
    chunk = next(Path(tmp_path).glob("*.npz"))
    chunk.write_bytes(chunk.read_bytes()[:40])
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        again = run(SWEEP, "--checkpoint", tmp_path)
    assert (again.code, again.out) == (0, whole.out)
    assert again.err.startswith("replica: warning: ")
    assert "damaged" in again.err


def test_progress_goes_to_stderr(run):
    result = run(SWEEP, "--progress")
    assert result.json["alpha"][0] == 0.2
    assert "1/1" in result.err
    assert run(SWEEP, "--no-progress").err == ""


def test_workers_do_not_change_the_answer(run, monkeypatch):
    monkeypatch.setattr(replica.sweeps.chunks, "CHUNK", 2)
    assert run(SWEEP, "--workers", 2).json == run(SWEEP).json
