"""A GPT-2 of 60,000 parameters that knows twenty prompts and nothing else."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import torch

PHRASES = [
    *("on a green hill", "soft moonlight", "wide angle view", "stone walls", "morning fog"),
    *("by greg rutkowski", "two people walking", "deep blue sky", "old oak door", "still water"),
    *("golden evening sun", "autumn leaves", "dark pine forest", "film grain", "muted colors"),
]
SUBJECTS = ("a castle", "a bridge", "a lighthouse", "a garden")


def prompts() -> list[str]:
    deal = random.Random(3)
    return [", ".join([subject, *deal.sample(PHRASES, 9)]) for subject in SUBJECTS for _ in "12345"]


def make_expander(path: Path) -> Path:
    """Trains it in seconds, and writes its folder. The same each time."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(prompts(), vocab_size=420, special_tokens=["<|endoftext|>"])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe._tokenizer, eos_token="<|endoftext|>", bos_token="<|endoftext|>"
    )
    sizes = {"n_positions": 128, "n_embd": 48, "n_layer": 1, "n_head": 2}
    dropout = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = GPT2LMHeadModel(
            GPT2Config(vocab_size=420, bos_token_id=0, eos_token_id=0, **sizes, **dropout)
        )
        _train(model, [tokenizer(text)["input_ids"] for text in prompts()])
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def _train(model: Any, texts: list[list[int]]) -> None:
    longest = max(map(len, texts)) + 1
    ids = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
    labels = ids.clone()
    for row, text in enumerate(texts):
        labels[row, len(text) + 1 :] = -100
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01)
    model.train()
    for _ in range(100):
        model(input_ids=ids, labels=labels).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
