"""ComfyScript's loop, run by its own Python: comfyscript_loop.py FILE. Prints the seconds, last."""

import json
import sys
import time
from pathlib import Path

from comfy_script.runtime import Workflow, load, node, queue

task = json.loads(Path(sys.argv[1]).read_text())
load(task["url"])
queue.watch_display(False)
nodes = node.nodes


def graph(job):
    model, clip, vae = nodes["CheckpointLoaderSimple"](task["checkpoint"])
    latent = nodes["KSampler"](
        model=model,
        positive=nodes["CLIPTextEncode"](job["prompt"], clip),
        negative=nodes["CLIPTextEncode"](job["negative"], clip),
        latent_image=nodes["EmptyLatentImage"](job["width"], job["height"], 1),
        seed=job["seed"],
        **task["settings"],
    )
    nodes["SaveImage"](nodes["VAEDecode"](latent, vae), "bench")


began = time.monotonic()
tasks = []
for job in task["jobs"]:
    with Workflow() as workflow:
        graph(job)
    tasks.append(workflow.task)
for queued in tasks:
    queued.wait()
print(time.monotonic() - began)
