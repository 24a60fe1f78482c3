"""Names that the driver and the nodes share: node ids, model folders, keys of UI outputs."""

from __future__ import annotations

LOAD_LLM = "StockwrightLoadLLM"
WRITE_PROMPTS = "StockwrightWritePrompts"
BATCH = "StockwrightBatch"
SAVE_IMAGE = "StockwrightSaveImage"
LORA_STACK = "StockwrightLoraStack"
JOB_SAMPLER = "StockwrightJobSampler"

LLM_FOLDER = "llm"
"""Model folder of GGUF files, as ComfyUI's folder_paths knows it."""

PROMPTS_FOLDER = "prompts"
"""Folder of themes and kinds, as ComfyUI's folder_paths knows it."""

UI_JOBS = "stockwright_jobs"
"""UI output of *Write Theme Prompts*: one dict per job (`Job.to_dict`)."""

UI_FILES = "stockwright_files"
"""UI output of *Save Stock Image*: one dict per picture with the keys `job`, `subject`, `filename`,
`subfolder`, `type`, `width`, `height`, `bytes`, `sha256`."""
