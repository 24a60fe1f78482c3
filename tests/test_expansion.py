"""Continuing prompts: with a small GPT-2 that is made and trained here, and with a GGUF model."""

from __future__ import annotations

import json
import pickle
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from stockwright.core.checking import BUDGET
from stockwright.core.errors import ExpanderUnavailable, LLMUnavailable
from stockwright.engine import causal, hub, llm
from stockwright.engine.causal import PromptModel
from stockwright.engine.expansion import Limits, expand
from stockwright.engine.llm import PromptLLM
from stockwright.engine.phrases import complete_phrases, is_usable, subject_words
from tests.make_expander import PHRASES, make_expander


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_expander(tmp_path_factory.mktemp("models") / "prompt_expansion" / "small")


@pytest.fixture
def model(folder: Path) -> Iterator[PromptModel]:
    yield PromptModel(str(folder))
    causal.close_all()


def words(text: str) -> int:
    """Stands for the tokenizer of CLIP: words and commas."""
    return len(text.replace(",", " , ").split())


def limits(length: int = 30, forbidden: Callable[[str], bool] = lambda text: False) -> Limits:
    return Limits(length, words, forbidden)


def run(model: Any, prompt: str = "a castle", seed: int = 1, **of: Any) -> str:
    return expand(prompt, model, of.get("limits", limits()), seed=seed, temperature=0.9)


def added(text: str, prompt: str = "a castle") -> list[str]:
    assert text.startswith(prompt + ", ")
    return text.removeprefix(prompt + ", ").split(", ")


def test_a_prompt_goes_on_with_what_the_model_was_trained_on(model: PromptModel):
    for seed in range(5):
        phrases = added(run(model, seed=seed))
        assert len(phrases) >= 3
        known = [phrase for phrase in phrases if phrase in PHRASES]
        assert 2 * len(known) > len(phrases), phrases


@pytest.mark.parametrize("prompt", ["a castle,", "a castle , ", "a castle.", "a castle\n"])
def test_a_comma_too_many_is_no_phrase(model: PromptModel, prompt: str):
    assert run(model, prompt) == run(model, "a castle")


def test_the_same_seed_gives_the_same_whatever_came_before(model: PromptModel):
    alone = {seed: run(model, seed=seed) for seed in range(4)}
    assert len(set(alone.values())) > 1
    model.close()
    backwards = {seed: run(model, "a bridge", seed) and run(model, seed=seed) for seed in (3, 1, 0)}
    assert backwards.items() <= alone.items()


def test_global_random_states_neither_matter_nor_change(model: PromptModel):
    first = run(model)
    model.close()
    torch.manual_seed(99)
    before, plain = torch.get_rng_state(), random.getstate()
    assert run(model) == first
    assert torch.equal(torch.get_rng_state(), before)
    assert random.getstate() == plain


def test_nothing_is_said_twice(model: PromptModel):
    for seed in range(6):
        phrases = added(run(model, "a castle, stone walls, old oak door", seed=seed), "a castle")
        assert len(set(phrases)) == len(phrases)
        assert phrases.count("stone walls") == phrases.count("old oak door") == 1


def test_forbidden_phrases_and_names_behind_by_are_left_out(model: PromptModel):
    strict = limits(60, lambda text: "people" in text or "fog" in text)
    texts = [run(model, seed=seed, limits=strict) for seed in range(6)]
    assert not [
        text
        for text in texts
        if "people" in text or "fog" in text or "by " in text or "greg" in text
    ]
    assert any("fog" in run(model, seed=seed, limits=limits(60)) for seed in range(6))


def test_what_is_forbidden_only_across_a_comma_is_found(model: PromptModel):
    free = added(run(model))
    pair = ", ".join(free[:2])
    assert pair not in run(model, limits=limits(30, lambda text: pair in text))


@pytest.mark.parametrize("length", [0, 1, 2, 5, 12, 200])
def test_the_length_and_the_budget_are_kept(model: PromptModel, length: int):
    for prompt in ("a castle", " ".join(["castle"] * 60)):
        text = run(model, prompt, limits=limits(length))
        assert words(text) <= min(words(prompt) + length, BUDGET)
        assert (text == prompt) == (length < 3)


def test_a_prompt_over_the_budget_stays_as_it_is(model: PromptModel):
    prompt = ", ".join(f"thing {number}" for number in range(40)) + ", "
    assert run(model, prompt) == prompt


def test_a_model_that_has_nothing_new_to_add_leaves_the_prompt(model: PromptModel):
    assert run(model, "a castle, ", limits=limits(30, lambda text: True)) == "a castle, "


def test_a_prompt_longer_than_the_models_context_is_read_from_its_end(model: PromptModel):
    assert run(model, "night " * 60 + "castle", limits=limits(8))


class Scripted:
    """A writer of fixed texts, one a call; it notes how it was called."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.calls, self.closed = list(texts), [], 0

    def __call__(
        self, text: str, *, seed: int, temperature: float, avoid: Sequence[str]
    ) -> Iterator[str]:
        self.calls.append((text, seed, tuple(avoid)))
        try:
            yield from self.texts.pop(0) if self.texts else "\n"
        finally:
            self.closed += 1


def test_a_refused_phrase_is_taken_back_with_all_behind_it():
    writer = Scripted(" red roof, by somebody, tall tower,", " tall spire, half a phr", "")
    assert run(writer) == "a castle, red roof, tall spire"
    heads = [(text, avoid) for text, _, avoid in writer.calls]
    assert heads == [("a castle,", ()), ("a castle, red roof,", ("by somebody",))]
    assert writer.closed == 2
    assert len({seed for _, seed, _ in writer.calls}) == 2


def test_a_writer_that_never_comes_to_an_end_is_stopped():
    writer = Scripted(*["again and " * 1000] * 20)
    assert run(writer) == "a castle"
    assert len(writer.calls) == writer.closed == 8


def test_a_name_does_not_come_back_without_its_by():
    writer = Scripted(" by Jane Doe,", " jane doe,", " red roof,\n")
    assert run(writer) == "a castle, red roof"


def test_some_empty_phrases_are_overlooked():
    assert run(Scripted(",,, red roof,\n")) == "a castle, red roof"


def test_phrases_end_at_commas_lines_and_sentences():
    pieces = iter([" at f", "/1.8, soft", " light. Ear", "ly\nleft, ", "over, "])
    assert list(complete_phrases(pieces)) == ["at f/1.8", "soft light", "Early"]


@pytest.mark.parametrize(
    "phrase",
    [
        *(
            "",
            "8",
            "the",
            "lit by",
            "Castle",
            "castles",
            "old castle",
            "very very",
            "red red roses",
        ),
        *("by Jane Doe", "in the style of X", "inspired by Y", "art by a.b", "work of Z"),
        *("(bright:1.4)", "embedding:bright", "<lora:x:1>", "{red|blue}", "__color__ [x]"),
        *("red BREAK blue", "--ar 16", "and then it went", "so I like it", "as you're told"),
    ],
)
def test_what_is_no_phrase_of_a_prompt(phrase: str):
    assert not is_usable(phrase, set(subject_words("a castle")))


@pytest.mark.parametrize("phrase", ["a chair by the window", "85 mm lens", "tall glass towers"])
def test_what_is_one(phrase: str):
    assert is_usable(phrase, set(subject_words("a castle")))


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def refuse(folder: Path) -> ExpanderUnavailable:
    with pytest.raises(ExpanderUnavailable) as caught:
        PromptModel(str(folder)).open()
    assert str(folder) in str(caught.value)
    assert causal._loaded is None
    return caught.value


def test_a_folder_that_is_not_there_or_has_no_config(copy: Path, tmp_path: Path):
    assert "no config.json" in refuse(tmp_path / "nowhere").what
    (copy / "config.json").unlink()
    assert "no config.json" in refuse(copy).what


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"model_type": "no such kind"}'])
def test_a_config_that_is_none(copy: Path, text: str):
    (copy / "config.json").write_text(text)
    refuse(copy)


def test_a_model_of_another_kind(copy: Path):
    (copy / "config.json").write_text(json.dumps({"model_type": "vit"}))
    refuse(copy)


def test_a_folder_without_a_tokenizer(copy: Path):
    for file in copy.glob("token*"):
        file.unlink()
    assert "no tokenizer" in refuse(copy).what


def test_a_tokenizer_of_another_model(copy: Path):
    file = copy / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    tokenizer["model"]["vocab"] |= {f"word{number}": 420 + number for number in range(9)}
    file.write_text(json.dumps(tokenizer))
    assert "429 tokens and its weights have 420" in refuse(copy).what


def test_cut_off_weights(copy: Path):
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:5000])
    refuse(copy)


def test_weights_of_another_model(copy: Path):
    file = copy / "model.safetensors"
    weights = load_file(file)
    del weights["transformer.h.0.mlp.c_fc.weight"]
    save_file(weights, file, {"format": "pt"})
    before = torch.get_rng_state()
    assert "c_fc.weight is missing" in refuse(copy).what
    assert torch.equal(torch.get_rng_state(), before)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"n_embd": 64}))
    refuse(copy)


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_pickled_weights_are_never_opened(copy: Path, tmp_path: Path):
    (copy / "model.safetensors").unlink()
    (copy / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "gone off")))
    error = refuse(copy)
    assert "pytorch_model.bin, which is not opened" in error.what
    assert "model.safetensors" in error.hint
    assert not (tmp_path / "gone off").exists()
    pickle.loads((copy / "pytorch_model.bin").read_bytes())
    assert (tmp_path / "gone off").exists(), "the test's own bomb works"


def test_code_that_comes_with_a_model_is_not_run(copy: Path, tmp_path: Path):
    config = json.loads((copy / "config.json").read_text())
    auto = {"AutoModelForCausalLM": "own.Own", "AutoConfig": "own.Own"}
    (copy / "config.json").write_text(json.dumps({**config, "model_type": "own", "auto_map": auto}))
    (copy / "own.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\nclass Own: pass\n")
    refuse(copy)
    assert not (tmp_path / "run").exists()


def test_a_loaded_model_is_used_again_until_its_files_change(copy: Path):
    model = PromptModel(str(copy), keep_loaded=True)
    model.open()
    loaded = causal._loaded
    PromptModel(str(copy)).open()
    assert causal._loaded is loaded and model.is_open
    (copy / "config.json").write_text((copy / "config.json").read_text() + "\n")
    assert not model.is_open
    PromptModel(str(copy)).close()
    assert causal._loaded is None


def test_room_is_made_only_for_another_device(folder: Path):
    asked: list[int] = []
    PromptModel(str(folder)).open(asked.append)
    assert not asked
    PromptModel(str(folder), "meta").open(asked.append)
    assert asked == [2 * (folder / "model.safetensors").stat().st_size]
    causal.close_all()


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ExpanderUnavailable) as caught:
        hub.fetch("nobody/nothing", "models/prompt_expansion/nothing")
    text = str(caught.value)
    assert text.startswith("nobody/nothing: the model cannot be fetched from huggingface.co")
    assert "into models/prompt_expansion/nothing" in text
    assert "Load Prompt LLM" in text


@pytest.fixture
def gguf(llm_path: Path) -> Iterator[PromptLLM]:
    yield PromptLLM(str(llm_path), 512)
    llm.close_all()


def test_a_gguf_model_continues_too(gguf: PromptLLM):
    prompt = "a quiet library, oak shelves"
    first = run(gguf.complete, prompt)
    assert first.startswith(prompt + ", ")
    assert run(gguf.complete, "a red chair") != "a red chair"
    assert run(gguf.complete, prompt) == first
    assert run(gguf.complete, prompt, seed=2) != first


def test_a_gguf_model_avoids_what_was_refused(gguf: PromptLLM):
    def begin(*avoid: str) -> str:
        words = gguf.complete("A, B, C,", seed=1, temperature=0.1, avoid=avoid)
        return next(complete_phrases(words))

    first = begin()
    assert begin(first) != first


def test_a_context_that_is_too_small(gguf: PromptLLM):
    with pytest.raises(LLMUnavailable):
        next(gguf.complete("word " * 600, seed=1, temperature=1.0))
