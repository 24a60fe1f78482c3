// Nodes of the canvas: their methods, their output, and finding them.

/** Calls `action(node, ...arguments)` after a method of a node class. */
export function after(methods, name, action) {
    const before = methods[name];
    methods[name] = function (...values) {
        const result = before?.apply(this, values);
        action(this, ...values);
        return result;
    };
}

/** The output that the canvas keeps of a node's last run, or undefined. */
export function outputOf(app, node) {
    if (!node.graph) return undefined;
    const isRoot = node.graph === app.graph;
    return app.nodeOutputs?.[isRoot ? String(node.id) : `${node.graph.id}:${node.id}`];
}

/** The node that the server calls "5", or "7:5" inside of the subgraph node 7; null if it went. */
export function nodeOf(app, executionId) {
    let node = null;
    let graph = app.graph;
    for (const id of String(executionId).split(":")) {
        node = graph?.getNodeById(Number(id)) ?? graph?.getNodeById(id) ?? null;
        graph = node?.subgraph;
    }
    return node;
}
