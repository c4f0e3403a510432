/** The disk of a host: the calls of node:fs/promises, each a chain of calls of the operating system. */

import {
  checkOptions,
  checkValue,
  rules,
  type OptionRule,
  type OptionTable,
} from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { KIND } from '../decisions/kinds.ts';
import { CallQueue, type DiskOwner } from './call-queue.ts';
import { DiskCalls, modeOf } from './disk-calls.ts';
import { DiskError, type DiskErrorCode } from './disk-error.ts';
import { normalized, parentOf } from './directory.ts';
import { encodingOf, FileHandle, statsOf, type HandleDisk } from './file-handle.ts';
import type {
  DiskEncoding,
  DiskReadOptions,
  DiskWriteOptions,
  SimDisk,
  SimStats,
} from './types.ts';

/** As the first descriptor of a program that has its three standard ones. */
const FIRST_DESCRIPTOR = 3;

interface RemoveOptions {
  readonly force?: boolean | undefined;
  readonly recursive?: boolean | undefined;
}

const REMOVE_OPTIONS: OptionTable<RemoveOptions> = { force: rules.flag, recursive: rules.flag };

interface MakeOptions {
  readonly recursive?: boolean | undefined;
  readonly mode?: number | string | undefined;
}

/** As those of node:fs; the disk keeps none. */
const modeRule: OptionRule = {
  expected: 'a whole number from 0, or octal digits',
  accepts: (value) =>
    rules.whole(0).accepts(value) || (typeof value === 'string' && /^[0-7]+$/.test(value)),
};

const MAKE_OPTIONS: OptionTable<MakeOptions> = { recursive: rules.flag, mode: modeRule };

export class HostDisk implements SimDisk, HandleDisk {
  readonly #owner: DiskOwner;
  readonly calls: DiskCalls = new DiskCalls();
  readonly queue: CallQueue;
  #descriptors = FIRST_DESCRIPTOR;
  crashes = 0;

  constructor(owner: DiskOwner) {
    this.#owner = owner;
    this.queue = new CallQueue(owner);
  }

  get capacity(): number {
    return this.calls.capacity;
  }

  set capacity(bytes: number) {
    if (typeof bytes !== 'number' || !(bytes >= 0)) {
      throw invalidInput('disk', 'capacity', 'a number of bytes from 0', bytes);
    }
    this.calls.capacity = bytes;
  }

  get used(): number {
    return this.calls.used;
  }

  async open(path: string, flags = 'r', permissions?: number | string): Promise<FileHandle> {
    const given = checkedPath('open', path);
    if (permissions !== undefined) checkValue('open', 'mode', permissions, modeRule);
    const mode = typeof flags === 'string' ? modeOf(flags) : undefined;
    if (mode === undefined) {
      throw invalidInput(
        'open',
        'flags',
        "those of node:fs as text, such as 'r', 'r+', 'w' or 'ax'",
        flags,
      );
    }
    const file = await this.queue.call({
      syscall: 'open',
      path: normalized(given),
      act: () => this.calls.open(given, mode),
    });
    this.#descriptors += 1;
    return new FileHandle(this, file, this.#descriptors - 1);
  }

  readFile(
    path: string,
    options: DiskEncoding | (DiskReadOptions & { readonly encoding: DiskEncoding }),
  ): Promise<string>;
  readFile(
    path: string,
    options?: (DiskReadOptions & { readonly encoding?: null | undefined }) | null,
  ): Promise<Buffer>;
  async readFile(
    path: string,
    options?: DiskReadOptions | DiskEncoding | null,
  ): Promise<Buffer | string> {
    encodingOf('readFile', options);
    const handle = await this.open(path, flagOf(options, 'r'));
    return this.#closing(handle, () => handle.readFile(options));
  }

  async writeFile(
    path: string,
    data: Uint8Array | string,
    options?: DiskWriteOptions | DiskEncoding | null,
  ): Promise<void> {
    encodingOf('writeFile', options);
    const handle = await this.open(path, flagOf(options, 'w'));
    await this.#closing(handle, () => handle.writeFile(data, options));
  }

  async appendFile(
    path: string,
    data: Uint8Array | string,
    options?: DiskWriteOptions | DiskEncoding | null,
  ): Promise<void> {
    encodingOf('appendFile', options);
    const handle = await this.open(path, flagOf(options, 'a'));
    await this.#closing(handle, () => handle.writeFile(data, options));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#path('rename', from, () => {
      this.calls.rename(from, checkedPath('rename', to));
    });
  }

  unlink(path: string): Promise<void> {
    return this.#path('unlink', path, () => {
      this.calls.unlink(path);
    });
  }

  async rm(path: string, options: RemoveOptions = {}): Promise<void> {
    checkOptions('rm', options, REMOVE_OPTIONS);
    await this.#remove(path, options.recursive === true, options.force === true);
  }

  /** As `rm`. What another call removes meanwhile is no failure, as with node:fs. */
  async #remove(path: string, isRecursive: boolean, isForced: boolean): Promise<void> {
    let stats: SimStats;
    try {
      stats = await this.stat(path);
    } catch (error) {
      if (isForced && hasCode(error, 'ENOENT')) return;
      throw error;
    }
    if (stats.isDirectory() && !isRecursive) throw new DiskError('EISDIR', 'rm', path);
    try {
      if (!stats.isDirectory()) {
        await this.unlink(path);
        return;
      }
      for (const name of await this.readdir(path))
        await this.#remove(`${path}/${name}`, true, true);
      await this.rmdir(path);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }

  async mkdir(path: string, options: MakeOptions = {}): Promise<string | undefined> {
    checkOptions('mkdir', options, MAKE_OPTIONS);
    if (options.recursive !== true) {
      await this.#path('mkdir', path, () => {
        this.calls.mkdir(path);
      });
      return undefined;
    }
    const full = normalized(checkedPath('mkdir', path));
    try {
      if ((await this.stat(full)).isDirectory()) return undefined;
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
    const above = await this.mkdir(parentOf(full), options);
    try {
      await this.#path('mkdir', full, () => {
        this.calls.mkdir(full);
      });
    } catch (error) {
      // Another call has made it meanwhile, which is no failure with node:fs either.
      if (!hasCode(error, 'EEXIST') || !(await this.stat(full)).isDirectory()) throw error;
      return above;
    }
    return above ?? full;
  }

  rmdir(path: string): Promise<void> {
    return this.#path('rmdir', path, () => {
      this.calls.rmdir(path);
    });
  }

  readdir(path: string): Promise<string[]> {
    return this.#path('scandir', path, () => this.calls.readdir(path));
  }

  stat(path: string): Promise<SimStats> {
    return this.#path('stat', path, () => statsOf(this.calls.stat(path)));
  }

  async access(path: string): Promise<void> {
    await this.#path('access', path, () => this.calls.stat(path));
  }

  async truncate(path: string, length = 0): Promise<void> {
    const handle = await this.open(path, 'r+');
    await this.#closing(handle, () => handle.truncate(length));
  }

  /** The machine crashes: the seed decides what is left of what was not synced. */
  crash(): void {
    this.crashes += 1;
    const { draws, faults } = this.#owner;
    this.calls.crash(
      {
        isLost: () => draws.chance(KIND.loseWrite, faults.loseWrites),
        kept: (length) => draws.cut(KIND.tearWrite, faults.tearWrites, length),
      },
      (count) => draws.maybe(KIND.loseNames, faults.loseWrites, 1, count) ?? 0,
    );
  }

  async #path<T>(syscall: string, path: string, act: () => T): Promise<T> {
    return this.queue.call({ syscall, path: normalized(checkedPath(syscall, path)), act });
  }

  /** The failure of what is done with a file matters more than that of its close. */
  async #closing<T>(handle: FileHandle, body: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await body();
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return result;
  }
}

function hasCode(error: unknown, code: DiskErrorCode): boolean {
  return error instanceof DiskError && error.code === code;
}

function checkedPath(operation: string, path: unknown): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path;
  throw invalidInput(operation, 'path', 'a path as text', path);
}

function flagOf(
  options: { readonly flag?: string | undefined } | DiskEncoding | null | undefined,
  usual: string,
): string {
  return typeof options === 'object' ? (options?.flag ?? usual) : usual;
}
