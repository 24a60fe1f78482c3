// Standard input: a JSON list of options of the style. Standard output: a line for each, a PNG in
// base64. Run in a folder that has the packages.
import { readFileSync } from "node:fs";
import { createAvatar } from "@dicebear/core";
import * as style from "@dicebear/open-peeps";
import { Resvg } from "@resvg/resvg-js";

const WIDTH = 512;
for (const options of JSON.parse(readFileSync(0, "utf-8"))) {
  const svg = createAvatar(style, options).toString();
  const picture = new Resvg(svg, { fitTo: { mode: "width", value: WIDTH } }).render();
  process.stdout.write(picture.asPng().toString("base64") + "\n");
}
