"""What a designer does in the canvas, and what stands in the nodes then."""

from __future__ import annotations

from typing import Any

from stockwright.core import names
from tests.browser import Canvas

_FIND = "const find = (type) => app.graph.nodes.find((node) => node.comfyClass === type);"
_PUT = """const put = (node, name, value) => {
    const widget = node.widgets.find((widget) => widget.name === name);
    widget.value = value;
    widget.callback?.(value, app.canvas, node);
};"""
_SET = f"([node, input, value]) => {{ {_FIND} {_PUT} put(find(node), input, value); }}"
_SET_TITLED = f"""([title, input, value]) => {{ {_PUT}
    put(app.graph.nodes.find((node) => node.title === title), input, value);
}}"""
_SHOWN = f"""([node, name]) => {{ {_FIND}
    return find(node).widgets.find((widget) => widget.name === name)?.value ?? null;
}}"""
_ERROR = f"""(part) => {{ {_FIND}
    const shown = find("StockwrightBatch").widgets.find((w) => w.name === "stockwright_error");
    return part === null ? !shown : shown?.value.includes(part);
}}"""
_WIDTHS = f"""() => {{ {_FIND}
    return (find("StockwrightSaveImage").imgs ?? []).map((image) => image.naturalWidth);
}}"""
_UNKNOWN = """() => app.graph.nodes.map((node) => node.type)
    .filter((type) => !LiteGraph.registered_node_types[type])"""
_LISTEN = """() => {
    const events = window.comfyAPI.api.api;
    window.ended = new Promise((resolve) => {
        for (const name of ["execution_success", "execution_error"])
            events.addEventListener(name, () => resolve(name), {once: true});
    });
}"""
_SELECT = f"""(node) => {{ {_FIND}
    app.canvas.selectNode(find(node));
    app.canvas.setDirty(true, true);
}}"""
_TYPE_JOBS = f"""(text) => {{ {_FIND} {_PUT}
    const batch = find("StockwrightBatch");
    const made = LiteGraph.createNode("PrimitiveStringMultiline");
    app.graph.add(made);
    put(made, "value", text);
    made.connect(0, batch, batch.inputs.findIndex((input) => input.name === "jobs"));
}}"""
_INSERT_LORA = f"""(file) => {{ {_FIND} {_PUT}
    const [checkpoint, stack] = ["CheckpointLoaderSimple", "StockwrightLoraStack"].map(find);
    const lora = LiteGraph.createNode("LoraLoader");
    app.graph.add(lora);
    lora.pos = [340, -250];
    put(lora, "lora_name", file);
    for (const [output, name] of [[0, "model"], [1, "clip"]]) {{
        checkpoint.connect(output, lora, lora.inputs.findIndex((input) => input.name === name));
        lora.connect(output, stack, stack.inputs.findIndex((input) => input.name === name));
    }}
}}"""


_BREAK = """async () => {
    const {after} = await import("/extensions/stockwright/nodes.js");
    const methods = {};
    after(methods, "go", () => { throw new Error("on purpose"); });
    setTimeout(() => methods.go());
}"""


def write(opened: Canvas, node: str, field: str, value: Any) -> None:
    """Into a field of the one node of a class, as by hand."""
    opened.evaluate(_SET, [node, field, value])


def write_titled(opened: Canvas, title: str, field: str, value: Any) -> None:
    """Into a field of the one node of a title."""
    opened.evaluate(_SET_TITLED, [title, field, value])


def make_small(opened: Canvas, steps: int = 3) -> None:
    """Takes the small checkpoint, leaves faces as they are, and makes small pictures."""
    write(opened, "CheckpointLoaderSimple", "ckpt_name", "sketch.safetensors")
    write(opened, names.LOAD_FACE_MODEL, "model", "none")
    write(opened, "UpscaleModelLoader", "model_name", "DAT_light_x2.safetensors")
    write(opened, names.UPSCALE, "size", "64")
    write(opened, "BasicScheduler", "steps", steps)
    for side in ("width", "height"):
        write(opened, names.BATCH, side, 64)


def link_typed_jobs(opened: Canvas, text: str) -> None:
    """Puts a text node before Stockwright Batch."""
    opened.evaluate(_TYPE_JOBS, text)


def insert_lora(opened: Canvas, file: str) -> None:
    """Puts a Load LoRA node behind the checkpoint."""
    opened.evaluate(_INSERT_LORA, file)


def save(opened: Canvas, name: str) -> None:
    """Presses Ctrl+S, types the name that the canvas asks for, and waits until the server has the
    file, `workflows/NAME.json` of the user's data."""
    opened.evaluate("() => document.activeElement?.blur()")  # in a field the keys would be text
    opened.page.keyboard.press("Control+s")
    dialog = opened.page.locator(".prompt-dialog-content")
    dialog.locator("input").fill(name)
    kept = opened.page.expect_response(
        lambda answer: answer.request.method == "POST" and f"{name}.json" in answer.url
    )
    with kept as response:
        dialog.get_by_role("button").click()
    assert response.value.ok, response.value.text()


def break_script(opened: Canvas) -> None:
    """Has a script of the pack fail, and waits until the page has told it."""
    with opened.page.expect_event("pageerror"):
        opened.evaluate(_BREAK)


def click_run(opened: Canvas) -> None:
    opened.page.get_by_test_id("queue-button").get_by_role("button").first.click()


def run(opened: Canvas) -> str:
    """Clicks Run and waits; the event with which the run ended."""
    opened.evaluate(_LISTEN)
    click_run(opened)
    return opened.evaluate("() => window.ended")


def close_dialog(opened: Canvas, text: str) -> None:
    """Waits for the dialog with this text, and closes it."""
    dialog = opened.page.get_by_role("dialog").filter(has_text=text)
    dialog.wait_for()
    opened.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def shown(opened: Canvas, node: str, name: str) -> str | None:
    """The text of this name in the one node of a class, None where there is none."""
    return opened.evaluate(_SHOWN, [node, name])


def wait_until_shown(opened: Canvas, node: str, name: str) -> None:
    opened.page.wait_for_function(_SHOWN, arg=[node, name])


def wait_for_error(opened: Canvas, part: str | None) -> None:
    """Until Stockwright Batch shows an error with this part, or none."""
    opened.page.wait_for_function(_ERROR, arg=part)


def wait_for_previews(opened: Canvas, widths: list[int]) -> None:
    """Until Save Stock Image shows pictures of these widths."""
    opened.page.wait_for_function(f"(w) => String(({_WIDTHS})()) === String(w)", arg=widths)


def unknown_nodes(opened: Canvas) -> list[str]:
    return opened.evaluate(_UNKNOWN)


def first_found(opened: Canvas, words: list[str]) -> list[str]:
    """For each of the words what the canvas's search box proposes first."""
    opened.evaluate("() => app.extensionManager.command.execute('Workspace.SearchBox.Toggle')")
    box = opened.page.locator(".comfy-vue-node-search-box input")
    first = opened.page.locator(".option-display-name").first
    found: list[str] = []
    for word in words:
        box.fill(word)
        first.filter(has_text=word).wait_for()
        found.append(first.inner_text().splitlines()[0].strip())
    opened.page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    return found


def help_of(opened: Canvas, node: str) -> str:
    """The help page of the one node of a class, opened with the button above the node."""
    opened.evaluate(_SELECT, node)
    opened.page.get_by_test_id("info-button").click()
    page = opened.page.locator(".node-help-content .markdown-content")
    page.locator("table").first.wait_for()
    return page.inner_text()
