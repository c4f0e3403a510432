/** What docs/deployment.md explains is what the files of deploy/ say: no line without a reason, and no reason for a line that is gone. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const deploy = `${root}packages/examples/deploy/`;
const page = readFileSync(`${root}docs/deployment.md`, 'utf8');

/** How a line is found on the page: by the word or the words that say what it sets. */
const KEYS: Readonly<Record<string, RegExp>> = {
  Dockerfile: /^(?:[A-Z]+)\b/,
  'Dockerfile.dockerignore': /^.+$/,
  'haproxy.cfg':
    /^\s*(?:option \S+|timeout \S+|http-check \S+|mode \S+|server \S+|default-server|[\w-]+)/,
  'nginx.conf': /^\s*(?:proxy_set_header \S+|'' ''|''|[\w$]+)/,
  'kubernetes.yaml': /^[\s-]*[\w./]+/,
  'systemd/my-app.service': /^\w+=/,
  'systemd/my-app.socket': /^\w+=/,
};

const literal = (text: string): string => text.replaceAll(/[$*./]/g, String.raw`\$&`);

/** Whether a key stands in backticks, alone or with its value, but not as a part of another word. */
function isExplained(key: string, section: string): boolean {
  const spans = [...section.replaceAll(/```.*?```/gs, '').matchAll(/`([^`]+)`/g)];
  const word = new RegExp(`(?:^|[ !])${literal(key)}${key.endsWith('=') ? '' : '(?:$|[ :;])'}`);
  return spans.some(([, span = '']) => word.test(span));
}

test('every file of deploy/ is one of those that are looked at, or the program', () => {
  const files = readdirSync(deploy, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !['app', 'systemd'].includes(file));
  expect(files.toSorted()).toEqual(
    [...Object.keys(KEYS), 'app/package.json', 'app/server.mjs'].toSorted(),
  );
});

test.each(Object.entries(KEYS))('docs/deployment.md explains every line of %s', (file, pattern) => {
  const section = page.split(/^## /m).find((text) => text.includes(`deploy/${file})`)) ?? '';
  const keys = readFileSync(`${deploy}${file}`, 'utf8')
    .split('\n')
    .map(
      (line) =>
        pattern
          .exec(line)?.[0]
          .replace(/^[\s-]+/, '')
          .trim() ?? '',
    )
    .filter((key) => key !== '');
  expect(keys.length).toBeGreaterThan(3);
  expect([...new Set(keys)].filter((key) => !isExplained(key, section))).toEqual([]);
});

test('the graces of Kubernetes, systemd and Docker are longer than those of the program', () => {
  const read = (file: string): string => readFileSync(`${deploy}${file}`, 'utf8');
  const seconds = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1]);
  const kubernetes = read('kubernetes.yaml');
  const grace = Number(/name: GRACE\n\s+value: '(\d+)'/.exec(kubernetes)?.[1]) / 1_000;
  const pause = seconds(kubernetes, /sleep:\n\s+seconds: (\d+)/);
  expect(seconds(kubernetes, /terminationGracePeriodSeconds: (\d+)/)).toBeGreaterThan(
    grace + pause,
  );
  const unit = read('systemd/my-app.service');
  expect(seconds(unit, /TimeoutStopSec=(\d+)/)).toBeGreaterThan(
    seconds(unit, /GRACE=(\d+)/) / 1_000,
  );
  const usual = /GRACE \?\? ([\d_]+)/.exec(read('app/server.mjs'))?.[1] ?? '';
  expect(seconds(page, /--stop-timeout (\d+)/)).toBeGreaterThan(
    Number(usual.replaceAll('_', '')) / 1_000,
  );
});
