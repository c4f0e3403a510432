/** Habits of all tests: none is left out silently, and none waits for time to pass without a reason. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  CAPABILITIES,
  isHere,
  type Capability,
  type CapabilityName,
} from './support/capabilities.ts';
import { testFiles } from './support/test-files.ts';

/** The helper itself, and this file. */
const EXEMPT = /[/\\\\](capabilities|test-habits\.test)\.ts$/;
const names = Object.keys(CAPABILITIES) as CapabilityName[];
const sources = testFiles().map((file) => ({ file, text: readFileSync(file, 'utf8') }));

/** Whether a version is one of these, or a later one of its line, or of a line behind the last. */
function isFrom(version: string, firsts: readonly string[]): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const lines = firsts.map((first) => first.split('.').map(Number) as [number, number]);
  const [last = 0] = lines.at(-1) ?? [];
  return major > last || lines.some(([line, from]) => major === line && minor >= from);
}

test.each<[string, boolean]>([
  ['24.18.9', false],
  ['24.19.0', true],
  ['25.9.0', false],
  ['26.3.0', false],
  ['26.4.0', true],
  ['27.0.0', true],
])('Node %s is one from 24.19 or 26.4 on: %j', (version, isOne) => {
  expect(isFrom(version, ['24.19', '26.4'])).toBe(isOne);
});

/** Whether it has to be here; `undefined` where nothing is known of the machine. */
function isExpected(name: CapabilityName): boolean | undefined {
  const { onCi }: Capability = CAPABILITIES[name];
  if (process.platform !== 'linux') return undefined;
  if (typeof onCi !== 'boolean') return isFrom(process.versions.node, onCi);
  return onCi && process.env['CI'] !== undefined ? true : undefined;
}

describe('what tests need', () => {
  test.each(names)('%s is here where it has to be', (name) => {
    expect(isHere(name)).toBe(isExpected(name) ?? isHere(name));
  });

  test.each(names)('%s is what some test needs', (name) => {
    const uses = sources.filter(({ text }) =>
      new RegExp(`describe(If|Without)\\([^)]*'${name}'`).test(text),
    );
    expect(uses).not.toEqual([]);
  });
});

test('a test is left out by describeIf alone', () => {
  const others = sources.filter(
    ({ file, text }) => !EXEMPT.test(file) && /\b(describe|test|it)\.(skip|todo|only)\b/.test(text),
  );
  expect(others.map(({ file }) => file)).toEqual([]);
});

/** Waits for time to pass on the real clock; those of a minute are for what ends them. */
const WAIT = /systemClock\.sleep\((?!60_000)|setTimeout\(resolve/;
/** The name under which a file imports the promise of a timer. */
const IMPORTED = /\bsetTimeout as (\w+)[^;]*from 'node:timers\/promises'/;

function waitsOf(text: string): RegExp {
  const name = IMPORTED.exec(text)?.[1];
  return name === undefined ? WAIT : new RegExp(`${WAIT.source}|[^.\\w]${name}\\(`);
}

test('who waits for real time to pass says why in a comment above', () => {
  const without = sources.flatMap(({ file, text }) => {
    // In a simulation, time is not real.
    if (EXEMPT.test(file) || /\b(simulate|simTest)\(/.test(text)) return [];
    const lines = text.split('\n');
    const wait = waitsOf(text);
    return lines.flatMap((line, at) =>
      wait.test(line) && !/real time/i.test(lines.slice(Math.max(0, at - 5), at).join('\n'))
        ? [`${file}:${at + 1}: ${line.trim()}`]
        : [],
    );
  });
  expect(without).toEqual([]);
});
