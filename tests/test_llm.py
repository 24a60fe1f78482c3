"""The language model behind the planning, for real: what it answers, keeps and frees."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from stockwright.core.asking import Ask, grammar, polish_ask
from stockwright.core.errors import LLMUnavailable
from stockwright.core.forbidden import Forbidden
from stockwright.core.kinds import Kind
from stockwright.core.naming import Named, Naming, areas
from stockwright.core.themes import new_theme
from stockwright.core.wording import load_wording
from stockwright.engine import llm as engine
from stockwright.engine.llm import PromptLLM

PROMPTS = Path(__file__).parent.parent / "prompts"
WORDING = load_wording([PROMPTS])
FORBIDDEN = Forbidden.load([PROMPTS])
EXAMPLES = (("Music", ("recording studio", "jazz bar", "violin workshop")),)
ASK = Ask(
    system="You name subjects for stock photos.",
    turns=(("Theme: Music. List rooms.", "- recording studio\n- jazz bar\n"),),
    question="Theme: Medicine. List rooms.",
    opening="- hospital ward\n",
    grammar=grammar(["abcdeh", "lmnop"]),
    lines=2,
    max_tokens=24,
    temperature=0.8,
    seed=7,
)


@pytest.fixture
def llm(llm_path: Path) -> Iterator[PromptLLM]:
    yield PromptLLM(str(llm_path))
    engine.close_all()


def test_answers_are_lines_of_the_grammar(llm: PromptLLM) -> None:
    (lines,) = llm([ASK])
    assert len(lines) == 2
    assert lines[0][0] in "abcdeh" and lines[1][0] in "lmnop"
    assert all(line == line.lower() and len(line.split()) <= 4 for line in lines)


def test_an_answer_that_runs_in_circles_is_cut_off(llm: PromptLLM) -> None:
    circles = 'root ::= "- dental clinic\\n"{8}'
    assert llm([replace(ASK, grammar=circles, lines=8, max_tokens=90)]) == [["dental clinic"] * 3]
    # What stands in the opening counts as said.
    told = replace(ASK, grammar=circles, opening="- dental clinic\n", lines=8, max_tokens=90)
    assert llm([told]) == [["dental clinic"] * 2]


def test_an_answer_does_not_depend_on_what_was_asked_before(llm: PromptLLM) -> None:
    asks = [
        ASK,
        replace(ASK, seed=8),
        replace(ASK, opening="- hospital ward\n- dental clinic\n"),
        replace(ASK, opening=""),
        replace(ASK, question="Theme: Medicine. List rooms of a hospital."),
        replace(ASK, turns=(), question="Theme: Sport. List objects."),
        replace(ASK, opening="", question="Theme: Medicine. List rooms of a hospital and"),
    ]
    fresh: list[list[str]] = []
    for ask in asks:
        llm.close()
        fresh += llm([ask])
    assert fresh[0] != fresh[1]
    # Other questions in between, the same head twice with other openings, the same call twice; one
    # by one and several at once.
    for order in ([3], [0], [2, 2, 0, 4], [1, 3, 6, 4, 6], [5, 5, 0]):
        assert llm([asks[index] for index in order]) == [fresh[index] for index in order]


def test_what_calls_share_is_read_once(llm: PromptLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    llm([ASK])
    assert engine._loaded
    model, read = engine._loaded.model, []
    plain = model.eval

    def counting(tokens: list[int]) -> None:
        read.append(len(tokens))
        plain(tokens)

    monkeypatch.setattr(model, "eval", counting)
    shared, _ = engine._loaded.pieces
    llm([replace(ASK, seed=8)])
    again, read[:] = sum(read), []
    llm([replace(ASK, question="Theme: Sport. List rooms.")])
    # Two lines of up to 24 tokens are written, and read as they are.
    assert again <= 24 + 10 and sum(read) <= 24 + 40 < len(shared) + 24


def test_the_same_seed_names_the_same_subjects(llm: PromptLLM) -> None:
    theme = replace(new_theme("Medicine"), areas=("dental clinic", "pharmacy"))
    kind = Kind("rooms", 1, "rooms inside buildings", "{subject}", examples=EXAMPLES)
    wording = replace(WORDING, lines=4, round=2)

    def find() -> tuple[list[Named], Naming]:
        naming = Naming(theme, kind, 3, wording, set(), FORBIDDEN)
        return naming.find(4, llm, lambda found: None), naming

    first, naming = find()
    assert len({named.subject for named in first}) == 4
    assert {named.origin.split(", ")[1] for named in first} <= {
        "area dental clinic",
        "area pharmacy",
    }
    assert naming.calls * 4 >= 4 + naming.refused.total()
    llm([ASK])
    assert find()[0] == first


def test_areas_of_a_theme_without_a_file(llm: PromptLLM) -> None:
    found = areas(new_theme("Fishing"), llm, replace(WORDING, areas=3), 1, FORBIDDEN)
    assert len(found) == 3 and all(1 <= len(area.split()) <= 3 for area in found)


def test_a_polished_prompt_is_a_sentence_with_its_subject(llm: PromptLLM) -> None:
    prompt = "dental clinic, medicine, empty interior, 35mm lens, soft daylight, white walls"
    ((sentence,),) = llm([polish_ask(prompt, "dental clinic", WORDING, 1)])
    assert "dental clinic" in sentence and sentence.endswith(".")
    assert 20 <= len(sentence.split()) <= 60


def test_a_loaded_model_is_used_again_until_its_settings_change(llm: PromptLLM) -> None:
    llm.open()
    model = engine._loaded
    replace(llm, keep_loaded=True).open()
    assert engine._loaded is model and llm.is_open
    other = replace(llm, context_length=512)
    other.open()
    assert other.is_open and not llm.is_open
    llm.close()
    assert other.is_open
    other.close()
    assert engine._loaded is None


def test_a_replaced_file_is_loaded_anew(llm_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.symlink_to(llm_path)
    llm = PromptLLM(str(path))
    llm.open()
    path.unlink()
    path.write_bytes(b"GGUF and no more")
    assert not llm.is_open
    with pytest.raises(LLMUnavailable):
        llm.open()


def test_close_frees_the_memory(llm: PromptLLM) -> None:
    process = psutil.Process()
    llm([ASK])
    llm.close()
    before = process.memory_info().rss
    size = Path(llm.path).stat().st_size
    for _ in range(3):
        llm([ASK])
        opened = process.memory_info().rss
        llm.close()
    after = process.memory_info().rss
    assert opened - after > size / 2
    assert after - before < size / 4


def test_a_context_that_is_too_short_says_so(llm: PromptLLM) -> None:
    with pytest.raises(LLMUnavailable, match="larger context length"):
        replace(llm, context_length=256)([replace(ASK, max_tokens=400)])


@pytest.mark.parametrize(
    "content", [None, b"", b"not a model at all", b"GGUF\x03\0\0\0" + b"\0" * 99]
)
def test_a_missing_or_broken_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LLMUnavailable) as caught:
        PromptLLM(str(path)).open()
    assert caught.value.where == str(path)


def test_a_cut_off_download_is_named(llm_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(llm_path.read_bytes()[:20_000_000])
    with pytest.raises(LLMUnavailable, match="Is the file complete"):
        PromptLLM(str(path)).open()


def in_new_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_without_the_runtime_the_error_says_what_to_install(llm_path: Path) -> None:
    done = in_new_python(f"""
import sys
sys.modules["llama_cpp"] = None  # as if it were not installed
from stockwright.core.errors import LLMUnavailable
from stockwright.engine.llm import PromptLLM
try:
    PromptLLM({json.dumps(str(llm_path))}).open()
except LLMUnavailable as error:
    print(error)
""")
    assert "pip install llama-cpp-python" in done.stdout, done.stderr
    assert "C++ compiler" in done.stdout


def test_the_runtime_is_loaded_late_and_is_quiet(llm_path: Path) -> None:
    done = in_new_python(f"""
import sys
from stockwright.engine.llm import PromptLLM
llm = PromptLLM({json.dumps(str(llm_path))})
print("llama_cpp" in sys.modules, "torch" in sys.modules)
llm.open()
llm.close()
""")
    assert (done.stdout, done.stderr, done.returncode) == ("False False\n", "", 0)
