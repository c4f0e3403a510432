/**
 * Opening a file to send it: what was opened is what is looked at, confined and sent.
 *
 * A name can lead elsewhere a moment later. So every decision is about the open descriptor: its size and times, that it is a
 * regular file, and that it lies below a root, which is so when the real path below the root names the very same file.
 */

import { constants, type BigIntStats } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { sep } from 'node:path';

/** A file that is open for reading. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  /** A strong entity tag: the size, and the time of the last change in nanoseconds. */
  readonly etag: string;
}

/** Why there is no file to send, by the file system's code. */
const MISSING: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'EISDIR',
  'ENXIO',
  'EINVAL',
]);
const FORBIDDEN: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

/** The outcome of an attempt to open a file: the file, that it is a folder, or why there is none. */
export type OpenResult = OpenFile | 'missing' | 'forbidden' | 'folder';

/**
 * Opens a file.
 *
 * @param root - The real path of the folder that it has to be below; `undefined` for anywhere.
 * @throws The file system's error for a failure that says nothing of the file, such as EMFILE.
 */
export async function openFile(path: string | URL, root: string | undefined): Promise<OpenResult> {
  if (String(path).includes('\0')) return 'missing';
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK the open of a pipe waits for its writer. A regular file does not mind it.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return reasonOf(error);
  }
  let isTaken = false;
  try {
    const found = await handle.stat({ bigint: true });
    if (root !== undefined && !(await isBelow(root, path, found))) return 'missing';
    if (found.isDirectory()) return 'folder';
    if (!found.isFile()) return 'missing';
    isTaken = true;
    return {
      handle,
      size: Number(found.size),
      lastModified: Number(found.mtimeMs),
      etag: `"${found.size.toString(36)}-${found.mtimeNs.toString(36)}"`,
    };
  } finally {
    if (!isTaken) await handle.close();
  }
}

function reasonOf(error: unknown): 'missing' | 'forbidden' {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (MISSING.has(code)) return 'missing';
  if (FORBIDDEN.has(code)) return 'forbidden';
  throw error;
}

/** Whether what was opened is the file that its real path, below the root, names now. */
async function isBelow(root: string, path: string | URL, opened: BigIntStats): Promise<boolean> {
  try {
    const real = await realpath(path);
    if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) return false;
    const { dev, ino } = await stat(real, { bigint: true });
    return dev === opened.dev && ino === opened.ino;
  } catch (error) {
    if (reasonOf(error) !== undefined) return false;
    throw error;
  }
}
