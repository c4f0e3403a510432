/** What the checks of real servers share: files to serve, programs to start, reports. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestAuthority } from '../../../packages/core/dist/testing/index.js';
import { startListening } from '../../lib/programs.mjs';

/** The larger of the files that every server has. */
export const BODY = Buffer.from(Array.from({ length: 1_000_003 }, (_, at) => (at * 31) % 251));
export const folder = mkdtempSync(join(tmpdir(), 'awaitio-real-'));
export const files = join(folder, 'files');
mkdirSync(files);
writeFileSync(join(files, 'body.bin'), BODY);
writeFileSync(join(files, 'small.txt'), 'small');

export const authority = new TestAuthority();
const identity = authority.issue(['127.0.0.1', 'localhost']);

/** A file of this run. @returns its path */
export function config(name, text) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** The certificate of the servers, issued by {@link authority}, and its key: as texts, and as files. */
export const certificate = {
  ...identity,
  certFile: config('cert.pem', identity.cert),
  keyFile: config('key.pem', identity.key),
  bothFile: config('both.pem', `${identity.cert}\n${identity.key}`),
};

export const isInstalled = (program, flag = '--version') =>
  spawnSync(program, [flag]).error === undefined;

export { freePort } from '../../lib/programs.mjs';

const children = [];

/** Starts a program, and waits until it listens; what it prints is shown when it does not. */
export async function start(port, ...command) {
  await startListening(port, command, children);
}

/** Ends the programs, and removes the files. */
export function cleanUp() {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}

const failures = [];
let passed = 0;

/** Reports one check. */
export async function check(title, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok   ${title}`);
  } catch (error) {
    failures.push(title);
    console.log(`FAIL ${title}: ${error?.stack ?? error}`);
  }
}

/** Says how it went. @returns the exit status */
export function report() {
  console.log(`${passed} passed, ${failures.length} failed`);
  for (const title of failures) console.log(`failed: ${title}`);
  return failures.length === 0 && passed > 0 ? 0 : 1;
}

export function equal(got, expected, what) {
  const isSame = Buffer.isBuffer(expected) ? expected.equals(got) : got === expected;
  if (isSame) return;
  const [wanted, came] = [expected, got].map((value) => String(value).slice(0, 60));
  throw new Error(`${what}: expected ${wanted}, got ${came}`);
}
