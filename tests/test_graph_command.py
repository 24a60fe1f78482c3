"""`driver/graph.py`, as it is run, and graphs out of pictures."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from driver import cli, graph
from driver.errors import GraphInvalid
from driver.graphs import load_graph
from driver.places import WORKFLOWS

DATA = Path(__file__).parent / "data"
INFO = DATA / "object_info.json"
CANVAS = (DATA / "graphs" / "classic.json").read_text()
API = (DATA / "graphs" / "classic.api.json").read_text()


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = graph.main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_prints_the_api_graph(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, DATA / "graphs" / "classic.json", "--object-info", INFO)
    assert code == 0
    assert json.loads(out) == json.loads(API)


def test_is_a_command_of_stockwright(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ["stockwright", "graph", str(WORKFLOWS / "plan.json"), "--object-info", str(INFO)]
    monkeypatch.setattr("sys.argv", line)
    assert cli.main() == 0
    assert json.loads(capsys.readouterr().out)


def test_prints_what_can_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, WORKFLOWS / "stock.json", "--object-info", INFO, "--inputs")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["title", "input", "type", "value", "choices"]
    assert ["Scheduler", "steps", "INT", "30", "1", "to", "10000"] in lines
    assert any(line[:3] == ["Guider", "cfg", "FLOAT"] for line in lines)
    (sampler,) = [line for line in out.splitlines() if "sampler_name" in line]
    assert "euler" in sampler
    assert sampler.rstrip().endswith("more")


def test_links_and_shared_titles_are_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    nodes = {
        "1": {"class_type": "PrimitiveInt", "inputs": {"value": 3}, "_meta": {"title": "Steps"}},
        "2": {"class_type": "BasicScheduler", "inputs": {"steps": ["1", 0]}},
        "3": {"class_type": "PrimitiveInt", "inputs": {"value": 4}, "_meta": {"title": "Steps"}},
    }
    (tmp_path / "two.json").write_text(json.dumps(nodes))
    _, out, _ = run(capsys, tmp_path / "two.json", "--object-info", INFO, "--inputs")
    assert "← Steps#1" in out
    assert [line.split()[0] for line in out.splitlines() if "value" in line][1:] == [
        "Steps#1",
        "Steps#2",
    ]


def test_terminal_controls_and_half_characters_do_no_harm(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    node = {"class_type": "PrimitiveString", "inputs": {"value": "\x1b[2J [bold]\n\ud800"}}
    (tmp_path / "odd.json").write_text(json.dumps({"1": node}))
    for flags in ((), ("--inputs",)):
        code, out, _ = run(capsys, tmp_path / "odd.json", "--object-info", INFO, *flags)
        assert code == 0
        assert "\x1b" not in out
        assert "[bold]" in out


def test_a_missing_model_is_told_beside_the_graph(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = json.loads(CANVAS)
    loader = next(n for n in data["nodes"] if n["type"] == "CheckpointLoaderSimple")
    loader["widgets_values"] = ["else.safetensors"]
    (tmp_path / "else.json").write_text(json.dumps(data))
    code, out, err = run(capsys, tmp_path / "else.json", "--object-info", INFO)
    assert code == 0
    assert json.loads(out)
    assert "not on the server: 'Load Checkpoint', ckpt_name: 'else.safetensors'" in err
    assert "models.py pull" in err.splitlines()[-1]


@pytest.mark.parametrize("text", ["", "{}", '{"KSampler": 1}', "[" * 100_000])
def test_a_file_that_is_no_object_info(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "info.json").write_text(text)
    code, out, err = run(capsys, WORKFLOWS / "plan.json", "--object-info", tmp_path / "info.json")
    assert (code, out) == (2, "")
    assert "info.json" in err


@pytest.mark.parametrize(
    "groups",
    [
        None, [], {"required": ["a"]}, {"optional": {"a": "INT"}}, {"required": {"a": []}},
        {"required": {"a": [3]}}, {"required": {"a": ["INT", "b"]}},
    ],
)  # fmt: skip
def test_an_object_info_with_a_damaged_class(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, groups: object
) -> None:
    info = json.loads(INFO.read_text())
    info["KSampler"]["input"] = groups
    (tmp_path / "info.json").write_text(json.dumps(info))
    code, out, err = run(capsys, WORKFLOWS / "plan.json", "--object-info", tmp_path / "info.json")
    assert (code, out) == (2, "")
    assert "info.json" in err
    assert "what inputs 'KSampler' has" in err


def test_a_server_that_is_not_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKWRIGHT_TOKEN", "secret")
    code, _, err = run(capsys, WORKFLOWS / "plan.json", "--server", "http://127.0.0.1:9")
    assert code == 3
    assert "[server-down]" in err
    assert "secret" not in err


def png(path: Path, **texts: str) -> Path:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def webp(path: Path, tags: dict[int, str]) -> Path:
    image = Image.new("RGB", (8, 8))
    exif = image.getexif()
    for tag, text in tags.items():
        exif[tag] = text
    image.save(path, exif=exif)
    return path


def test_a_png_gives_the_graph_that_painted_it(tmp_path: Path) -> None:
    found = load_graph(png(tmp_path / "a.png", prompt=API, workflow=CANVAS))
    assert not found.is_canvas
    assert found.data == json.loads(API)


@pytest.mark.parametrize("prompt", ["", "null", "{", "{}"])
def test_a_png_without_an_api_graph_gives_the_canvas_one(tmp_path: Path, prompt: str) -> None:
    texts = {"prompt": prompt} if prompt else {}
    found = load_graph(png(tmp_path / "a.png", workflow=CANVAS, **texts))
    assert found.is_canvas
    assert found.data == json.loads(CANVAS)


def test_a_webp_gives_its_graph(tmp_path: Path) -> None:
    tags = {0x0110: f"prompt:{API}", 0x010F: f"workflow:{CANVAS}"}
    assert load_graph(webp(tmp_path / "a.webp", tags)).data == json.loads(API)
    del tags[0x0110]
    assert load_graph(webp(tmp_path / "b.webp", tags)).data == json.loads(CANVAS)


def test_letters_beyond_ascii(tmp_path: Path) -> None:
    data: dict[str, Any] = {"1": {"class_type": "PrimitiveString", "inputs": {"value": "образ"}}}
    text = json.dumps(data, ensure_ascii=False)
    assert load_graph(png(tmp_path / "a.png", prompt=text)).data == data


def test_compressed_texts(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", CANVAS, zip=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "z.png", pnginfo=info)
    info = PngImagePlugin.PngInfo()
    info.add_itxt("workflow", CANVAS, lang="en", tkey="workflow", zip=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "i.png", pnginfo=info)
    for name in ("z.png", "i.png"):
        assert load_graph(tmp_path / name).data == json.loads(CANVAS)


def test_pictures_without_a_graph(tmp_path: Path) -> None:
    paths = [
        png(tmp_path / "a.png", parameters="a chair"),
        webp(tmp_path / "a.webp", {0x0110: "Camera"}),
        bomb(tmp_path / "bomb.png"),
    ]
    for path in paths:
        with pytest.raises(GraphInvalid, match="without a graph in its metadata") as error:
            load_graph(path)
        assert str(path) in error.value.where
        assert error.value.hint


def bomb(path: Path) -> Path:
    """A PNG whose text is 100 MB when it is unpacked."""
    body = b"workflow\0\0" + zlib.compress(b" " * 100_000_000)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + bytes(4)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_a_torn_picture(tmp_path: Path, name: str) -> None:
    if name == "a.png":
        png(tmp_path / name, workflow=CANVAS)
    else:
        webp(tmp_path / name, {0x010F: f"workflow:{CANVAS}"})
    whole = (tmp_path / name).read_bytes()
    for end in range(12, len(whole), len(whole) // 50):
        (tmp_path / name).write_bytes(whole[:end])
        try:
            assert load_graph(tmp_path / name).data == json.loads(CANVAS)
        except GraphInvalid as error:
            assert name in error.where


def test_a_picture_stays_a_picture(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG")
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    with pytest.raises(GraphInvalid, match="a JPEG carries no graph"):
        load_graph(tmp_path / "a.jpg")
    (tmp_path / "a.gif").write_bytes(b"GIF89a\xff")
    with pytest.raises(GraphInvalid, match="neither JSON nor a PNG or WebP"):
        load_graph(tmp_path / "a.gif")


def test_a_folder_is_no_graph(tmp_path: Path) -> None:
    with pytest.raises(GraphInvalid, match="is a folder, not a file"):
        load_graph(tmp_path)
