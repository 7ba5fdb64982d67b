// Reads AsyncAPI documents as their own parser does, and holds messages against each.
//
//   node check/asyncapi.mjs FILE... <messages
//
// Messages are JSON, an array of {channel, message, headers, payload}; payload is what was sent, as
// text. What is wrong goes to standard output, a line each, which begins with the file; the exit code
// is 1 then.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const messages = JSON.parse(readFileSync(0, "utf8"));

async function faultsOf(file) {
  const faults = [];
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
  for (const d of diagnostics) {
    if (d.severity <= 1) faults.push(`/${d.path.join("/")}: ${d.message}`);
  }
  if (document) {
    const ajv = new Ajv({ strict: true, allowMatchingProperties: true, allowUnionTypes: true, allErrors: true });
    addFormats(ajv);
    for (const key of ["x-parser-schema-id", "x-parser-unique-object-id"]) ajv.addKeyword(key);
    const compiled = new Map();
    const holds = (what, schema, value) => {
      if (schema === undefined) {
        faults.push(`${what}: not described`);
        return;
      }
      if (!compiled.has(schema)) {
        compiled.set(schema, null);
        try {
          compiled.set(schema, ajv.compile(schema.json()));
        } catch (e) {
          faults.push(`${what}: ${e.message}`);
        }
      }
      const valid = compiled.get(schema);
      if (valid && !valid(value)) {
        for (const e of valid.errors) faults.push(`${what}${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
      }
    };
    const known = new Map();
    for (const channel of document.channels().all()) {
      for (const m of channel.messages().all()) known.set(`${channel.id()} ${m.id()}`, m);
    }
    const seen = new Set();
    for (const { channel, message, headers, payload } of messages) {
      const name = `${channel} ${message}`;
      const m = known.get(name);
      if (!m) {
        faults.push(`${name}: not described`);
        continue;
      }
      seen.add(name);
      if (m.headers() || Object.keys(headers).length > 0) holds(`${name} headers`, m.headers(), headers);
      const type = m.contentType() ?? "application/fhir+json";
      if (type.endsWith("json") && message !== "rejection") holds(name, m.payload(), JSON.parse(payload));
      if (message === "rejection" && payload !== "") faults.push(`${name}: it has a payload`);
    }
    for (const name of known.keys()) {
      if (!seen.has(name)) faults.push(`${name}: described, and none was seen`);
    }
  }
  return faults;
}

let wrong = false;
for (const file of process.argv.slice(2)) {
  for (const fault of await faultsOf(file)) {
    wrong = true;
    console.log(`${file}: ${fault}`);
  }
}
process.exit(wrong ? 1 : 0);
