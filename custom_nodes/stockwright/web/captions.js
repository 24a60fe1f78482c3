// Save Stock Image: which job each preview shows, and which files could not be written. The numbers
// are those of the core's previews.

import { api } from "../../scripts/api.js";
import { show } from "./display.js";

const CAPTIONS = "stockwright_captions";
const UNSAVED = "stockwright_unsaved";
const RED = { rows: [1, 8], color: "var(--error-text)" };

const latest = new WeakMap(); // node -> the call that last showed something in it

export async function showCaptions(node, output) {
    const files = output?.stockwright_files;
    if (!Array.isArray(files)) return;
    const call = {};
    latest.set(node, call);
    show(node, CAPTIONS, files.map(caption).join("\n"), { rows: [1, 6] });
    show(node, UNSAVED, "");
    const errors = await failures(files);
    if (latest.get(node) === call) show(node, UNSAVED, errors.join("\n"), RED);
}

function caption({ subject, job }, index) {
    return `${index + 1}. ${[subject, job].filter(Boolean).join(" · ")}`;
}

/** Files are written while the graph goes on: the server says later if one could not be. */
async function failures(files) {
    const tickets = new Set(files.map((file) => file.ticket).filter(Boolean));
    const outcomes = (await Promise.all([...tickets].map(outcomesOf))).flat();
    return outcomes.map(({ error }) => error).filter(Boolean);
}

async function outcomesOf(ticket) {
    for (;;) {
        const response = await api.fetchApi(`/stockwright/saved/${ticket}`).catch(() => null);
        if (!response?.ok) return []; // the server was started anew, and knows nothing of it
        const { settled, files } = await response.json();
        if (settled) return files;
    }
}
