"""Sweeps: same bits for any number of workers, cold or resumed; checkpoints refused, damaged, interrupted."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys

import joblib
import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from saddlepoint import SweepFailed, solve, sweep
from saddlepoint._checkpoint import Folder
from saddlepoint._sources import own_code
from tests.engine.zoo import CurieWeiss

CHUNKS = [np.linspace(low, low + 0.2, 7) for low in np.arange(1.1, 2.1, 0.2)]
SETTINGS = {"beta": np.array([1.1, 2.1]), "field": 0.1, "ansatz": "toy"}


def magnetise(beta):
    solution = solve(CurieWeiss(beta=beta, h=0.1))
    return {
        "m": solution["m"],
        "error": solution.error[:, 0],
        "status": np.array([s.name for s in solution.status]),
    }


def refuse(beta):
    raise AssertionError("this chunk was finished before and must not be computed again")


def interrupted_after(count):
    done = []

    def function(beta):
        if len(done) == count:
            raise KeyboardInterrupt
        done.append(beta)
        return magnetise(beta)

    return function


def same(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert a.keys() == b.keys()
        for name in a:
            np.testing.assert_array_equal(a[name], b[name])
            assert a[name].dtype == b[name].dtype


def test_workers_and_checkpoints_do_not_change_a_bit(tmp_path):
    plain = sweep(magnetise, CHUNKS, progress=False)
    same(plain, [magnetise(chunk) for chunk in CHUNKS])
    same(plain, sweep(magnetise, CHUNKS, workers=2, progress=False))
    same(
        plain,
        sweep(magnetise, CHUNKS, workers=2, checkpoint=tmp_path / "a", settings=SETTINGS, progress=False),
    )
    same(
        plain, sweep(refuse, CHUNKS, workers=1, checkpoint=tmp_path / "a", settings=SETTINGS, progress=False)
    )


def test_an_active_joblib_configuration_decides():
    with joblib.parallel_config(backend="threading", n_jobs=2):
        same(sweep(magnetise, CHUNKS, progress=False), [magnetise(chunk) for chunk in CHUNKS])


def test_interruption_loses_only_what_is_not_finished(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        sweep(interrupted_after(3), CHUNKS, checkpoint=tmp_path, settings=SETTINGS, progress=False)
    assert len(list(tmp_path.glob("chunk-*.npz"))) == 3
    assert not list(tmp_path.glob(".*"))
    resumed = sweep(interrupted_after(2), CHUNKS, checkpoint=tmp_path, settings=SETTINGS, progress=False)
    same(resumed, [magnetise(chunk) for chunk in CHUNKS])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"field": 0.2}, "other settings: field was 0.1, now it is 0.2"),
        ({"extra": 1}, "other settings: extra was not given, now it is 1"),
        ({"beta": np.array([1.1, 2.2])}, r"other settings: beta was \[1.1, 2.1\], now it is \[1.1, 2.2\]"),
    ],
)
def test_other_settings_are_refused(tmp_path, change, sentence):
    sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path, settings=SETTINGS, progress=False)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=sentence):
        sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path, settings=SETTINGS | change, progress=False)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_another_number_of_chunks_is_refused(tmp_path):
    sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path, settings=SETTINGS, progress=False)
    with pytest.raises(ValueError, match="chunks was 2, now it is 5"):
        sweep(magnetise, CHUNKS, checkpoint=tmp_path, settings=SETTINGS, progress=False)


def test_unreadable_settings_are_refused(tmp_path):
    sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings=SETTINGS, progress=False)
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(ValueError, match="unreadable settings.json"):
        sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings=SETTINGS, progress=False)


def damage_empty(content):
    return b""


def damage_text(content):
    return b"nothing of the kind"


def damage_half(content):
    return content[: len(content) // 2]


def damage_byte(content):
    # inside the data of the first array
    place = content.index(b"\x93NUMPY") + 140
    return content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]


@pytest.mark.parametrize("damage", [damage_empty, damage_text, damage_half, damage_byte])
def test_a_damaged_file_costs_its_chunk(tmp_path, damage):
    whole = sweep(magnetise, CHUNKS, checkpoint=tmp_path, settings=SETTINGS, progress=False)
    file = tmp_path / "chunk-00002.npz"
    file.write_bytes(damage(file.read_bytes()))
    counted = interrupted_after(1)
    with pytest.warns(RuntimeWarning, match="chunk-00002.npz is damaged"):
        again = sweep(counted, CHUNKS, checkpoint=tmp_path, settings=SETTINGS, progress=False)
    same(whole, again)
    same(whole, sweep(refuse, CHUNKS, checkpoint=tmp_path, settings=SETTINGS, progress=False))


def test_a_chunk_of_another_folder_does_not_pass(tmp_path):
    sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path / "a", settings=SETTINGS, progress=False)
    whole = sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path / "b", settings={"other": 1}, progress=False)
    (tmp_path / "b" / "chunk-00001.npz").write_bytes((tmp_path / "a" / "chunk-00001.npz").read_bytes())
    with pytest.warns(RuntimeWarning, match="computed again"):
        same(
            whole,
            sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path / "b", settings={"other": 1}, progress=False),
        )


def test_settings_are_written_for_the_reader(tmp_path):
    sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings=SETTINGS, progress=False)
    written = json.loads((tmp_path / "settings.json").read_text())
    versions = written.pop("versions")
    assert written == {"chunks": 1, "settings": {"ansatz": "toy", "beta": [1.1, 2.1], "field": 0.1}}
    assert versions["numpy"] == np.__version__
    assert set(versions) == {"numpy", "scipy", "numba", "python", "saddlepoint", __name__.split(".")[0]}


def test_results_of_another_library_version_are_not_resumed(tmp_path):
    sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings=SETTINGS, progress=False)
    record = tmp_path / "settings.json"
    record.write_text(record.read_text().replace(np.__version__, "1.0.0"))
    with pytest.raises(ValueError, match="numpy was 1.0.0, now it is"):
        sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings=SETTINGS, progress=False)


def test_results_that_cannot_be_saved(tmp_path):
    with pytest.raises(TypeError, match="must return a dict of arrays, got float"):
        sweep(float, [1], checkpoint=tmp_path / "a", progress=False)
    with pytest.raises(TypeError, match="the result 'bad' cannot be saved"):
        sweep(lambda item: {"bad": object()}, [1], checkpoint=tmp_path / "b", progress=False)
    with pytest.raises(TypeError, match="settings must be numbers"):
        sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path / "c", settings={"f": magnetise}, progress=False)


def test_progress_goes_to_stderr(capsys):
    assert sweep(abs, [-1, 2], progress=True) == [1, 2]
    shown = capsys.readouterr()
    assert shown.out == "" and "2/2" in shown.err
    assert sweep(abs, [-1, 2]) == [1, 2]
    assert capsys.readouterr().err == ""


def test_workers_are_checked():
    for bad in (0, -2, 1.5, True):
        with pytest.raises(ValueError, match="workers must be a whole number"):
            sweep(abs, [1], workers=bad)


def test_a_changed_source_is_not_resumed(tmp_path):
    sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings=SETTINGS, progress=False)
    record = tmp_path / "settings.json"
    written = json.loads(record.read_text())
    written["versions"]["saddlepoint"] = "0.1, sources 0123456789abcdef"
    record.write_text(json.dumps(written))
    with pytest.raises(ValueError, match="saddlepoint was 0.1, sources 0123456789abcdef, now it is"):
        sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings=SETTINGS, progress=False)


def test_every_flipped_bit_is_seen(tmp_path):
    folder = Folder(tmp_path, SETTINGS, 1, magnetise)
    folder.write(0, {"m": np.array([0.25]), "status": np.array(["converged"])})
    file = tmp_path / "chunk-00000.npz"
    whole = file.read_bytes()
    assert folder._content(file) is not None
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        assert folder._content(file) is None, place
    file.write_bytes(whole)
    with np.load(file) as stored:
        assert stored["result.m"] == 0.25  # an archive that others can read


@pytest.mark.parametrize("damage", ["folder", "nesting"])
def test_a_checkpoint_that_is_no_such_thing_is_refused_or_recomputed(tmp_path, damage):
    whole = sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path, settings=SETTINGS, progress=False)
    if damage == "nesting":
        (tmp_path / "settings.json").write_text("[" * 100_000)
        with pytest.raises(ValueError, match="unreadable settings.json"):
            sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path, settings=SETTINGS, progress=False)
        return
    (tmp_path / "chunk-00001.npz").unlink()
    (tmp_path / "chunk-00001.npz").mkdir()
    with (
        pytest.warns(RuntimeWarning, match="computed again"),
        pytest.raises(SweepFailed, match="the same call resumes"),
    ):
        sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path, settings=SETTINGS, progress=False)
    (tmp_path / "chunk-00001.npz").rmdir()
    same(whole, sweep(magnetise, CHUNKS[:2], checkpoint=tmp_path, settings=SETTINGS, progress=False))


def ended_from_outside(beta):
    if len(beta) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"m": np.asarray(beta)}


def test_a_killed_worker_is_told_and_the_rest_is_kept(tmp_path):
    items = [np.ones(2), np.ones(2), np.ones(3)]
    with pytest.raises(SweepFailed, match="a worker process ended.*the same call resumes"):
        sweep(ended_from_outside, items, workers=2, checkpoint=tmp_path, progress=False)


def no_memory(beta):
    raise MemoryError


def test_want_of_memory_is_told():
    with pytest.raises(SweepFailed, match="not enough memory; nothing is kept without a checkpoint"):
        sweep(no_memory, [1], progress=False)


def test_backends_that_answer_at_the_end_give_the_same_bits():
    plain = sweep(magnetise, CHUNKS[:3], progress=False)
    with joblib.parallel_config(backend="multiprocessing", n_jobs=2):
        same(plain, sweep(magnetise, CHUNKS[:3], progress=False))


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, beta):
        return self.factor * beta


def written(source, name="law", **known):
    """A function or class as a user's file would hold it."""
    place = {"__name__": "papers", **known}
    exec(source, place)
    return place[name]


LAW = "def law(u):\n    return np.maximum(0.0, 1.0 - u)\n"
CLASS = "class law:\n    step = 1.0\n    def cost(self, u):\n        return part(u) * self.step\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (written(LAW, np=np), written(LAW.replace("1.0", "1.5"), np=np)),
        (written("def law(u): return k * u", k=1.0), written("def law(u): return k * u", k=2.0)),
        (written("law = (lambda k: lambda u: k * u)(1.0)"), written("law = (lambda k: lambda u: k * u)(1.5)")),
        (written("def law(u, k=1.0): return k * u"), written("def law(u, k=2.0): return k * u")),
        (written(CLASS, part=np.abs)(), written(CLASS, part=np.square)()),
        (written(CLASS, part=np.abs)(), written(CLASS.replace("1.0", "1.1"), part=np.abs)()),
        (functools.partial(np.power, 2), functools.partial(np.power, 3)),
        (Scaled(1.0), Scaled(2.0)),
        (np.poly1d([1.0, 2.0]), np.poly1d([1.0, 2.5])),
        (CubicSpline([0, 1, 2, 3], [0, 1, 0, 1]), CubicSpline([0, 1, 2, 3], [0, 1, 0, 2])),
    ],
)
def test_code_of_ones_own_is_part_of_a_checkpoint(tmp_path, one, other):
    assert own_code([one], ["saddlepoint"]) != own_code([one, {"a": [other]}], ["saddlepoint"])
    sweep(taken, [{"law": one}], checkpoint=tmp_path, progress=False)
    sweep(refuse, [{"law": one}], checkpoint=tmp_path, progress=False)
    with pytest.raises(ValueError, match=r"other settings: the code of .* was \w{16}, now it is \w{16}"):
        sweep(taken, [{"law": other}], checkpoint=tmp_path, progress=False)


def taken(item):
    return {"taken": np.zeros(1)}


def test_code_of_libraries_is_known_by_its_version():
    assert own_code([np.exp, CHUNKS, CurieWeiss(beta=1.0, h=0.1).beta, print, {"a": (1, "b")}], ["saddlepoint"]) == {}


def test_code_has_the_same_digest_in_every_process(tmp_path):
    script = (
        "import numpy as np\nfrom saddlepoint._sources import own_code\n"
        "def law(u): return np.abs(u) if 'a' in {'a', 'b', 'c', 'd'} else u\nprint(own_code([law], []))"
    )
    seen = set()
    for seed in ("1", "2"):
        known = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        seen.add(subprocess.run([sys.executable, "-c", script], env=known, capture_output=True, check=True).stdout)
    assert len(seen) == 1 and b"__main__.law" in seen.pop()


def test_long_settings_that_differ_are_said_in_short(tmp_path):
    grid = np.linspace(0.0, 1.0, 200)
    known = {"axes": {"alpha": grid, "beta": grid}}
    sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings=known, progress=False)
    moved = {"axes": {"alpha": grid, "beta": np.where(grid == 1.0, 2.0, grid)}}
    with pytest.raises(ValueError, match=r"settings: axes beta\[199\] was 1.0, now it is 2.0; choose another folder$"):
        sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings=moved, progress=False)
    with pytest.raises(ValueError, match=r"settings: axes alpha was 200 values, now it is 199 values;"):
        sweep(magnetise, CHUNKS[:1], checkpoint=tmp_path, settings={"axes": {"alpha": grid[1:]}}, progress=False)


FORKED = """
import os, signal
from saddlepoint._ending import ended_in_order
with ended_in_order():
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    child = os.fork()
    if child == 0:
        os._exit(0 if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def test_forked_workers_end_at_once():
    """They are ended by a signal: with a handler in Python some would never look at it."""
    assert subprocess.run([sys.executable, "-c", FORKED], check=False).returncode == 0
