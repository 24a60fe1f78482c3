"""Names that the driver and the nodes share: node ids, model folders, keys of UI outputs."""

from __future__ import annotations

LOAD_LLM = "StockwrightLoadLLM"
WRITE_PROMPTS = "StockwrightWritePrompts"
BATCH = "StockwrightBatch"
SAVE_IMAGE = "StockwrightSaveImage"
LORA_STACK = "StockwrightLoraStack"
JOB_SAMPLER = "StockwrightJobSampler"

SEARCH_WORDS = {
    LOAD_LLM: ("gguf", "llama", "language model", "языковая модель"),
    WRITE_PROMPTS: ("theme", "subjects", "plan prompts", "тема", "план"),
    BATCH: ("jobs", "batch of prompts", "noise per job", "задания", "пакет"),
    SAVE_IMAGE: ("export", "png", "jpeg", "webp", "сохранить картинки"),
    LORA_STACK: ("several loras", "lora list", "лоры"),
    JOB_SAMPLER: ("ancestral", "sde", "seed per job", "сэмплер"),
}
"""What else a node is looked for by, where the canvas searches for more than names."""

LLM_FOLDER = "llm"
"""Model folder of GGUF files, as ComfyUI's folder_paths knows it."""

PROMPTS_FOLDER = "prompts"
"""Folder of themes and kinds, as ComfyUI's folder_paths knows it."""

UI_JOBS = "stockwright_jobs"
"""UI output of *Write Theme Prompts*: one dict per job (`Job.to_dict`)."""

UI_FILES = "stockwright_files"
"""UI output of *Save Stock Image*: one dict per picture with the keys `job`, `subject`, `filename`,
`subfolder`, `type`, `width`, `height`, `bytes`, `sha256`."""
