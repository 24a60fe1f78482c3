// Write Theme Prompts: its jobs, one line each.

import { show } from "./display.js";
import { word } from "./words.js";

const NAME = "stockwright_jobs";
const MOST = 1000; // more lines than that nobody reads in a node

export function prepareJobs(node) {
    show(node, NAME, "", options());
}

export function showJobs(node, output) {
    const jobs = output?.stockwright_jobs;
    if (!Array.isArray(jobs)) return;
    const lines = jobs.slice(0, MOST).map(line);
    if (jobs.length > MOST) lines.push(`… ${jobs.length}`);
    show(node, NAME, lines.join("\n"), options());
}

function options() {
    return { rows: [8], placeholder: word("jobsAppearHere") || "…" };
}

function line({ kind, subject, prompt }, index) {
    return `${index + 1}. ${[kind, subject, prompt].filter(Boolean).join(" · ")}`;
}
