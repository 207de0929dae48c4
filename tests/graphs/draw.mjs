// Draws each graph of a JSON list on stdin, and prints a list of what comes of it as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/package.json`);
const { instance } = await import(require.resolve("@viz-js/viz"));
const viz = await instance();
const graphs = JSON.parse(readFileSync(0, "utf8"));
const drawn = graphs.map((graph) => viz.render(graph, { format: "json" }));
process.stdout.write(JSON.stringify(drawn));
