"""What becomes of pickles: weights are converted, and anything else is refused unopened."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from driver.errors import ModelRefused, SetupFailed
from driver.weights import conversion, formats
from stockwright.engine import convert
from tests.fileserver import FileServer
from tests.weights import Home, safetensors, sha256

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2).half()}


class Attack:
    """Runs a command when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self._target}",)


def saved(folder: Path, what: object, **options: Any) -> Path:
    path = folder / "raw.pth"
    torch.save(what, path, **options)
    return path


@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: w,
        lambda w: {"params_ema": w, "params": {}},
        lambda w: {"state_dict": w, "epoch": 3},
        lambda w: {"whatever": w},
        lambda w: {"model": {"net": w}},
    ],
)
def test_weights_are_found_under_usual_names(tmp_path: Path, wrap: Any):
    found = convert.weights(convert.load(saved(tmp_path, wrap(WEIGHTS))), None)
    assert found.keys() == WEIGHTS.keys()


def test_the_older_layout_and_shared_memory(tmp_path: Path):
    both = {"a": (one := torch.ones(3)), "b": one, "c": one[::2], "p": torch.nn.Parameter(one)}
    path = saved(tmp_path, both, _use_new_zipfile_serialization=False)
    found = convert.weights(convert.load(path), None)
    assert all(convert.own(tensor).is_contiguous() for tensor in found.values())
    assert len({convert.own(tensor).data_ptr() for tensor in found.values()}) == 4


def test_a_part_is_taken_by_name(tmp_path: Path):
    path = saved(tmp_path, {"id_encoder": WEIGHTS, "lora_weights": {"b": torch.ones(1)}})
    assert convert.weights(convert.load(path), "lora_weights").keys() == {"b"}


def refusal(capsys: pytest.CaptureFixture[str], path: Path, take: str | None = None) -> str:
    with pytest.raises(SystemExit) as ended:
        tensors = convert.weights(convert.load(path), take)
        convert.check_sizes(tensors, path.stat().st_size)
    assert ended.value.code == convert.REFUSED
    return capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:Validating sparse tensor")
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"a": WEIGHTS, "b": {"c": torch.ones(1)}}, "name one of its parts with `take`: a (dict)"),
        ({"a": torch.ones(1), "step": 3}, "'step' in it is not a tensor but int"),
        ([torch.ones(1)], "no dictionary of weights: list"),
        ({}, "no dictionary of weights"),
        ({"a": torch.ones(1).expand(10**12)}, "its tensors claim 4000000000000 bytes"),
        ({"a": torch.ones(2, 2).to_sparse()}, "of a kind that safetensors does not have"),
        (torch.nn.Linear(2, 2), "more than weights: torch.nn.modules.linear.Linear"),
    ],
)
def test_what_is_no_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: object, said: str
):
    assert said in refusal(capsys, saved(tmp_path, what))


def test_a_part_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "no part 'x': a.weight (Tensor)" in refusal(capsys, saved(tmp_path, WEIGHTS), "x")


def test_code_in_a_pickle_is_named_and_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    ran = tmp_path / "ran"
    said = refusal(capsys, saved(tmp_path, {"a": torch.ones(1), "b": Attack(ran)}))
    assert "it holds more than weights: posix.system" in said
    plain = tmp_path / "plain.pt"
    for protocol in (0, 2):
        plain.write_bytes(pickle.dumps({"b": Attack(ran)}, protocol))
        assert "it " in refusal(capsys, plain)
    assert not ran.exists()


@pytest.mark.parametrize("body", [b"", b"hello world" * 9, b"PK\x03\x04" + bytes(99), b"\x80\x02"])
def test_broken_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], body: bytes):
    path = tmp_path / "raw.pt"
    path.write_bytes(body)
    assert "it " in refusal(capsys, path)


def test_tensorflow_js_weights(capsys: pytest.CaptureFixture[str]):
    packing = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    names = [
        {"name": "q", "shape": [2], "dtype": "float32", "quantization": packing},
        {"name": "f", "shape": [1, 1], "dtype": "float32"},
    ]
    data = bytes([0, 4]) + torch.tensor([2.5]).numpy().tobytes()
    found = convert.unpack(data, [{"weights": names}])
    assert found["q"].tolist() == [-1.0, 1.0]
    assert found["f"].tolist() == [[2.5]]
    for wrong in (data + b"x", data[:-1]):
        with pytest.raises(SystemExit):
            convert.unpack(wrong, [{"weights": names}])
    assert "describes 6 bytes, and the file has 7" in capsys.readouterr().out


def test_pull_converts_in_another_process(tmp_path: Path):
    raw = saved(tmp_path, {"params_ema": WEIGHTS}).read_bytes()
    home = Home(tmp_path / "home")
    with FileServer() as server:
        home.entries({"source": server.put("/one.pth", raw)})
        done = home.call("pull", "one")
    assert done.returncode == 0, done.stderr
    place = home.models / "loras" / "one.safetensors"
    assert formats.fault(place) is None
    assert {name: t.tolist() for name, t in load_file(place).items()} == {
        name: t.tolist() for name, t in WEIGHTS.items()
    }
    assert not home.leftovers()
    (source,) = home.lock["sources"].values()
    assert source["sha256"] == sha256(raw)
    assert home.lock["files"][str(place)]["sha256"] == sha256(place.read_bytes())
    assert place.stat().st_mode & 0o777 == 0o644
    assert "one: right" in home.call("verify", "one").stdout


def stand_in(folder: Path, script: str) -> Path:
    """In place of the Python that converts: its arguments are the script, RAW and MADE."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return python


def test_what_the_converter_refuses_leaves_nothing(tmp_path: Path):
    home = Home(tmp_path / "home", {"HF_TOKEN": "secret"})
    python = stand_in(tmp_path, 'echo "it is odd, token [$HF_TOKEN]"; exit 4')
    with FileServer() as server:
        home.entries({"source": server.put("/one.ckpt", b"odd")})
        done = home.call("pull", "one", "--python", str(python))
    assert done.returncode == 3
    assert "not used: it is odd, token [] [model-refused]" in done.stderr
    assert not home.leftovers()
    assert not (home.models / "loras" / "one.safetensors").exists()


def test_what_the_converter_makes_is_checked(tmp_path: Path):
    home = Home(tmp_path / "home")
    python = stand_in(tmp_path, 'echo "complete nonsense" > "$3"')
    with FileServer() as server:
        home.entries({"source": server.put("/one.ckpt", b"odd")})
        done = home.call("pull", "one", "--python", str(python))
    assert "what came is refused: its header claims" in done.stderr
    assert not home.leftovers()


def test_a_pickle_put_there_by_hand_is_converted_and_left(tmp_path: Path):
    home = Home(tmp_path / "home", {"HF_HUB_OFFLINE": "1"})
    by_hand = home.models / "loras" / "one.pth"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(safetensors())
    python = stand_in(tmp_path, 'cp "$2" "$3"')
    home.entries({"source": "hub:owner/name/one.pth", "sha256": "0" * 64})
    refused = home.call("pull", "one", "--python", str(python))
    assert "[hash-differs]" in refused.stderr
    home.entries({"source": "hub:owner/name/one.pth"})
    done = home.call("pull", "one", "--python", str(python))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in by_hand.parent.iterdir()) == ["one.pth", "one.safetensors"]


def test_two_parts_of_one_file_are_fetched_once(tmp_path: Path):
    home = Home(tmp_path / "home")
    python = stand_in(tmp_path, 'cp "$2" "$3"')
    with FileServer() as server:
        url = server.put("/both.bin", safetensors())
        home.entries(
            {"name": "a", "file": "a.safetensors", "source": url, "take": "x"},
            {"name": "b", "file": "b.safetensors", "folder": "vae", "source": url, "take": "y"},
        )
        done = home.call("pull", "a", "b", "--python", str(python))
        assert done.returncode == 0, done.stderr
        assert len(server.gets("/both.bin")) == 1
    assert (home.models / "vae" / "b.safetensors").is_file()
    assert not home.leftovers()


def converted(python: Path, tmp_path: Path) -> None:
    tensors = tmp_path / "names.json"
    tensors.write_text(json.dumps([]))
    conversion.convert(
        python,
        tmp_path / "raw",
        tmp_path / "made",
        where="one",
        take=None,
        tensors=tensors,
        tick=lambda text: None,
    )


def test_a_python_without_torch_says_what_to_name(tmp_path: Path):
    python = stand_in(tmp_path, f'exec {sys.executable} -S "$@"')
    with pytest.raises(SetupFailed, match="--python PATH") as caught:
        converted(python, tmp_path)
    assert "No module named 'torch'" in str(caught.value)


def test_a_converter_that_dies_is_reported(tmp_path: Path):
    with pytest.raises(ModelRefused, match="memory was not enough"):
        converted(stand_in(tmp_path, "kill -9 $$"), tmp_path)
