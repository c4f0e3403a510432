/**
 * Checks the manifests of packages/examples/deploy by the schemas of Kubernetes: their values by the validators of
 * `kubernetes-models`, and by its types that no field is misspelt.
 *
 *   node scripts/deploy.mjs [FILE]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installApart } from './lib/install.mjs';
import { root, run, tool } from './lib/run.mjs';

await installApart('tools');
const file = process.argv[2] ?? `${root}packages/examples/deploy/kubernetes.yaml`;
const require = createRequire(`${root}tools/package.json`);
const { parseAllDocuments } = createRequire(`${root}packages/examples/package.json`)('yaml');

const faults = [];
const declarations = [];
const documents = parseAllDocuments(readFileSync(file, 'utf8'));
if (documents.length === 0) faults.push('there is no manifest in it');
for (const document of documents) {
  for (const { message } of [...document.errors, ...document.warnings]) faults.push(message);
  const manifest = document.toJS() ?? {};
  const { apiVersion = '', kind = '' } = manifest;
  let model;
  try {
    model = require(`kubernetes-models/${apiVersion}`)[kind];
  } catch {
    // Said below.
  }
  if (model === undefined) {
    faults.push(`Kubernetes has no ${kind || 'kind'} in ${apiVersion || 'that version'}`);
    continue;
  }
  try {
    new model(manifest).validate();
  } catch (error) {
    faults.push(`${kind}: ${error.message}`);
  }
  declarations.push(
    `import type { I${kind} } from 'kubernetes-models/${apiVersion}';`,
    `export const manifest${declarations.length}: I${kind} = ${JSON.stringify(manifest, null, 2)};`,
  );
}

// An object literal may have no field that its type does not have: the validators would let it pass.
const folder = mkdtempSync(join(root, 'tools/node_modules/.manifests-'));
try {
  const source = join(folder, 'manifests.ts');
  writeFileSync(source, declarations.join('\n'));
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--ignoreConfig',
    '--module',
    'nodenext',
  ];
  const { ok, output } = await run([tool('tsc'), ...options, source], { quiet: true, cwd: folder });
  if (!ok) faults.push(output.trim());
} finally {
  rmSync(folder, { recursive: true });
}

for (const fault of faults) console.error(`${pathToFileURL(file).pathname}: ${fault}`);
if (faults.length === 0) console.log(`${documents.length} manifests are as Kubernetes wants them`);
process.exitCode = faults.length === 0 ? 0 : 1;
