"""Sentence embeddings: which texts mean nearly the same.

A sentence encoder is three files side by side: `NAME.safetensors` (weights of a BERT),
`NAME.config.json` and `NAME.tokenizer.json`. A text's vector is the mean of its tokens' last hidden
states, scaled to length 1, as sentence-transformers' models of this layout are trained (Reimers and
Gurevych 2019). It runs on the processor: the models are small, and a graph's own models keep the
GPU.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import EncoderUnavailable
from .kept import Kept

if TYPE_CHECKING:
    import numpy as np

SHAPES = {16: 64, 64: 16, 128: 8, 256: 4}
"""Tokens and texts in one pass. Texts are padded to one of these lengths, and empty ones fill the
pass: the arithmetic, and so a text's vector, then does not depend on what else is encoded. Longer
texts are cut off."""
KEPT = 100_000
"""Vectors that stay in memory, and on the disk, as 16-bit floats: 77 MB for 384 numbers each."""

_vectors: OrderedDict[tuple[SentenceEncoder, str], np.ndarray[Any, Any]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class SentenceEncoder:
    """A handle; making one loads nothing.

    Attributes:
        path: the safetensors file.
        stamp: tells a file that was replaced from the one that was loaded.
        kept: a file that keeps vectors, so that a text is encoded once for all; None: none does.
    """

    path: str
    stamp: str = ""
    kept: Path | None = None

    def vectors(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        """One row a text, float32, length 1 within a 16-bit float's accuracy: (texts, dimensions).

        Raises:
            EncoderUnavailable: files that are missing or do not fit together.
        """
        import numpy as np

        with _lock:
            fresh = [text for text in dict.fromkeys(texts) if (self, text) not in _vectors]
            for text, vector in self._found(fresh):
                _vectors[self, text] = vector
            found: list[np.ndarray[Any, Any]] = []
            for text in texts:
                _vectors.move_to_end((self, text))
                found.append(_vectors[self, text])
            while len(_vectors) > max(KEPT, len(texts)):
                _vectors.popitem(last=False)
        return np.stack(found).astype(np.float32) if found else np.zeros((0, 1), np.float32)

    def knows(self, word: str) -> bool:
        """Whether a word in lower case is one that the encoder reads whole, not in pieces."""
        with _lock:
            return _load(self)[1].token_to_id(word) is not None

    def _found(self, texts: Sequence[str]) -> list[tuple[str, np.ndarray[Any, Any]]]:
        """Vectors of new texts, float16: kept ones, or encoded and kept from now on."""
        import numpy as np

        if self.kept is None or not texts:
            encoded = self._encode(texts)
            return [(t, v.astype(np.float16)) for t, v in zip(texts, encoded, strict=True)]
        with Kept(self.kept, KEPT) as kept:
            keys = {text: self._key(text) for text in texts}
            known = kept.known(list(keys.values()))
            missing = [text for text in texts if keys[text] not in known]
            new = {
                keys[text]: vector.astype(np.float16).tobytes()
                for text, vector in zip(missing, self._encode(missing), strict=True)
            }
            kept.keep(new)
        known |= new
        return [(text, np.frombuffer(known[keys[text]], np.float16)) for text in texts]

    def _key(self, text: str) -> bytes:
        whole = f"{Path(self.path).name}\n{self.stamp}\n{text}"
        return hashlib.sha256(whole.encode()).digest()

    def _encode(self, texts: Sequence[str]) -> Iterable[np.ndarray[Any, Any]]:
        if not texts:
            return []
        model, tokenizer = _load(self)
        tokens = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
        vectors: dict[int, np.ndarray[Any, Any]] = {}
        for length, rows_at_once in SHAPES.items():
            fitting = [i for i, ids in enumerate(tokens) if i not in vectors and len(ids) <= length]
            for start in range(0, len(fitting), rows_at_once):
                chosen = fitting[start : start + rows_at_once]
                rows = _run(model, [tokens[i] for i in chosen], length)
                vectors |= dict(zip(chosen, rows, strict=False))
        return [vectors[i] for i in range(len(texts))]


class Pool:
    """Texts that are in a pool, and whether another one means nearly the same as one of them.

    Args:
        encoder: makes the vectors.
        limit: the cosine, above 0 and up to 1, from which two texts count as nearly the same.
    """

    def __init__(self, encoder: SentenceEncoder, limit: float) -> None:
        import numpy as np

        self._encoder, self._limit = encoder, limit
        self._texts: list[str] = []
        self._rows = np.zeros((0, 1), np.float32)

    def remember(self, texts: Sequence[str]) -> None:
        """Puts texts into the pool without looking at them."""
        for start in range(0, len(texts), 1000):  # what is in the making stays small
            self._add(texts[start : start + 1000])

    def admit(self, texts: Sequence[str]) -> list[tuple[float, str] | None]:
        """Puts each text into the pool in turn, unless one that is there is too near to it.

        Returns:
            For each text None, or the highest cosine and the text that has it.
        """
        import numpy as np

        if not texts:
            return []
        rows = self._encoder.vectors(texts)
        there = len(self._texts)
        near = rows @ self._rows[:there].T if there else np.zeros((len(texts), 0), np.float32)
        among = rows @ rows.T
        answers: list[tuple[float, str] | None] = []
        taken: list[int] = []
        for i, _ in enumerate(texts):
            scores = np.concatenate([near[i], among[i, taken]])
            best = int(scores.argmax()) if scores.size else -1
            if best >= 0 and scores[best] >= self._limit:
                other = self._texts[best] if best < there else texts[taken[best - there]]
                answers.append((float(scores[best]), other))
            else:
                answers.append(None)
                taken.append(i)
        self._add([texts[i] for i in taken])
        return answers

    def _add(self, texts: Sequence[str]) -> None:
        import numpy as np

        if not texts:
            return
        rows, there = self._encoder.vectors(texts), len(self._texts)
        if there + len(texts) > len(self._rows):
            larger = np.zeros((2 * (there + len(texts)), rows.shape[1]), np.float32)
            larger[:there] = self._rows[:there]
            self._rows = larger
        self._rows[there : there + len(texts)] = rows
        self._texts += texts


def companions(path: str | Path) -> tuple[Path, Path]:
    """The files that stand beside an encoder's weights: config and tokenizer."""
    weights = Path(path)
    return weights.with_suffix(".config.json"), weights.with_suffix(".tokenizer.json")


@lru_cache(maxsize=1)
def _load(handle: SentenceEncoder) -> tuple[Any, Any]:
    from safetensors.torch import load_file
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel

    config, tokens = companions(handle.path)
    for path in (Path(handle.path), config, tokens):
        if not path.is_file():
            raise EncoderUnavailable(
                "the file is not there",
                where=str(path),
                hint="Fetch the encoder: python driver/models.py pull minilm minilm-config "
                "minilm-tokenizer",
            )
    try:
        values: dict[str, Any] = json.loads(config.read_text("utf-8"))
        model = BertModel(BertConfig.from_dict(values), add_pooling_layer=False).eval()
        weights = {name: t.float() for name, t in load_file(handle.path).items()}
        missing, _ = model.load_state_dict(weights, strict=False)
        tokenizer = Tokenizer.from_file(str(tokens))
    except Exception as error:
        raise EncoderUnavailable(
            f"the encoder cannot be loaded: {error}", where=handle.path
        ) from error
    if lost := [name for name in missing if "position_ids" not in name]:
        raise EncoderUnavailable(f"the weights lack {lost[0]}", where=handle.path)
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(max(SHAPES), values["max_position_embeddings"]))
    return model, tokenizer


def _run(model: Any, tokens: Sequence[Sequence[int]], length: int) -> np.ndarray[Any, Any]:
    """Vectors of texts that fit into one of SHAPES."""
    import torch

    ids = torch.zeros((SHAPES[length], length), dtype=torch.long)
    mask = torch.zeros((SHAPES[length], length), dtype=torch.long)
    mask[:, 0] = 1  # an empty row would be divided by nothing
    for row, text in enumerate(tokens):
        ids[row, : len(text)] = torch.tensor(text)
        mask[row, : len(text)] = 1
    with torch.inference_mode():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        return torch.nn.functional.normalize(mean, dim=1)[: len(tokens)].numpy()
