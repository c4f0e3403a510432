/** Open files of a simulated disk, in the shape of `FileHandle` of node:fs/promises. */

import { checkValue, rules } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { isBytes } from '../../../vocabulary/realms.ts';
import type { CallQueue } from './call-queue.ts';
import type { DiskCalls, OpenFile } from './disk-calls.ts';
import { DiskError } from './disk-error.ts';
import type { DiskNode } from './directory.ts';
import type {
  DiskEncoding,
  DiskReadOptions,
  DiskWriteOptions,
  SimFileHandle,
  SimStats,
} from './types.ts';

/** What a handle needs of its disk. */
export interface HandleDisk {
  readonly calls: DiskCalls;
  readonly queue: CallQueue;
  /** Counts the crashes: a handle of before is of no use. */
  readonly crashes: number;
}

const ENCODINGS = ['utf8', 'utf-8', 'latin1', 'ascii', 'hex', 'base64', 'base64url'] as const;

export class FileHandle implements SimFileHandle {
  readonly #disk: HandleDisk;
  readonly #file: OpenFile;
  readonly #crashes: number;
  #isClosed = false;
  readonly fd: number;

  constructor(disk: HandleDisk, file: OpenFile, fd: number) {
    this.#disk = disk;
    this.#file = file;
    this.#crashes = disk.crashes;
    this.fd = fd;
  }

  async read(
    buffer: Uint8Array,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    if (!isBytes(buffer)) throw invalidInput('read', 'buffer', 'a Uint8Array', buffer);
    const start = offset ?? 0;
    const most = length ?? buffer.length - start;
    checkValue('read', 'offset', start, rules.whole(0, buffer.length));
    checkValue('read', 'length', most, rules.whole(0, buffer.length - start));
    const bytes = await this.#read(most, checkedPosition('read', position));
    buffer.set(bytes, start);
    return { bytesRead: bytes.length, buffer };
  }

  async write(
    data: Uint8Array | string,
    offset?: number | null,
    length?: number | DiskEncoding | null,
    position?: number | null,
  ): Promise<{ bytesWritten: number; buffer: Uint8Array | string }> {
    let bytes: Uint8Array;
    let at: number | null | undefined;
    if (typeof data === 'string') {
      // As in node:fs: the position, then the encoding.
      bytes = bytesOf('write', data, encodingOf('write', length as DiskEncoding));
      at = offset;
    } else {
      const all = bytesOf('write', data, undefined);
      const start = offset ?? 0;
      const count = (length ?? all.length - start) as number;
      checkValue('write', 'offset', start, rules.whole(0, all.length));
      checkValue('write', 'length', count, rules.whole(0, all.length - start));
      bytes = all.subarray(start, start + count);
      at = position;
    }
    const bytesWritten = await this.#write(bytes, checkedPosition('write', at));
    return { bytesWritten, buffer: data };
  }

  async readFile(options?: DiskReadOptions | DiskEncoding | null): Promise<Buffer | string> {
    const encoding = encodingOf('readFile', options);
    const bytes = Buffer.from(await this.#read(Infinity, undefined));
    return encoding === undefined ? bytes : bytes.toString(encoding);
  }

  async writeFile(
    data: Uint8Array | string,
    options?: DiskWriteOptions | DiskEncoding | null,
  ): Promise<void> {
    let left = bytesOf('writeFile', data, encodingOf('writeFile', options));
    // At least once, as with node:fs.
    do left = left.subarray(await this.#write(left, undefined));
    while (left.length > 0);
    if (typeof options === 'object' && options?.flush === true) await this.sync();
  }

  appendFile(
    data: Uint8Array | string,
    options?: DiskWriteOptions | DiskEncoding | null,
  ): Promise<void> {
    return this.writeFile(data, options);
  }

  truncate(length = 0): Promise<void> {
    return this.#call('ftruncate', () => {
      checkValue('truncate', 'length', length, rules.whole(0));
      this.#disk.calls.truncate(this.#file, length);
    });
  }

  stat(): Promise<SimStats> {
    return this.#call('fstat', () => statsOf(this.#file.node));
  }

  sync(): Promise<void> {
    // What is written while it lasts may or may not be on the disk afterwards.
    const { end, fail } = this.#disk.calls.beginSync(this.#file);
    return this.#call('fsync', end, fail);
  }

  datasync(): Promise<void> {
    return this.sync();
  }

  async close(): Promise<void> {
    await this.#call('close', () => {
      this.#isClosed = true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) await this.close();
  }

  #read(length: number, position: number | undefined): Promise<Uint8Array> {
    return this.#call('read', () => this.#disk.calls.read(this.#file, length, position));
  }

  #write(bytes: Uint8Array, position: number | undefined): Promise<number> {
    return this.#call('write', () => this.#disk.calls.write(this.#file, bytes, position));
  }

  #call<T>(syscall: string, act: () => T, onFailure?: () => void): Promise<T> {
    const { path } = this.#file;
    const checked = (): T => {
      if (this.#isClosed || this.#crashes !== this.#disk.crashes) {
        throw new DiskError('EBADF', syscall, path);
      }
      return act();
    };
    return this.#disk.queue.call({
      syscall,
      path,
      act: checked,
      ...(onFailure === undefined ? {} : { onFailure }),
    });
  }
}

export function statsOf({ size, isDirectory, isSocket }: DiskNode): SimStats {
  return Object.freeze({
    size,
    isFile: () => !isDirectory && !isSocket,
    isDirectory: () => isDirectory,
    isSocket: () => isSocket,
  });
}

/** The bytes of what is written: a copy, since the program may change them before the call ends. */
function bytesOf(operation: string, data: unknown, encoding: DiskEncoding | undefined): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encoding ?? 'utf8');
  if (isBytes(data)) return Uint8Array.from(data);
  throw invalidInput(operation, 'data', 'a Uint8Array or a string', data);
}

export function encodingOf(
  operation: string,
  options:
    | { readonly encoding?: DiskEncoding | null | undefined }
    | DiskEncoding
    | null
    | undefined,
): DiskEncoding | undefined {
  const given: unknown = typeof options === 'object' ? options?.encoding : options;
  if (given === undefined || given === null) return undefined;
  const known = ENCODINGS.find((name) => name === given);
  if (known !== undefined) return known;
  throw invalidInput(operation, 'encoding', `one of ${ENCODINGS.join(', ')}`, given);
}

function checkedPosition(operation: string, position: unknown): number | undefined {
  if (position === undefined || position === null || position === -1) return undefined;
  checkValue(operation, 'position', position, rules.whole(0));
  return position as number;
}
