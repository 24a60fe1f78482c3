// Save Stock Image: which job each preview shows. The numbers are those of the core's previews.

import { show } from "./display.js";

const NAME = "stockwright_captions";

export function showCaptions(node, output) {
    const files = output?.stockwright_files;
    if (!Array.isArray(files)) return;
    show(node, NAME, files.map(caption).join("\n"), { rows: [1, 6] });
}

function caption({ subject, job }, index) {
    return `${index + 1}. ${[subject, job].filter(Boolean).join(" · ")}`;
}
