/**
 * The file of a listening Unix socket: how it appears at its path, and how it goes.
 *
 * libuv removes the path that it bound when it closes the socket, whatever file is there by then: also the one of a process
 * that has taken the path over. So a socket is bound in a private directory beside the path, and the file is moved to the path
 * when it is complete: it has its permissions, and a process listens on it. All that libuv can remove later is a name that is
 * gone. This file removes the socket's file itself, if it is still the one at the path: the inode of a bound socket is not
 * used again while the socket is open.
 *
 * `link` makes the file appear where there must be none, since it fails when there is one; `rename` replaces one in a single
 * step, so that no client finds the path empty.
 *
 * Bound at its path, as Node does it, is a socket that has no file (an abstract name, a pipe of Windows), one whose path leaves
 * no room for the directory within the limit of the operating system, and one that the workers of a cluster share, for whom the
 * primary binds it.
 */

import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  renameSync,
  rmSync,
  type BigIntStats,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isAbstract, MAX_PATH } from './unix-path.ts';

/** What `mkdtemp` adds to `.`, and the name in the directory. */
const PRIVATE_NAME = '.XXXXXX/s';

/** A socket that is being bound in a private directory. */
export class SocketFile {
  readonly #path: string;
  readonly #directory: string;
  #identity: BigIntStats | undefined;

  private constructor(path: string, directory: string) {
    // The process may change its directory before it closes the socket.
    this.#path = resolve(path);
    this.#directory = directory;
  }

  /**
   * Makes the private directory.
   *
   * @param isShared - Whether the primary of a cluster binds it, for its workers.
   * @returns `undefined` when the socket is to be bound at its path; the error of `bind` then says what is wrong with it.
   */
  static prepare(path: string, isShared: boolean): SocketFile | undefined {
    if (isShared || process.platform === 'win32' || isAbstract(path)) return undefined;
    const folder = dirname(path);
    if (Buffer.byteLength(folder) + 1 + PRIVATE_NAME.length > MAX_PATH) return undefined;
    try {
      return new SocketFile(path, mkdtempSync(`${folder}/.`));
    } catch {
      return undefined;
    }
  }

  /** The path to bind. */
  get bound(): string {
    return `${this.#directory}/s`;
  }

  /** Sets the permissions, before a client can find the file. */
  setMode(mode: number): void {
    chmodSync(this.bound, mode);
  }

  /**
   * Moves the file to its path.
   *
   * @param replaces - Whether a socket file that is there is replaced.
   * @returns Whether it was moved; else a file is in the way, and this one may be moved later.
   */
  publish(replaces: boolean): boolean {
    const identity = lstatSync(this.bound, { bigint: true });
    const isMoved = replaces ? renameOver(this.bound, this.#path) : linkTo(this.bound, this.#path);
    if (isMoved) this.#identity = identity;
    return isMoved;
  }

  /** Removes the private directory, with what is left in it. */
  clean(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Removes the file, unless another one has taken its place. To be called while the socket is open. */
  remove(): void {
    let aside: string | undefined;
    try {
      if (!this.#isAt(this.#path)) return;
      aside = mkdtempSync(`${dirname(this.#path)}/.`);
      const name = `${aside}/s`;
      renameSync(this.#path, name);
      // Between the look and the move another process may have put its file there: it gets it back.
      if (!this.#isAt(name)) linkTo(name, this.#path);
    } catch {
      // It was removed meanwhile, or may not be removed: closing does not fail.
    } finally {
      if (aside !== undefined) rmSync(aside, { recursive: true, force: true });
    }
  }

  #isAt(path: string): boolean {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    const own = this.#identity;
    return found !== undefined && found.ino === own?.ino && found.dev === own.dev;
  }
}

/** Gives a file a name that must not exist; returns whether it did not. */
function linkTo(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // A file system without links: another process may put a file there between the look and the move.
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false;
    renameSync(from, to);
    return true;
  }
}

/** Moves a socket file over another one; returns whether there was nothing else in its way. */
function renameOver(from: string, to: string): boolean {
  if (lstatSync(to, { throwIfNoEntry: false })?.isSocket() === false) return false;
  renameSync(from, to);
  return true;
}
