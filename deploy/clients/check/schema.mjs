// Holds JSON against JSON Schemas (draft 2020-12), strictly.
//
//   node check/schema.mjs FOLDER... <outputs
//
// Outputs are JSON, an object: by file of a schema, the values that it is for. Every schema of the
// folders has to have some. Each value is also spoilt, property by property, and has to be refused
// then. What is wrong goes to standard output, a line each; the exit code is 1 then.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const faults = [];
const outputs = JSON.parse(readFileSync(0, "utf8"));
const unseen = new Set();
for (const folder of process.argv.slice(2)) {
  for (const name of readdirSync(folder)) if (name.endsWith(".json")) unseen.add(join(folder, name));
}

// spoilt are copies of a value: one without each property in turn, one with each of another type, and
// one with a property that nobody knows.
function* spoilt(value, required, closed) {
  for (const name of Object.keys(value)) {
    if (required.has(name)) {
      const { [name]: _, ...without } = value;
      yield [`without ${name}`, without];
    }
    yield [`with ${name} of another type`, { ...value, [name]: typeof value[name] === "object" ? 7 : { other: 1 } }];
  }
  if (closed) yield ["with a property more", { ...value, nobodyKnows: 1 }];
}

for (const [file, values] of Object.entries(outputs)) {
  unseen.delete(file);
  const schema = JSON.parse(readFileSync(file, "utf8"));
  if (schema.$schema !== "https://json-schema.org/draft/2020-12/schema") faults.push(`${file}: $schema`);
  const ajv = new Ajv2020({ strict: true, strictTypes: true, allowUnionTypes: true, allErrors: true });
  addFormats(ajv);
  let valid;
  try {
    valid = ajv.compile(schema);
  } catch (e) {
    faults.push(`${file}: ${e.message}`);
    continue;
  }
  if (values.length === 0) faults.push(`${file}: nothing to hold against it`);
  const objects = (schema.anyOf ?? schema.oneOf ?? [schema]).map((s) => {
    while (s.$ref) s = schema.$defs[s.$ref.split("/").pop()];
    return s;
  });
  for (const value of values) {
    if (!valid(value)) {
      for (const e of valid.errors) {
        faults.push(`${basename(file)} ${e.instancePath || "/"}: ${e.message} ${JSON.stringify(e.params)}`);
      }
      continue;
    }
    // The form that this value has, where a schema is for several.
    const form = objects.find((s) => (s.required ?? []).every((name) => name in value));
    const typed = Object.keys(form.properties);
    const known = Object.fromEntries(Object.entries(value).filter(([name]) => typed.includes(name)));
    for (const [how, wrong] of spoilt(known, new Set(form.required ?? []), form.additionalProperties === false)) {
      if (valid(wrong)) faults.push(`${basename(file)}: it passes ${how}: ${JSON.stringify(value).slice(0, 120)}`);
    }
  }
}
for (const file of unseen) faults.push(`${file}: nothing was held against it`);
for (const fault of new Set(faults)) console.log(fault);
process.exit(faults.length > 0 ? 1 : 0);
