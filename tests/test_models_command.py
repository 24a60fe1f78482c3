"""The command as people use it: what it lists, checks, adds, removes, and says when it cannot."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from driver.weights import own
from tests.fileserver import FileServer
from tests.weights import Home, gguf, safetensors, sha256

BODY = safetensors(300_000)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def rows(listed: str) -> dict[str, str]:
    return {line.split()[0]: line for line in listed.splitlines() if line.strip()}


def test_list_tells_the_truth(home: Home, server: FileServer):
    nothing = home.call("list")
    assert nothing.returncode == 0, nothing.stderr
    assert rows(nothing.stdout)["sdxl-base"].split()[3:6] == ["missing", "6.9", "GB"]
    assert "0 of 20 are there" in nothing.stdout
    assert not (home.path / "models-lock.json").exists()

    names = ("right", "cut", "lies", "hand", "begun", "touched")
    home.entries(
        *(
            {
                "name": name,
                "file": f"{name}.safetensors",
                "source": server.put(f"/{name}.safetensors", BODY),
                **({"size": len(BODY)} if name == "cut" else {}),
            }
            for name in names
        )
    )
    assert home.call("pull", "right", "touched").returncode == 0
    folder = home.models / "loras"
    (folder / "cut.safetensors").write_bytes(BODY[:-1])
    (folder / "lies.safetensors").write_bytes(BODY + b"more")
    (folder / "hand.safetensors").write_bytes(BODY)
    (folder / "touched.safetensors").write_bytes(BODY[:-1] + bytes([BODY[-1] ^ 1]))
    (folder / ".begun.safetensors.part").write_bytes(BODY[:2000])
    listed = home.call("list", *names)
    assert listed.returncode == 0
    states = {name: rows(listed.stdout)[name] for name in names}
    assert " there  " in states["right"]
    assert "unknown" in states["right"], "its licence"
    assert "there, hash not checked" in states["hand"]
    assert "there, hash not checked" in states["touched"]
    assert "begun, 2.0 KB" in states["begun"]
    assert "broken" in states["cut"]
    assert "broken" in states["lies"]
    assert f"it has {len(BODY) - 1} bytes and should have {len(BODY)}" in listed.stdout
    assert "its tensors take 300000 bytes, the file holds 300004" in listed.stdout
    assert "3 of 6 are there" in listed.stdout

    done = home.call("verify", *names)
    assert done.returncode == 1
    said = rows(done.stdout)
    assert said["right:"].startswith("right: right, ")
    assert "BROKEN" in said["cut:"]
    assert "BROKEN" in said["lies:"]
    assert "BROKEN" in said["touched:"]
    assert sha256(BODY) in said["touched:"]
    assert "nobody said its hash" in said["hand:"]
    assert said["begun:"] == "begun: begun"

    mended = home.call("pull", "right", "cut", "lies", "hand", "begun")
    assert mended.returncode == 0, mended.stderr
    assert "is broken (it has" in mended.stdout
    kept = home.call("pull", "touched")
    assert kept.returncode == 3
    assert "[hash-differs]" in kept.stderr
    assert "Move it away" in kept.stderr
    (folder / "touched.safetensors").unlink()
    assert home.call("pull", "touched").returncode == 0
    assert home.call("verify", *names).returncode == 0


def test_verify_looks_at_files_that_no_manifest_has(home: Home):
    folder = home.models / "llm"
    folder.mkdir(parents=True)
    (folder / "right.gguf").write_bytes(gguf())
    (folder / "lies.gguf").write_bytes(gguf(claim=2**50))
    (folder / "old.ckpt").write_bytes(b"x")
    done = home.call("verify")
    assert done.returncode == 1
    assert f"not in the manifest: BROKEN, {folder / 'lies.gguf'}: its tensors need" in done.stdout
    assert f"{folder / 'old.ckpt'}: loading it may run what is in it" in done.stdout
    assert "right.gguf" not in done.stdout


def test_add_pull_and_remove_a_model_of_ones_own(home: Home, server: FileServer):
    url = server.put("/a/film.safetensors", BODY)
    refused = home.call("add", "film", url, "--folder", "loras")
    assert refused.returncode == 2
    assert "[host-untrusted]" in refused.stderr
    assert "--trust" in refused.stderr
    assert not home.manifest.exists()
    assert home.call("add", "film", url, "--folder", "loras", "--trust").returncode == 0
    assert home.call("add", "grain", f"{url}?v=2", "--folder", "loras").returncode == 0
    assert home.call("add", "pastel", "hub:a/b/pastel.ckpt", "--folder", "loras").returncode == 0
    assert home.call("pull", "film").returncode == 0
    assert (home.models / "loras" / "film.safetensors").read_bytes() == BODY
    again = home.call("add", "film", url, "--folder", "vae")
    assert again.returncode == 2
    assert "there is a model 'film' already" in again.stderr
    assert home.call("rm", "film").returncode == 0
    assert not (home.models / "loras" / "film.safetensors").exists()
    left = yaml.safe_load(home.manifest.read_text())["models"]
    assert [entry["name"] for entry in left] == ["grain", "pastel"]
    assert left[1]["file"] == "pastel.safetensors"
    gone = home.call("pull", "film")
    assert gone.returncode == 2
    assert "[model-unknown]" in gone.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a", "http://host.example/a.safetensors", "--folder", "loras"), "https is needed"),
        (("a", "hub:a/b/a.txt", "--folder", "loras"), "ends with none of"),
        (("a", "hub:a/b/a.gguf", "--folder", "../loras"), "'folder' holds"),
        (("a", "hub:a/b/a.gguf", "--folder", "llm", "--file", "../a.gguf"), "not a plain file"),
        (("../a", "hub:a/b/a.gguf", "--folder", "llm"), "'name' holds"),
        (("stock", "hub:a/b/a.gguf", "--folder", "llm"), "is the name of a group"),
    ],
)
def test_what_cannot_be_added(home: Home, arguments: tuple[str, ...], said: str):
    done = home.call("add", *arguments)
    assert done.returncode == 2
    assert "[models-manifest]" in done.stderr
    assert said in done.stderr
    assert not home.manifest.exists()


def test_what_people_wrote_around_an_entry_stays(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("driver.places.EMBEDDED", home.path)
    text = """# mine
models:
  # the first
  - name: a
    file: a.gguf   # short
    folder: llm
    source: hub:o/n/a.gguf
    groups:
      - mine

  # the second
  - {name: b, file: b.gguf, folder: llm, source: "hub:o/n/b.gguf"}
"""
    home.manifest.write_text(text)
    own.remove("a")
    after = home.manifest.read_text()
    assert after == text.replace(text[text.index("  - name: a") : text.index("\n  # the sec")], "")
    own.remove("b")
    assert yaml.safe_load(home.manifest.read_text()) == {"models": None}


def test_extra_model_paths_are_followed(home: Home, server: FileServer, tmp_path: Path):
    comfyui, disk = tmp_path / "ComfyUI", tmp_path / "disk"
    comfyui.mkdir()
    (comfyui / "main.py").write_text("")
    (comfyui / "extra_model_paths.yaml").write_text(
        f"""
big:
  base_path: {disk}
  is_default: true
  loras: lora
  llm: |
    gguf
    more/gguf
other:
  base_path: ../relative
  loras: loras
  clip: clips
none:
"""
    )
    more = tmp_path / "more.yaml"
    more.write_text(f"m:\n    vae: {tmp_path}/vae\n")
    at = ("--comfyui", str(comfyui))
    listed = home.call("where", *at, "--extra-model-paths", str(more)).stdout
    lines = [line.split() for line in listed.splitlines()]
    found: dict[str, list[str]] = {}
    for words in lines[1:]:
        name = words[0] if len(words) > 1 else list(found)[-1]
        found.setdefault(name, []).extend(words[1:] or words)
    models = comfyui / "models"
    relative = tmp_path / "relative"
    assert found["loras"] == [f"{disk}/lora", f"{models}/loras", f"{relative}/loras"]
    assert found["llm"][:2] == [f"{disk}/more/gguf", f"{disk}/gguf"]
    clips = [f"{models}/text_encoders", f"{models}/clip", f"{relative}/clips"]
    assert found["text_encoders"] == clips
    assert found["vae"] == [f"{models}/vae", f"{tmp_path}/vae"]

    home.entries(
        {"source": server.put("/one.safetensors", BODY)},
        {"name": "two", "file": "two.safetensors", "source": server.put("/two.safetensors", BODY)},
    )
    assert home.call("pull", "one", *at).returncode == 0
    assert (disk / "lora" / "one.safetensors").is_file()
    assert home.call("pull", "two", *at, "--into", str(relative)).returncode == 0
    assert (relative / "loras" / "two.safetensors").is_file()
    assert "one: there" in home.call("pull", "one", *at).stdout
    assert home.call("where", "two", *at).stdout.strip() == str(relative / "loras/two.safetensors")
    refused = home.call("pull", "one", "--into", str(tmp_path / "none"))
    assert refused.returncode == 2
    assert f"no folder of 'loras' lies in {tmp_path / 'none'}" in refused.stderr
    nothing = home.call("list", "--comfyui", str(disk))
    assert nothing.returncode == 2
    assert "there is no main.py in it" in nothing.stderr


def test_for_another_machine_it_prints_what_to_run_there(
    home: Home, server: FileServer, tmp_path: Path
):
    hub = server.put_hub("owner/name", "one.safetensors", BODY)
    two = server.put("/a file.gguf", gguf())
    home.entries(
        {"source": hub, "sha256": sha256(BODY)},
        {"name": "two", "file": "my file.gguf", "folder": "llm", "source": two.replace(" ", "%20")},
        {"name": "three", "file": "three.safetensors", "source": "hub:owner/name/three.pth"},
    )
    home.env["STOCKWRIGHT_SERVER"] = "http://gpu-box:8188"
    done = home.call("pull", "one", "two", "three", "smollm2-135m", "sketch")
    assert done.returncode == 0, done.stderr
    assert "models of http://gpu-box:8188" in done.stdout
    assert "pull one two three smollm2-135m sketch --comfyui" in done.stdout
    assert "# three: only with Stockwright" in done.stdout
    assert not (home.path / "base").exists()
    env = home.env | {"HF_ENDPOINT": server.url, "HF_TOKEN": "secret word"}
    for _ in range(2):
        line = ["sh", "-c", done.stdout]
        subprocess.run(line, cwd=tmp_path, env=env, check=True, capture_output=True)
    assert (tmp_path / "models" / "loras" / "one.safetensors").read_bytes() == BODY
    assert (tmp_path / "models" / "llm" / "my file.gguf").read_bytes() == gguf()
    (asked,) = server.gets("/owner/name/resolve/main/one.safetensors")
    assert asked.headers["authorization"] == "Bearer secret word"


def test_a_full_disk_keeps_what_came(home: Home, server: FileServer, tmp_path: Path):
    """The disk is a tmpfs in a mount space of its own, which grows after the first call."""
    body = safetensors(3_000_000)
    home.entries({"source": server.put("/one.safetensors", body, unsized=True)})
    small, base = tmp_path / "small", home.path / "base"
    small.mkdir()
    base.mkdir()
    pull = shlex.join(home.line("pull", "one"))
    (tmp_path / "pull.sh").write_text(f"{pull}\n")
    script = """
        mount -t tmpfs -o size=2m none base || exit 77
        sh ../pull.sh 2> ../first.txt; echo $? > ../first
        find base -type f -exec stat -c %s {} + > ../kept
        mount -o remount,size=80m base
        sh ../pull.sh 2> ../second.txt; echo $? > ../second
        cp base/models/loras/one.safetensors ../made
    """
    line = ["unshare", "-rm", "sh", "-c", script]
    subprocess.run(line, cwd=home.path, env=home.env, check=True)
    said = (tmp_path / "first.txt").read_text()
    assert (tmp_path / "first").read_text().strip() == "3", said
    assert "the disk is full" in said
    assert "What came so far is kept" in said
    assert "[disk]" in said
    assert "Traceback" not in said
    assert int((tmp_path / "kept").read_text()) > 1_500_000
    assert (tmp_path / "second").read_text().strip() == "0", (tmp_path / "second.txt").read_text()
    assert (tmp_path / "made").read_bytes() == body
    first, second = server.gets("/one.safetensors")
    assert "range" not in first.headers
    assert int(second.headers["range"].removeprefix("bytes=").rstrip("-")) > 1_500_000


def test_a_spoilt_lock_file_is_not_forgotten(home: Home):
    (home.path / "models-lock.json").write_text('{"version": 1, "sources": {"a": {}}}')
    done = home.call("list")
    assert done.returncode == 2
    assert "models-lock.json: it cannot be used" in done.stderr
    assert "[models-manifest]" in done.stderr


def test_the_command_is_part_of_stockwright(home: Home):
    script = "import sys; from driver.cli import main; sys.argv[1:] = ['models', 'list', 'demo']"
    line = [*home.line()[:2], f"{script}; sys.exit(main())"]
    done = subprocess.run(line, env=home.env, capture_output=True, text=True, check=True)
    assert "smollm2-135m" in done.stdout


def test_a_terminal_shows_size_rate_and_time_left(home: Home, server: FileServer):
    body = safetensors(1_000_000)
    home.entries({"source": server.put("/one.safetensors", body, cut=131_072)})
    home.env |= {"FORCE_COLOR": "1", "COLUMNS": "120", "TERM": "xterm"}
    done = home.call("pull", "one")
    assert done.returncode == 0, done.stderr
    assert "one.safetensors (1.0 MB)" in done.stdout
    assert "/1.0 MB" in done.stdout
    assert "B/s" in done.stdout
    assert "0:00:0" in done.stdout
