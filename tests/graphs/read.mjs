// Reads each flowchart of a JSON list on stdin as Mermaid does, and prints a list of what is in it as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.argv[2]}/package.json`);
const { Window } = await import(pathToFileURL(require.resolve("happy-dom")));
// Labels are cleaned by a library that needs a browser.
globalThis.window = new Window();
globalThis.document = window.document;
const { default: mermaid } = await import(`${process.argv[2]}/node_modules/mermaid/dist/mermaid.core.mjs`);

// Characters by their number, as Mermaid keeps them until it draws.
const plain = (text) =>
  text?.replace(/ﬂ°°(\d+)¶ß/g, (_, number) => String.fromCodePoint(Number(number))) ?? null;

const read = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  await mermaid.parse(text);
  const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
  read.push({
    nodes: [...db.getVertices().values()].map((one) => [one.id, plain(one.text)]),
    groups: db.getSubGraphs().map((one) => [one.id, plain(one.title)]),
    edges: db.getEdges().map((one) => [one.start, one.end]),
  });
}
process.stdout.write(JSON.stringify(read), () => process.exit(0));
