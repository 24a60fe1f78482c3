// What is wrong, in the node that it is about.

import { show } from "./display.js";
import { after, nodeOf } from "./nodes.js";
import { word } from "./words.js";

const NAME = "stockwright_error";
const OPTIONS = { rows: [1, 8], color: "var(--error-text)" };
const PAUSE = 500; // ms without a key before the jobs are read

/** Shows what was wrong in the last run: nodes that the server refused, and the one that broke. */
export function listenForErrors(app, api) {
    const tell = (broken = []) => {
        clear(app.graph);
        const texts = new Map();
        for (const [id, text] of [...refused(app), ...broken]) {
            const node = nodeOf(app, id);
            if (isOurs(node)) texts.set(node, [...(texts.get(node) ?? []), text]);
        }
        for (const [node, all] of texts) show(node, NAME, all.join("\n"), OPTIONS);
    };
    api.addEventListener("execution_success", () => tell());
    api.addEventListener("execution_error", ({ detail }) => {
        tell([[detail.node_id, detail.exception_message.trim()]]);
    });
    // Comes after each attempt to queue, also after one that the server refused.
    api.addEventListener("promptQueued", () => {
        if (refused(app).length) tell();
    });
}

/** Stockwright Batch: says at once if what is typed as its jobs is no JSON. */
export function checkJobsField(node) {
    const jobs = node.widgets?.find((widget) => widget.name === "jobs");
    if (!jobs) return;
    let timer;
    after(jobs, "callback", () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
            const linked = node.inputs?.find((input) => input.name === "jobs")?.link != null;
            if (node.graph && !linked) show(node, NAME, wrongJson(jobs.value), OPTIONS);
        }, PAUSE);
    });
}

function wrongJson(text) {
    try {
        JSON.parse(text);
        return "";
    } catch (error) {
        return [word("jobsAreNotJson"), error.message].filter(Boolean).join("\n");
    }
}

/**
 * Pairs of a node's id and a text: what the server said of a node of ours, or of one that an output
 * node of ours would have needed. Other parts of the graph may run all the same.
 */
function refused(app) {
    return Object.entries(app.lastNodeErrors ?? {}).flatMap(([id, { errors, ...more }]) => {
        const node = nodeOf(app, id);
        if (isOurs(node)) return [[id, refusal(errors)]];
        const text = `${node?.title ?? more.class_type}: ${refusal(errors)}`;
        return (more.dependent_outputs ?? []).map((output) => [output, text]);
    });
}

/** The server repeats what a node says for each of its inputs, with the input's name before it. */
function refusal(errors) {
    const texts = errors.map(({ type, message, details, extra_info: more }) => {
        if (type !== "custom_validation_failed") return [message, details].join(": ");
        return details.replace(`${more?.input_name} - `, "");
    });
    return [...new Set(texts)].join("\n");
}

function clear(graph) {
    for (const node of graph.nodes) {
        if (isOurs(node)) show(node, NAME, "");
        if (node.subgraph) clear(node.subgraph);
    }
}

function isOurs(node) {
    return Boolean(node?.comfyClass?.startsWith("Stockwright"));
}
