/** A disk as programs see it: a part of the shape of node:fs/promises. */

/** Text encodings of a simulated disk. */
export type DiskEncoding = 'utf8' | 'utf-8' | 'latin1' | 'ascii' | 'hex' | 'base64' | 'base64url';

/** Options of reading a whole file. */
export interface DiskReadOptions {
  /** The encoding of the text that is returned; without one, bytes are. */
  readonly encoding?: DiskEncoding | null | undefined;
  /** How the file is opened. @default 'r' */
  readonly flag?: string | undefined;
}

/** Options of writing a whole file. */
export interface DiskWriteOptions {
  /** The encoding of text. @default 'utf8' */
  readonly encoding?: DiskEncoding | null | undefined;
  /** How the file is opened. @default 'w', or 'a' to append */
  readonly flag?: string | undefined;
  /** Whether the contents are synced; the name never is. @default false */
  readonly flush?: boolean | undefined;
  /** Ignored, so that options of node:fs fit. */
  readonly mode?: number | string | undefined;
}

/** What a file or directory is. */
export interface SimStats {
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSocket(): boolean;
}

/** An open file, or a directory that was opened to be synced: the shape of `FileHandle` of node:fs/promises. */
export interface SimFileHandle extends AsyncDisposable {
  readonly fd: number;
  /** Reads into a buffer, from a position or from where the last read ended. @throws {@link DiskError} (`EBADF`, `EISDIR`, `EIO`) */
  read(
    buffer: Uint8Array,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ readonly bytesRead: number; readonly buffer: Uint8Array }>;
  /** Writes bytes, or text at `offset` as its position. @throws {@link DiskError} (`EBADF`, `ENOSPC`, `EIO`) */
  write(
    data: Uint8Array | string,
    offset?: number | null,
    length?: number | DiskEncoding | null,
    position?: number | null,
  ): Promise<{ readonly bytesWritten: number; readonly buffer: Uint8Array | string }>;
  /** Reads the rest of the file. @throws as {@link SimFileHandle.read} */
  readFile(options?: DiskReadOptions | DiskEncoding | null): Promise<Uint8Array | string>;
  /** Writes from the current position. @throws as {@link SimFileHandle.write} */
  writeFile(
    data: Uint8Array | string,
    options?: DiskWriteOptions | DiskEncoding | null,
  ): Promise<void>;
  /** As {@link SimFileHandle.writeFile}. */
  appendFile(
    data: Uint8Array | string,
    options?: DiskWriteOptions | DiskEncoding | null,
  ): Promise<void>;
  truncate(length?: number): Promise<void>;
  stat(): Promise<SimStats>;
  /**
   * Makes durable what was written before the call; for a directory, its names. When it fails, what was written since the last sync
   * will not be on the disk, and a later sync that succeeds does not change that (as on Linux).
   *
   * @throws {@link DiskError} (`EIO`, `EBADF`).
   */
  sync(): Promise<void>;
  /** As {@link SimFileHandle.sync}. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The disk of a simulated host: a part of the shape of node:fs/promises, to be given to a program as its `fs`.
 *
 * What was not synced is lost at a crash of the host, whole or in part, as the seed draws: the contents of a file until its `sync()`, its
 * name until its directory was opened and synced. Each call takes time, and may fail as `faults` say. Calls at the same time end in any
 * order. After a crash of its host, a program that waits for a call waits forever.
 */
export interface SimDisk {
  /** Bytes that fit on the disk; writing more fails with `ENOSPC`. @default Infinity */
  capacity: number;
  /** The bytes of all files. */
  readonly used: number;
  /** @throws {@link DiskError} (`ENOENT`, `EEXIST`, `EISDIR`, `ENOTDIR`, `EINVAL`, `EIO`; `ENXIO` for a Unix socket) */
  open(path: string, flags?: string, mode?: number | string): Promise<SimFileHandle>;
  /** @throws as {@link SimDisk.open} */
  readFile(
    path: string,
    options: DiskEncoding | (DiskReadOptions & { readonly encoding: DiskEncoding }),
  ): Promise<string>;
  readFile(
    path: string,
    options?: (DiskReadOptions & { readonly encoding?: null | undefined }) | null,
  ): Promise<Buffer>;
  /** @throws as {@link SimDisk.open}, and `ENOSPC` */
  writeFile(
    path: string,
    data: Uint8Array | string,
    options?: DiskWriteOptions | DiskEncoding | null,
  ): Promise<void>;
  /** @throws as {@link SimDisk.writeFile} */
  appendFile(
    path: string,
    data: Uint8Array | string,
    options?: DiskWriteOptions | DiskEncoding | null,
  ): Promise<void>;
  /** Replaces what has the name, at once for all who look; after a crash either name may be there. @throws {@link DiskError} */
  rename(from: string, to: string): Promise<void>;
  /** @throws {@link DiskError} (`ENOENT`, `EISDIR`) */
  unlink(path: string): Promise<void>;
  /** @throws {@link DiskError} (`ENOENT`, `EISDIR` for a directory without `recursive`) */
  rm(
    path: string,
    options?: { readonly force?: boolean | undefined; readonly recursive?: boolean | undefined },
  ): Promise<void>;
  /** @throws {@link DiskError} (`EEXIST`, `ENOENT`) */
  mkdir(
    path: string,
    options?: {
      readonly recursive?: boolean | undefined;
      readonly mode?: number | string | undefined;
    },
  ): Promise<string | undefined>;
  /** @throws {@link DiskError} (`ENOENT`, `ENOTDIR`, `ENOTEMPTY`) */
  rmdir(path: string): Promise<void>;
  /** The names in a directory, in order. @throws {@link DiskError} (`ENOENT`, `ENOTDIR`) */
  readdir(path: string): Promise<string[]>;
  /** @throws {@link DiskError} (`ENOENT`) */
  stat(path: string): Promise<SimStats>;
  /** @throws {@link DiskError} (`ENOENT`) */
  access(path: string): Promise<void>;
  truncate(path: string, length?: number): Promise<void>;
}
