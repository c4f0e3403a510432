/** Errors of a simulated disk: those of node:fs, by code, number, call and path. */

import { IoError } from '../../../vocabulary/errors.ts';

const CAUSES = {
  EBADF: [-9, 'bad file descriptor'],
  EEXIST: [-17, 'file already exists'],
  EINVAL: [-22, 'invalid argument'],
  EIO: [-5, 'i/o error'],
  EISDIR: [-21, 'illegal operation on a directory'],
  ENOENT: [-2, 'no such file or directory'],
  ENOSPC: [-28, 'no space left on device'],
  ENOTDIR: [-20, 'not a directory'],
  ENOTEMPTY: [-39, 'directory not empty'],
  ENXIO: [-6, 'no such device or address'],
} as const;

/** What a call on a simulated disk can fail with. */
export type DiskErrorCode = keyof typeof CAUSES;

/** A call on a simulated disk failed, as that of node:fs would: `ENOENT: no such file or directory, open '/data/log'`. */
export class DiskError extends IoError {
  override name = 'DiskError';
  declare readonly code: DiskErrorCode;
  /** The number of the error on Linux. */
  readonly errno: number;
  /** The system call. */
  readonly syscall: string;
  readonly path: string | undefined;

  constructor(code: DiskErrorCode, syscall: string, path?: string) {
    const [errno, text] = CAUSES[code];
    const place = path === undefined ? '' : ` '${path}'`;
    super(`${code}: ${text}, ${syscall}${place}`, { code, operation: syscall });
    this.errno = errno;
    this.syscall = syscall;
    this.path = path;
  }
}
