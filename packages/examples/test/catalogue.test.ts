/** The list of the examples, and the command that runs one of them by its name. */

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, jest, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}packages/examples/${path}`, 'utf8');
const catalogue = JSON.parse(read('catalogue.json')) as Record<string, Record<string, string>>;
/** The polling twins show what the others are spared, and take the room for it. */
const TWINS = ['poll-server', 'poll-client', 'poll-connection'];
/** Every program with its folder: `echo/server`. */
const files = readdirSync(`${root}packages/examples/src`, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('support/'))
  .map((file) => file.replace(/\.ts$/, ''));
const nameOf = (file: string): string => file.slice(file.indexOf('/') + 1);

jest.setTimeout(60_000);

function example(...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [`${root}scripts/example.mjs`, ...args], (error, stdout, stderr) => {
      resolve({ status: error?.code ?? 0, stdout, stderr });
    });
  });
}

describe('the catalogue', () => {
  test('has every program once, under the name of its folder', () => {
    const listed = Object.entries(catalogue).flatMap(([heading, group]) =>
      Object.keys(group).map((name) => `${heading.toLowerCase().replaceAll(' ', '-')}/${name}`),
    );
    expect(listed.toSorted()).toEqual(
      files.filter((file) => nameOf(file) !== 'poll-connection').toSorted(),
    );
  });

  test('has the groups of the README', () => {
    const headings = [...read('README.md').matchAll(/^### (.*)$/gm)].map(([, text]) => text);
    expect(headings).toEqual(Object.keys(catalogue));
  });

  test('says in one line of a terminal what each of them does', () => {
    for (const text of Object.values(catalogue).flatMap((group) => Object.values(group))) {
      expect(text).toMatch(/^[A-Z].{20,85}\.$/);
    }
  });
});

describe('each example', () => {
  test.each(files)('%s says at its top what to read first', (name) => {
    const [header = ''] = read(`src/${name}.ts`).split('*/');
    expect(header.replaceAll(/\n \* ?/g, ' ')).toMatch(/^\/\*\* .*\bRead first: \S/);
  });

  test.each(files.filter((file) => !TWINS.includes(nameOf(file))))(
    '%s has at most 60 lines',
    (name) => {
      expect(read(`src/${name}.ts`).trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    },
  );
});

test.each(readdirSync(`${root}packages/examples/pages`).filter((file) => file.endsWith('.html')))(
  'the page %s has the style of all pages, and none beside it',
  (file) => {
    const page = read(`pages/${file}`);
    expect(page).toMatch(/<link rel="stylesheet" href="(?:\/files\/)?style\.css" \/>/);
    expect(page).not.toMatch(/<style|style=/);
  },
);

describe('pnpm example', () => {
  test.concurrent.each([[[]], [['--help']], [['--']]])(
    'with %j lists every example with its line',
    async (args) => {
      const { status, stdout, stderr } = await example(...args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      for (const group of Object.values(catalogue)) {
        for (const [name, text] of Object.entries(group)) {
          expect(stdout).toMatch(
            new RegExp(`^  ${name} +${text.replaceAll(/[^\w ]/g, '.')}$`, 'm'),
          );
        }
      }
    },
  );

  test.concurrent.each([
    ['web-chatt', 'web-chat'],
    ['sever', 'server'],
    ['jsonapi', 'json-api'],
    ['redis', 'redis-client'],
    ['poll', 'poll-server'],
    ['../server', 'server'],
  ])('with the wrong name %s asks whether %s was meant, with status 2', async (wrong, right) => {
    expect(await example(wrong)).toEqual({
      status: 2,
      stdout: '',
      stderr: `There is no example "${wrong}". Did you mean ${right}? pnpm example lists all.
`,
    });
  });

  test.concurrent.each(['nosuch', 'constructor', '__proto__', 'x', ''])(
    'with %j, which is near to no name, proposes none, with status 2',
    async (wrong) => {
      expect(await example(wrong)).toEqual({
        status: 2,
        stdout: '',
        stderr: `There is no example "${wrong}". pnpm example lists all.
`,
      });
    },
  );

  test('passes what is behind the name on, and ends with the status of the program', async () => {
    const { status, stdout, stderr } = await example('--', 'server', '--port', '65536');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^example server: .*from 0 to 65535.*Try --help\.\n$/);
  });

  test('is what the four commands of old are, too', () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      scripts: Record<string, string>;
    };
    const commands = Object.entries(scripts).filter(([name]) => name.startsWith('example'));
    expect(Object.fromEntries(commands)).toEqual({
      example: 'node scripts/example.mjs',
      ...Object.fromEntries(
        ['server', 'client', 'poll-server', 'poll-client'].map((name) => [
          `example:${name}`,
          `node scripts/example.mjs ${name}`,
        ]),
      ),
    });
  });
});
