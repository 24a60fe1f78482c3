# make setup   .venv and the embedded server (done once; everything else does it too)
# make run     ten pictures of a theme
# make test    lint and tests
# make lint    ruff and pyright
# make golden  what ComfyUI's own canvas makes of every template: tests/data/golden.json.gz
# make bench   the table in the README
# make eval-prompts   plans and judges prompts: THEMES='"A theme" another' COUNT=100 LLM=FILE or URL
# make eval-quality   how often each check of the quality gate is wrong: CHECKS='blur text'
# make train-sketch   trains the small checkpoint for hours, goes on where it was; QUICK=1: a minute
# make eval-sketch    how often it draws what was asked
# PYTHON=...   the Python to use, 3.11 or newer

PYTHON ?= python3
VENV_PYTHON := .venv/bin/python

.PHONY: setup run test lint browser exiftool golden bench eval-prompts eval-quality
.PHONY: train-sketch eval-sketch
.NOTPARALLEL:

setup:
	@command -v '$(PYTHON)' >/dev/null || { \
	  echo "error: no '$(PYTHON)' here. Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3.11" >&2; exit 3; }
	@'$(PYTHON)' -c 'import sys; sys.version_info >= (3, 11) or sys.exit("error: %s is Python %s; 3.11 or newer is needed. Name another one: make PYTHON=python3.12" % (sys.executable, sys.version.split()[0]))'
	@'$(PYTHON)' -m driver.host.setup_env

run: setup
	@$(VENV_PYTHON) driver/submit.py --theme Education

test: setup lint browser exiftool
	@$(VENV_PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup
	@$(VENV_PYTHON) -m ruff check
	@$(VENV_PYTHON) -m ruff format --check
	@$(VENV_PYTHON) -m pyright

browser: setup
	@$(VENV_PYTHON) -m tests.browser install

exiftool: setup
	@$(VENV_PYTHON) -m tests.exiftool install

golden: setup browser
	@$(VENV_PYTHON) -m tests.golden.export

bench: setup
	@$(VENV_PYTHON) tests/bench/bench.py

eval-prompts: setup
	@$(VENV_PYTHON) -m tests.evalprompts $(if $(THEMES),--theme $(THEMES)) \
	  $(if $(COUNT),--count $(COUNT)) $(if $(LLM),--llm '$(LLM)')

eval-quality: setup
	@$(VENV_PYTHON) -m tests.quality $(CHECKS)

# What training keeps: pictures, states, a log and sheets of samples.
TRAINING := .training$(if $(QUICK),/quick)
SKETCH := $(TRAINING)/sketch.safetensors
IN_COMFYUI := PYTHONPATH=.embedded/ComfyUI $(VENV_PYTHON) -m stockwright_sketch.training

train-sketch: setup
	@$(IN_COMFYUI).train $(SKETCH) $(if $(QUICK),--quick) --folder $(TRAINING)

eval-sketch: setup
	@$(IN_COMFYUI).evaluate custom_nodes/stockwright_sketch/sketch.safetensors --folder $(TRAINING)
