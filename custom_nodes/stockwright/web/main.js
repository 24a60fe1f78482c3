// What Stockwright's nodes show in the canvas: the jobs that were written, captions of the saved
// pictures, and what is wrong. None of it is part of the saved file or of the graph that is queued.

import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";
import { showCaptions } from "./captions.js";
import { checkJobsField, listenForErrors } from "./errors.js";
import { prepareJobs, showJobs } from "./jobs.js";
import { after, outputOf } from "./nodes.js";
import { loadWords } from "./words.js";

/** What each class does when it is made, and when it has output. */
const CLASSES = {
    StockwrightWritePrompts: { prepare: prepareJobs, show: showJobs },
    StockwrightBatch: { prepare: checkJobsField },
    StockwrightSaveImage: { show: showCaptions },
};

app.registerExtension({
    name: "Stockwright",

    async init() {
        await loadWords();
    },

    async setup() {
        listenForErrors(app, api);
    },

    async beforeRegisterNodeDef(nodeType, nodeData) {
        const { prepare, show } = CLASSES[nodeData.name] ?? {};
        const methods = nodeType.prototype;
        if (prepare) {
            after(methods, "onNodeCreated", prepare);
        }
        if (show) {
            const shown = new WeakMap(); // node -> the output that it shows
            after(methods, "onExecuted", (node, output) => {
                show(node, output);
                shown.delete(node); // outputs of a list come one by one, and are joined in place
            });
            // A graph that comes back from another tab brings its output, without an event.
            after(methods, "onDrawBackground", (node) => {
                const output = outputOf(app, node);
                if (!output || shown.get(node) === output) return;
                shown.set(node, output);
                show(node, output);
            });
        }
    },
});
