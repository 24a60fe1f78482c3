"""Files that lie in their headers, and sources and manifests as people write them."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from driver import places
from driver.errors import ManifestInvalid, ModelUnknown
from driver.weights import formats, manifest, sources
from driver.weights.sources import Hub, Package, Web
from tests.weights import gguf, onnx, pack, safetensors

SHIPPED = manifest.read(manifest.shipped_file(), own=False)


def fault(folder: Path, name: str, body: bytes) -> str | None:
    path = folder / name
    path.write_bytes(body)
    return formats.fault(path)


def test_right_files_pass(tmp_path: Path, sketch_path: Path, llm_path: Path):
    for name, body in (("a.safetensors", safetensors()), ("a.gguf", gguf()), ("a.onnx", onnx())):
        assert fault(tmp_path, name, body) is None
    assert fault(tmp_path, "a.json", b'{"version": "1.0"}') is None
    assert formats.fault(sketch_path) is None
    assert formats.fault(llm_path) is None


def tensor(dtype: str = "F32", shape: list[int] | None = None, span: tuple[int, int] = (0, 8)):
    return {"dtype": dtype, "shape": shape or [2], "data_offsets": [*span]}


@pytest.mark.parametrize(
    ("header", "data", "said"),
    [
        ({"w": tensor()}, 7, "take 8 bytes, the file holds 7"),
        ({"w": tensor()}, 9, "take 8 bytes, the file holds 9"),
        ({"w": tensor(shape=[3])}, 8, "takes 8 bytes and needs 12"),
        ({"w": tensor(shape=[2**40, 2**40])}, 8, "needs"),
        ({"w": tensor(shape=[-2])}, 8, "no proper shape"),
        ({"w": tensor(shape=[2.0])}, 8, "no proper shape"),
        ({"w": tensor(span=(0, 2**70))}, 8, "no proper shape or place"),
        ({"w": tensor("PICKLE")}, 8, "unknown type"),
        ({"a": tensor(), "b": tensor()}, 8, "overlap"),
        ({"a": tensor(), "b": tensor(span=(9, 17))}, 17, "gap"),
        ({"w": [1]}, 8, "not described"),
        ({"__metadata__": {"a": 1}, "w": tensor()}, 8, "metadata"),
        ([1], 0, "not a mapping"),
        (b'{"w": 1, "w": 1}', 0, "occurs twice"),
        (b"\xff\xfe", 0, "not JSON"),
        (b"[" * 100_000, 0, "nested too deep"),
    ],
)
def test_a_safetensors_header_that_lies(tmp_path: Path, header: object, data: int, said: str):
    assert said in str(fault(tmp_path, "a.safetensors", pack(header, bytes(data))))


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.safetensors", b"", "no header"),
        ("a.safetensors", struct.pack("<Q", 2**63) + b"{}", "claims 9223372036854775808 bytes"),
        ("a.safetensors", safetensors()[:2000], "the file holds"),
        ("a.safetensors", b"<!DOCTYPE html><html>" + bytes(99), "web page"),
        ("a.safetensors", b"version https://git-lfs.github.com/spec/v1\n" + bytes(99), "pointer"),
        ("a.safetensors", b"PK\x03\x04" + bytes(99), "pickle or an archive"),
        ("a.gguf", b"", "too short"),
        ("a.gguf", gguf()[:-1], "the file has"),
        ("a.gguf", gguf()[:60], "cut off"),
        ("a.gguf", gguf()[:40], "beyond the end"),
        ("a.gguf", b"GGML" + gguf()[4:], "begins with b'GGML'"),
        ("a.gguf", gguf(version=9), "version is 9"),
        ("a.gguf", gguf(claim=2**60), "tensors need"),
        ("a.gguf", gguf(kind=77), "type 77"),
        ("a.gguf", b"GGUF" + struct.pack("<IQQ", 3, 2**60, 1), "claims 1152921504606846976"),
        ("a.onnx", b"", "empty"),
        ("a.onnx", onnx()[:-3], "cut off"),
        ("a.onnx", onnx(claim=5), "needs 20"),
        ("a.onnx", onnx(location=b"../../secret"), "another file"),
        ("a.onnx", b"\x08\x08", "no graph"),
        ("a.onnx", bytes(50), "not an ONNX"),
        ("a.json", b"{", "not JSON"),
        ("a.json", b"[" * 100_000, "nested"),
    ],
)
def test_a_file_that_is_not_what_it_says(tmp_path: Path, name: str, body: bytes, said: str):
    assert said in str(fault(tmp_path, name, body))


@pytest.mark.parametrize("make", [safetensors, gguf, onnx])
def test_a_cut_file_never_passes(tmp_path: Path, make: object):
    body = make()  # pyright: ignore
    ending = {safetensors: "safetensors", gguf: "gguf", onnx: "onnx"}[make]  # pyright: ignore
    for length in range(0, len(body), max(1, len(body) // 150)):
        assert fault(tmp_path, f"a.{ending}", body[:length])


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("hub:a/b/c.gguf", Hub("a/b", "c.gguf")),
        ("hub:a/b@refs-1/d/c.gguf", Hub("a/b", "d/c.gguf", "refs-1")),
        ("https://host.example:81/a.bin?x=1", Web("https://host.example:81/a.bin?x=1")),
        ("http://127.0.0.1:9/a", Web("http://127.0.0.1:9/a")),
        ("package:wheel/a-b==1.0/p/q.pt", Package("wheel", "a-b", "1.0", "p/q.pt")),
        ("package:sdist/a==1!2+c/q", Package("sdist", "a", "1!2+c", "q")),
        ("package:npm/@s/n@1.2.3/p/q", Package("npm", "@s/n", "1.2.3", "p/q")),
    ],
)
def test_sources(text: str, source: object):
    assert sources.parse(text) == source


@pytest.mark.parametrize(
    "text",
    [
        *("hub:a/c.gguf", "hub:a/b/../c", "hub:a/b//c", "hub:a/b/c\\d", "hub:../b/c", "hub:a/b/"),
        *("http://host.example/a", "https://u:p@host.example/a", "https:///a", "https://h:x/a"),
        *("https://host.example/a b", "file:///etc/passwd", "ftp://h/a", "", "/etc/passwd"),
        *(
            "package:wheel/a/p",
            "package:wheel/a==1/../p",
            "package:npm/-x@1/p",
            "package:pip/a==1/p",
        ),
        *("package:wheel/--index-url==1/p", "package:npm/a/p", "package:wheel/a>=1/p"),
    ],
)
def test_sources_that_are_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        sources.parse(text)


def entry(**changes: object) -> str:
    usual = {"name": "a", "file": "a.safetensors", "folder": "loras", "source": "hub:a/b/c"}
    return json.dumps({"models": [usual | changes]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: [", "not YAML"),
        ("[]", "no list `models`"),
        ("models: {a: b}", "no list `models`"),
        ("models: [a]", "entry 1: it is not a mapping"),
        (entry(licnece="MIT"), "m.yaml, a: unknown key 'licnece': licence?"),
        (entry(name="A b"), "'name' holds"),
        (entry(name="all"), "name' is that of a group"),
        (entry(file="../a.safetensors"), "not a plain file name"),
        (entry(file="a/b.safetensors"), "not a plain file name"),
        (entry(file=".a.safetensors"), "not a plain file name"),
        (entry(file="a.py"), "ends with none of"),
        (entry(file="a.pth"), "ends with none of"),
        (entry(folder="../x"), "'folder' holds"),
        (entry(folder="custom_nodes"), "for programs"),
        (entry(source="hub:a"), "is none of hub:"),
        (entry(sha256="12"), "64 hexadecimal"),
        (entry(size="big"), "'size' is neither"),
        (entry(size=True), "'size' is neither"),
        (entry(commercial="maybe"), "neither yes nor no"),
        (entry(groups="stock"), "not a list of texts"),
        (entry(trust=True), "unknown key 'trust'"),
        (entry(source="hub:a/b/c.pth", file="c.onnx"), "has to end with .safetensors"),
        (entry(take="params"), "for files that are converted"),
        (json.dumps({"models": [{"name": "a"}]}), "'file' is missing"),
        (json.dumps({"models": json.loads(entry())["models"] * 2}), "another entry"),
    ],
)
def test_a_wrong_manifest_says_where_and_what(text: str, said: str):
    with pytest.raises(ManifestInvalid) as caught:
        manifest.parse(text, "m.yaml", own=False)
    assert said in str(caught.value)


def test_the_shipped_manifest_covers_the_shipped_graphs():
    files = {model.file: model for model in SHIPPED.values()}
    used: set[tuple[str, str]] = set()
    for graph in (places.CUSTOM_NODES / "stockwright" / "example_workflows").glob("*.json"):
        for node in json.loads(graph.read_text("utf-8"))["nodes"]:
            for value in node.get("widgets_values") or []:
                if str(value).endswith(manifest.READY + manifest.PICKLES):
                    used.add((graph.name, str(value)))
    assert used
    assert {(g, f) for g, f in used if f not in files or g not in files[f].graphs} == set()
    assert {(g, m.file) for m in SHIPPED.values() for g in m.graphs} <= used


def test_groups_of_the_shipped_manifest():
    known = manifest.Manifest(SHIPPED)
    stock = {model.folder for model in known.select(["stock"])}
    assert {"checkpoints", "vae", "loras", "upscale_models", "facerestore_models"} <= stock
    assert {"face_detection", "llm"} <= stock
    assert "photomaker" in {model.folder for model in known.select(["avatar"])}
    assert all(isinstance(model.source, Package) for model in known.select(["demo"]))
    everything = {model.name for model in known.select(["all"])}
    assert everything == SHIPPED.keys() - {"sketch"}
    assert [model.name for model in known.select(["yunet", "yunet"])] == ["yunet"]
    with pytest.raises(ModelUnknown, match="sdxl-base"):
        known.select(["sdxl-bse"])


def test_every_shipped_model_has_a_licence_and_a_size():
    for model in SHIPPED.values():
        assert model.licence != "unknown", model.name
        assert model.commercial is not None, model.name
        assert model.name == "sketch" or model.size or model.about, model.name
