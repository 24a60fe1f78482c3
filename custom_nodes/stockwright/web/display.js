// A read-only text in a node.

import { app } from "../../scripts/app.js";

// Pixels: of a line, of a monospaced letter, and of what is around the text.
const LINE = 13;
const LETTER = 6;
const FRAME = 30;

/**
 * Shows `text` in a node, in the widget `name`, which is made when there is something to show.
 *
 * `rows` is [least, most]: its height in lines. Without a most it takes what room the node has.
 * `color` is a CSS colour. An empty text removes the widget, unless it has a `placeholder`.
 */
export function show(node, name, text, { rows = [1], color = "", placeholder = "" } = {}) {
    const shown = node.widgets?.find((widget) => widget.name === name);
    if (shown && shown.value === text) return;
    if (!text && !placeholder) {
        if (shown) node.removeWidget(shown);
    } else {
        const widget = shown ?? add(node, name, rows, makeField(color, placeholder));
        widget.value = text;
    }
    node.setDirtyCanvas(true, true);
}

function add(node, name, [least, most], field) {
    const lines = () => (most ? Math.min(Math.max(count(field.value, node), least), most) : least);
    const height = () => lines() * LINE + FRAME;
    const widget = node.addDOMWidget(name, "stockwright", field, {
        serialize: false, // not queued
        getValue: () => field.value,
        setValue: (text) => {
            field.value = text;
            field.rows = lines();
        },
        getMinHeight: height,
        getMaxHeight: most ? height : undefined,
    });
    widget.serialize = false; // not saved
    if (!most) field.classList.add("widget-expands");
    return widget;
}

/** How many lines a text needs in a node, about. */
function count(text, node) {
    const letters = Math.max(1, Math.floor((node.size[0] - FRAME) / LETTER));
    const needed = (line) => Math.max(1, Math.ceil(line.length / letters));
    return text.split("\n").reduce((sum, line) => sum + needed(line), 0);
}

function makeField(color, placeholder) {
    const field = document.createElement("textarea");
    field.className = "comfy-multiline-input";
    field.readOnly = true;
    field.spellcheck = false;
    field.placeholder = placeholder;
    field.dataset.captureWheel = "true"; // what the newer design of nodes reads
    Object.assign(field.style, { color, width: "100%", height: "100%" });
    leaveCanvasGestures(field);
    return field;
}

/** The wheel scrolls the text if it can; all else, and the middle button, moves the canvas. */
function leaveCanvasGestures(field) {
    field.addEventListener("wheel", (event) => {
        event.stopPropagation();
        const scrolls = field.scrollHeight > field.clientHeight;
        if (scrolls && !event.ctrlKey && Math.abs(event.deltaY) >= Math.abs(event.deltaX)) return;
        event.preventDefault();
        app.canvas.processMouseWheel(event);
    });
    field.addEventListener("pointerdown", (event) => {
        if (event.button === 1) app.canvas.processMouseDown(event);
    });
    field.addEventListener("pointermove", (event) => {
        if (event.buttons & 4) app.canvas.processMouseMove(event);
    });
    field.addEventListener("pointerup", (event) => {
        if (event.button === 1) app.canvas.processMouseUp(event);
    });
}
