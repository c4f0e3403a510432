/** The list of the examples, and the command that runs one of them by its name. */

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, jest, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}packages/examples/${path}`, 'utf8');
const catalogue = JSON.parse(read('catalogue.json')) as Record<string, Record<string, string>>;
const names = Object.values(catalogue).flatMap((group) => Object.keys(group));
/** The polling twins show what the others are spared, and take the room for it. */
const TWINS = ['poll-server', 'poll-client', 'poll-connection'];
const files = readdirSync(`${root}packages/examples/src`)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''));

jest.setTimeout(60_000);

function example(...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [`${root}scripts/example.mjs`, ...args], (error, stdout, stderr) => {
      resolve({ status: error?.code ?? 0, stdout, stderr });
    });
  });
}

describe('the catalogue', () => {
  test('has every program, once', () => {
    expect(names.toSorted()).toEqual(files.filter((name) => name !== 'poll-connection').toSorted());
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

  test.each(files.filter((name) => !TWINS.includes(name)))('%s has at most 60 lines', (name) => {
    expect(read(`src/${name}.ts`).trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });
});

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
    ['websocket-proxy', 'web-proxy'],
    ['poll', 'poll-server'],
    ['../server', 'server'],
    ['constructor', 'inspector'],
  ])('with the wrong name %s names the nearest, with status 2', async (wrong, right) => {
    expect(await example(wrong)).toEqual({
      status: 2,
      stdout: '',
      stderr: `There is no example "${wrong}". The nearest is ${right}; pnpm example lists all.\n`,
    });
  });

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
