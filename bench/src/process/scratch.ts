/** Requests as files: a command line cannot carry bytes. */

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;

/** A folder for the run, gone when the process ends. */
export function scratch(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'awaitio-bench-'));
    process.on('exit', () => {
      rmSync(made, { recursive: true, force: true });
    });
    folder = made;
  }
  return folder;
}

/** The file that holds these bytes. */
export function requestFile(bytes: Uint8Array): string {
  const name = createHash('sha1').update(bytes).digest('hex');
  const path = join(scratch(), name);
  // One that is there may be in use: to write it again would empty it first.
  if (!existsSync(path)) writeFileSync(path, bytes);
  return path;
}
