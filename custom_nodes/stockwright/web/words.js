// Words of the pack in the language of the canvas: `locales/`, as the server gives them out.

import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";

const PATIENCE = 5000; // ms for the canvas's own words to come
let languages = {};

/** Fetches the words. Call it before the node types are registered. */
export async function loadWords() {
    try {
        languages = await (await api.fetchApi("/i18n")).json();
        await keepNames(app.extensionManager.setting.get("Comfy.Locale"));
    } catch (error) {
        console.warn("Stockwright keeps to English:", error);
    }
}

/** A text of the part `stockwright` of main.json, in English where the language has none. */
export function word(key) {
    const language = app.extensionManager.setting.get("Comfy.Locale");
    return languages[language]?.stockwright?.[key] ?? languages.en?.stockwright?.[key] ?? "";
}

/**
 * Gives the canvas the names of our nodes in a language other than English once more. Frontends
 * without ComfyUI_frontend's pull request 7214 (of December 2025) put their own words over them.
 */
async function keepNames(language) {
    const root = document.getElementById("vue-app")?.__vue_app__;
    const canvas = root?._context.provides[root.__VUE_I18N_SYMBOL__]?.global;
    const all = languages[language];
    if (!canvas || !all?.stockwright || language === "en") return;
    const hasOwnWords = () => canvas.getLocaleMessage(language).g !== undefined;
    for (let waited = 0; !hasOwnWords() && waited < PATIENCE; waited += 20) {
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (canvas.getLocaleMessage(language).stockwright) return;
    const { stockwright, templateWorkflows, dataTypes, nodeDefs } = all;
    canvas.mergeLocaleMessage(language, {
        stockwright,
        templateWorkflows: { category: { stockwright: templateWorkflows.category.stockwright } },
        dataTypes: { JOBS: dataTypes.JOBS, PROMPT_LLM: dataTypes.PROMPT_LLM },
        nodeDefs: Object.fromEntries(
            Object.entries(nodeDefs).filter(([name]) => name.startsWith("Stockwright")),
        ),
    });
}
