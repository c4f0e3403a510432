/** The reference of the API: TypeDoc reads the packages' sources and writes a page for each name that they export. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';

/** What TypeDoc calls the folder of a kind, and what the sidebar calls the kind. */
const KINDS = {
  functions: 'Functions',
  classes: 'Classes',
  interfaces: 'Interfaces',
  'type-aliases': 'Types',
  variables: 'Variables',
};

/** What each entry has, and the guide to it. */
const ABOUT = {
  core: 'streams, listeners, tasks and the executor ([guide](/sockets))',
  'core/sync': 'channels, locks, limits, intervals and retries ([guide](/sync))',
  'core/testing': 'a simulated network, a manual clock, checks of streams ([guide](/testing))',
  'core/lowlevel': 'what carriers, primitives and servers are built from',
  http: 'the server and the client of HTTP/1.1 ([server](/server), [client](/client))',
  'http/batteries':
    'files, compression, event streams, forms, cookies, wrappers ([guide](/batteries))',
  'http/websocket': 'WebSockets for servers and clients ([guide](/websocket))',
  'http/contract': 'one description of a call for both sides, and OpenAPI ([guide](/contracts))',
  'http/inspect': 'the inspector ([guide](/inspector))',
  'http/otel': 'spans and metrics of OpenTelemetry ([guide](/observability))',
  'http/hono': 'the WebSocket helper of Hono ([guide](/fetch#websockets))',
  'http/crossws': 'an adapter for crossws, h3 and Nitro ([guide](/fetch#websockets))',
};

const here = fileURLToPath(new URL('.', import.meta.url));
const packages = join(here, '../packages');

/** The entries of a package, as its package.json publishes them. */
function entriesOf(name) {
  const { exports } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, entry]) => typeof entry === 'object')
    .map(([path, { source }]) => ({
      name: `@awaitio/${name}${path.slice(1)}`,
      file: join(packages, name, source),
      folder: `${name}${path.slice(1)}`,
    }));
}

const entries = ['core', 'http'].flatMap(entriesOf);

/** Prose after `@default` is prose, and not a program. */
function plainDefaults(text) {
  return text.replaceAll(/^#{2,6} Default\n\n```ts\n(.*)\n```$/gm, (_, value) =>
    /^[\w.'-]+$/.test(value) ? `Default: \`${value}\`` : `Default: ${value}`,
  );
}

/** The first page of the API. An entry without a description ends the build. */
function indexPage() {
  const rows = entries.map(({ name, folder }) => {
    const about = ABOUT[folder];
    if (about === undefined) throw new Error(`site/api.mjs says nothing about ${name}`);
    return `| [\`${name}\`](/api/${folder}/) | ${about} |`;
  });
  const head =
    '# API\n\nEvery name that the packages export, by the entry that exports it. The search finds them, too.';
  return `${head}\n\n| entry | what it has |\n| --- | --- |\n${rows.join('\n')}\n`;
}

/** The pages of one entry by kind, each by its name. */
function groupsOf(out, { folder }) {
  return Object.entries(KINDS)
    .filter(([kind]) => existsSync(join(out, folder, kind)))
    .map(([kind, text]) => ({
      text,
      items: readdirSync(join(out, folder, kind))
        .map((file) => file.replace(/\.md$/, ''))
        .map((name) => ({ text: name, link: `/api/${folder}/${kind}/${name}` })),
    }));
}

/**
 * @param {string} out - Where the pages go.
 * @returns {Promise<{name: string, path: string, groups: {text: string, items: {text: string, link: string}[]}[]}[]>} The entries of the packages.
 * @throws When TypeDoc warns: a link in a comment that leads nowhere, a parameter that does not exist.
 */
export async function writeApi(out) {
  const app = await Application.bootstrapWithPlugins({
    tsconfig: join(here, 'tsconfig.json'),
    entryPoints: entries.map(({ file }) => file),
    plugin: ['typedoc-plugin-markdown'],
    outputs: [{ name: 'markdown', path: out }],
    readme: 'none',
    logLevel: 'Warn',
    treatWarningsAsErrors: true,
    disableSources: true,
    // What a class inherits from Node, or an interface from another package, is documented there.
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeProtected: true,
    hideGenerator: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    entryFileName: 'index',
    useHTMLEncodedBrackets: true,
    useCodeBlocks: true,
    indexFormat: 'table',
    pageTitleTemplates: {
      index: 'API',
      module: '{name}',
      member: ({ name }) => name,
    },
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('the sources do not compile for TypeDoc');
  for (const module of project.children ?? []) {
    const file = project.files.getReflectionPath?.(module) ?? '';
    const entry = entries.find((one) => one.file === file);
    if (entry !== undefined) module.name = entry.folder;
  }
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error('TypeDoc warned, see above');
  }
  for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.md')) continue;
    const path = join(out, name);
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      plainDefaults(text.replace(/^# ((?:core|http)(?:\/.*)?)$/m, '# @awaitio/$1')),
    );
  }
  writeFileSync(join(out, 'index.md'), indexPage());
  return entries.map((entry) => ({
    ...entry,
    path: `api/${entry.folder}`,
    groups: groupsOf(out, entry),
  }));
}
