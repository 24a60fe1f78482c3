"""`make setup`: .venv with the project, its tools and the LLM runtime; then the embedded server.

Runs under the system's Python (3.11 or newer; the Makefile checks that) with the standard library
alone, as `python -m driver.host.setup_env` in the checkout. What is done is recognised and not done
again; an interruption at any moment costs only the step that it hit.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from driver import places
from driver.host import commands, locks
from driver.host.terminal import Terminal

VENV = places.ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stockwright-setup.sha256"
PACKAGES = "lib/python3*/site-packages"
PYPROJECT = places.ROOT / "pyproject.toml"
# It asks for the OpenCV with windows, which a server without a display cannot load; `quality` in
# pyproject.toml has what it needs.
TEXT_READER = "rapidocr-onnxruntime==1.4.4"
LLAMA_FLAGS = (
    "-DLLAVA_BUILD=OFF",
    "-DLLAMA_BUILD_TOOLS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
    f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={Path(__file__).with_name('llama-build.cmake')}",
)


_NEEDED = 10_000_000_000
"""Bytes: all of .venv, PyTorch among it, and the embedded server."""


class Stop(Exception):
    """The set-up cannot go on; the text says why and what to do."""


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    terminal = Terminal()
    try:
        with _one_at_a_time(terminal) as lock:
            if not _is_done():
                _make_environment(terminal, lock)
        # Not a child: Ctrl-C would reach both, and this one would kill it while it tidies up.
        os.execv(PYTHON, [str(PYTHON), str(places.ROOT / "driver/embedded.py"), "install"])
    except Stop as stop:
        terminal.close()
        print(f"error: {stop}", file=sys.stderr)
        return 3
    except OSError as error:
        terminal.close()
        print(f"error: {error}\n{commands.advice([str(error)])}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        terminal.close()
        print("Interrupted; the same command goes on where it stopped.", file=sys.stderr)
        return 130


def _one_at_a_time(terminal: Terminal) -> TextIO:
    """A file that holds the lock until it is closed."""
    places.EMBEDDED.mkdir(parents=True, exist_ok=True)
    return locks.acquire(
        places.EMBEDDED / "setup.lock",
        lambda seconds: terminal.tick(f"Another set-up runs; waiting for it: {seconds:.0f} s"),
    )


def _key() -> str:
    # The place of the checkout is in it, since .venv points there.
    return hashlib.sha256(PYPROJECT.read_bytes() + bytes(places.ROOT)).hexdigest()


def _is_done() -> bool:
    return PYTHON.exists() and STAMP.is_file() and STAMP.read_text() == _key()


def _make_environment(terminal: Terminal, lock: TextIO) -> None:
    works = _venv_works()
    if not (works and _is_installed("llama_cpp_python")):
        check_compilers()
        check_disk()
    tick = terminal.tick
    with step(terminal, f"[python 1/3] .venv with Python {sys.version.split()[0]}"):
        if not works:
            _check_venv_module()
            line = [sys.executable, "-m", "venv", "--clear", str(VENV)]
            commands.run(line, "venv", tick, keeping=[lock.fileno()])
    with step(terminal, "[python 2/3] Stockwright and its tools"):
        commands.pip(
            PYTHON, ["install", "--editable", f"{places.ROOT}[dev,quality,avatars]"], "pip", tick
        )
        commands.pip(PYTHON, ["install", "--no-deps", TEXT_READER], "pip", tick)
    with step(terminal, "[python 3/3] llama-cpp-python, compiled for this machine (a few minutes)"):
        llm = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["optional-dependencies"]["llm"]
        commands.pip(PYTHON, ["install", *llm], "pip", tick, env=compiler_settings())
    part = STAMP.with_suffix(".part")
    part.write_text(_key())
    part.replace(STAMP)
    terminal.close()


@contextmanager
def step(terminal: Terminal, name: str) -> Generator[None]:
    terminal.say(name)
    try:
        yield
    except commands.CommandFailed as failed:
        raise Stop(
            f"{name}: {failed}. Its last lines:\n{failed.tail(25)}\n{commands.advice(failed.lines)}"
        ) from failed
    except OSError as error:
        raise Stop(f"{name}: {error}\n{commands.advice([str(error)])}") from error


def check_disk() -> None:
    free = shutil.disk_usage(places.ROOT).free
    if free < _NEEDED:
        raise Stop(
            f"{free / 1e9:.1f} GB are free in {places.ROOT}, and setting up needs"
            f" {_NEEDED / 1e9:.0f} GB. Free some disk space and give the same command again."
        )


def compiler_settings() -> dict[str, str]:
    # The user's own flags come last: of two values for one setting CMake takes the last.
    flags = [shlex.join(LLAMA_FLAGS), os.environ.get("CMAKE_ARGS", "")]
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
    return {"CMAKE_ARGS": " ".join(filter(None, flags)), "CMAKE_BUILD_PARALLEL_LEVEL": jobs}


def _venv_works() -> bool:
    """Whether .venv is whole, with pip and a Python that is new enough."""
    test = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    if not (PYTHON.exists() and _is_installed("pip")):
        return False
    return (
        subprocess.run([str(PYTHON), "-c", test], capture_output=True, check=False).returncode == 0
    )


def _is_installed(package: str) -> bool:
    """Whether .venv holds the package whole: INSTALLER is the last file that pip writes."""
    return any(VENV.glob(f"{PACKAGES}/{package}-*.dist-info/INSTALLER"))


def _check_venv_module() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Stop(
            f"{sys.executable} cannot make virtual environments. Install its venv module "
            f"(Debian, Ubuntu: apt install python{version}-venv), then run the same command again."
        )


def check_compilers() -> None:
    for language, variable, names, source in (
        ("C", "CC", ("cc", "gcc", "clang"), "#include <stdio.h>\nint main(void) { return 0; }\n"),
        ("C++", "CXX", ("c++", "g++", "clang++"), "#include <vector>\nint main() {}\n"),
    ):
        given = os.environ.get(variable)
        compiler = shlex.split(given) if given else [next(filter(shutil.which, names), "")]
        suffix = ".c" if language == "C" else ".cpp"
        if not _compiles(compiler, source, suffix):
            raise Stop(
                f"no {language} compiler that works"
                + (f" ({variable}={given})" if given else "")
                + "; llama-cpp-python is compiled here and needs one.\n"
                "Install it (Debian, Ubuntu: apt install build-essential; Fedora: dnf install "
                "gcc-c++; Arch: pacman -S base-devel; macOS: xcode-select --install), then run "
                "the same command again."
            )


def _compiles(compiler: list[str], source: str, suffix: str) -> bool:
    if not compiler[0]:
        return False
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"test{suffix}")
        file.write_text(source)
        line = [*compiler, str(file), "-o", str(file.with_suffix(".out"))]
        try:
            return subprocess.run(line, capture_output=True, check=False).returncode == 0
        except OSError:
            return False


if __name__ == "__main__":
    sys.exit(main())
