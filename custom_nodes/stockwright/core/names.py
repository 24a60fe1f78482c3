"""Names that the driver and the nodes share: node ids, model folders, keys of UI outputs."""

from __future__ import annotations

LOAD_LLM = "StockwrightLoadLLM"
CONNECT_LLM = "StockwrightConnectLLM"
LOAD_ENCODER = "StockwrightLoadEncoder"
WRITE_PROMPTS = "StockwrightWritePrompts"
BATCH = "StockwrightBatch"
SAVE_IMAGE = "StockwrightSaveImage"
LORA_STACK = "StockwrightLoraStack"
JOB_SAMPLER = "StockwrightJobSampler"
STYLE_MODIFIERS = "StockwrightStyleModifiers"
EXPAND_PROMPT = "StockwrightExpandPrompt"
TRANSLATE_PROMPT = "StockwrightTranslatePrompt"
PICTURE_JOB = "StockwrightPictureJob"
LOAD_FACE_MODEL = "StockwrightLoadFaceModel"
RESTORE_FACES = "StockwrightRestoreFaces"
UPSCALE = "StockwrightUpscale"
PICTURE_EMBEDDING = "StockwrightPictureEmbedding"
PERSON_PHOTOS = "StockwrightPersonPhotos"
PHOTOMAKER_ENCODE = "StockwrightPhotoMakerEncode"
CONTINUE_LORA = "StockwrightContinuePersonLora"
SAVE_LORA = "StockwrightSavePersonLora"
MEASURE_LOSS = "StockwrightMeasureLoss"

REWRITERS = (STYLE_MODIFIERS, EXPAND_PROMPT, TRANSLATE_PROMPT)
"""Nodes that take jobs by their input `prompt`, and give the same jobs with other prompts."""

SEARCH_WORDS = {
    LOAD_LLM: ("gguf", "llama", "language model", "языковая модель"),
    CONNECT_LLM: ("ollama", "vllm", "openai", "llama-server", "llm api", "сервер языковой модели"),
    LOAD_ENCODER: ("embedding", "similarity", "near duplicates", "эмбеддинги", "сходство"),
    WRITE_PROMPTS: ("theme", "subjects", "plan prompts", "тема", "план"),
    BATCH: ("jobs", "batch of prompts", "noise per job", "задания", "пакет"),
    SAVE_IMAGE: ("export", "png", "jpeg", "webp", "iptc", "keywords", "сохранить картинки"),
    LORA_STACK: ("several loras", "lora list", "лоры"),
    JOB_SAMPLER: ("ancestral", "sde", "seed per job", "сэмплер"),
    EXPAND_PROMPT: ("continue prompt", "magic prompt", "gpt2", "distilgpt2", "дополнить промпт"),
    STYLE_MODIFIERS: (
        "style words",
        "prompt statistics",
        "enhance prompt",
        "стиль",
        "улучшить промпт",
    ),
    PICTURE_JOB: ("label a picture", "title", "existing pictures", "подписать картинку"),
    TRANSLATE_PROMPT: ("yandex", "russian", "язык", "перевод", "по-русски"),
    LOAD_FACE_MODEL: ("gfpgan", "codeformer", "restoreformer", "модель лиц"),
    RESTORE_FACES: ("face restoration", "face detailer", "fix faces", "исправить лица"),
    PICTURE_EMBEDDING: ("clip vision", "near duplicates", "embedding", "похожие картинки"),
    PERSON_PHOTOS: ("training pictures", "captions", "photomaker", "фото человека", "обучение"),
    PHOTOMAKER_ENCODE: (
        "photomaker",
        "id embedding",
        "reference photos",
        "фото человека",
        "похожесть",
    ),
    CONTINUE_LORA: ("train lora", "resume training", "продолжить обучение"),
    SAVE_LORA: ("train lora", "store weights", "сохранить лору"),
    MEASURE_LOSS: ("validation loss", "held-back pictures", "prompt fit", "потери", "ошибка"),
    UPSCALE: ("upscaler", "esrgan", "4k", "resize", "lanczos", "увеличить", "апскейл", "размер"),
}
"""What else a node is looked for by, where the canvas searches for more than names."""

LLM_FOLDER = "llm"
"""Model folder of GGUF files, as ComfyUI's folder_paths knows it."""

ENCODER_FOLDER = "sentence_embedding"
"""Model folder of sentence encoders, as ComfyUI's folder_paths knows it."""

EXPANSION_FOLDER = "prompt_expansion"
"""Model folder of folders: each holds a model that continues prompts, its config.json and all."""

FACE_RESTORATION_FOLDER = "facerestore_models"
"""Model folder of networks that restore faces, as ComfyUI's folder_paths knows it."""

FACE_DETECTION_FOLDER = "face_detection"
"""Model folder of what finds faces (YuNet, MTCNN), as ComfyUI's folder_paths knows it."""

FACE_IDENTITY_FOLDER, FACE_IDENTITY_FILE = "face_identity", "face_recognition_dlib.safetensors"
"""Model folder and file of the network that tells people's faces apart."""

PROMPTS_FOLDER = "prompts"
"""Folder of themes and kinds, as ComfyUI's folder_paths knows it."""

UI_JOBS = "stockwright_jobs"
"""UI output of *Write Theme Prompts*: one dict per job (`Job.to_dict`)."""

UI_PLAN = "stockwright_plan"
"""UI output of *Write Theme Prompts*: a list of one dict (`PlanReport.to_dict`)."""

UI_FILES = "stockwright_files"
"""UI output of *Save Stock Image*: one dict per picture with the keys `job`, `subject`, `filename`,
`subfolder`, `type`, `width`, `height`, and `ticket`: the file may not be there yet."""

UI_EMBEDDINGS = "stockwright_embeddings"
"""UI output of *Describe Pictures*: one dict per picture with the keys `job` (empty without jobs)
and `vector`, base64 of 16-bit floats."""

UI_LORA = "stockwright_lora"
"""UI output of *Save Person LoRA*: a list of one dict with the keys `file` (as LoRA nodes call it),
`sha256`, `bytes`, `steps` (of the whole training) and `losses` (one number a step)."""

UI_LOSS = "stockwright_loss"
"""UI output of *Measure Loss*: one dict per picture and caption with the keys `picture` and
`caption` (places in their lists) and `levels`, a loss per level of noise, None where it is no
number."""

SAVED_ROUTE = "/stockwright/saved"
"""Below it the server says what became of the files of a ticket: see `nodes.saving`."""
