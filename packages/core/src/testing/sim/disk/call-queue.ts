/**
 * When a call on a simulated disk happens, and whether it fails.
 *
 * A call takes effect at its end, so a crash before that is one before the call. Its result reaches the program when its machine is
 * not paused, and never when the program is gone with its host.
 */

import type { Draws } from '../decisions/draws.ts';
import { KIND } from '../decisions/kinds.ts';
import { enterLife, isGone, never, type HostLife } from '../hosts/context.ts';
import { DiskError } from './disk-error.ts';

/** The faults of a disk. */
export interface DiskFaults {
  /** How long a call takes, in milliseconds; a sync takes up to ten times as long. */
  readonly diskLatency: readonly [min: number, max: number];
  readonly diskError: number;
  readonly diskFull: number;
  readonly loseWrites: number;
  readonly tearWrites: number;
}

/** What a disk needs of its machine. */
export interface DiskOwner {
  /** What the seed decides about it. */
  readonly draws: Draws;
  readonly faults: DiskFaults;
  /** The life of the caller, if it is one of this machine. */
  readonly own: HostLife | undefined;
  readonly isKeeping: boolean;
  keep(event: () => void): void;
  schedule(callback: () => void, delay: number): void;
  /** Notes a call in the trace, with the bytes that it read or wrote. */
  record(what: string, bytes: Uint8Array | undefined): void;
}

/** A sync waits for the disk itself. */
const SYNC_FACTOR = 10;

/** One call. */
export interface DiskCall<T> {
  readonly syscall: string;
  readonly path: string;
  /** What it does, at its end. */
  readonly act: () => T;
  /** What happens in place of it when the disk fails. */
  readonly onFailure?: () => void;
}

export class CallQueue {
  readonly #owner: DiskOwner;

  constructor(owner: DiskOwner) {
    this.#owner = owner;
  }

  /** Makes a call: the promise settles at its end. */
  call<T>({ syscall, path, act, onFailure }: DiskCall<T>): Promise<T> {
    if (isGone()) return never();
    const { draws, faults, own } = this.#owner;
    const [min, max] = faults.diskLatency;
    const most = syscall === 'fsync' ? max * SYNC_FACTOR : max;
    const delay = draws.integer(KIND.diskLatency, micros(min), micros(most)) / 1_000;
    return new Promise<T>((resolve, reject) => {
      const end = (): void => {
        if (own?.isOver === true) return;
        const settle = this.#act(syscall, path, act, onFailure, resolve, reject);
        // A pause is one of the programs here: who calls from outside is not paused, nor gone after a crash.
        if (own !== undefined && this.#owner.isKeeping) this.#owner.keep(settle);
        else settle();
      };
      this.#owner.schedule(own === undefined ? end : () => enterLife(own, end), delay);
    });
  }

  #act<T>(
    syscall: string,
    path: string,
    act: () => T,
    onFailure: (() => void) | undefined,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): () => void {
    const { draws, faults } = this.#owner;
    try {
      if (syscall !== 'close' && draws.chance(KIND.diskError, faults.diskError)) {
        onFailure?.();
        throw new DiskError('EIO', syscall, path);
      }
      if (syscall === 'write' && draws.chance(KIND.diskFull, faults.diskFull)) {
        throw new DiskError('ENOSPC', syscall, path);
      }
      const value = act();
      if (syscall !== 'close') {
        this.#owner.record(`${syscall} ${path}`, value instanceof Uint8Array ? value : undefined);
      }
      return () => {
        resolve(value);
      };
    } catch (error) {
      if (error instanceof DiskError)
        this.#owner.record(`${syscall} ${path} ${error.code}`, undefined);
      return () => {
        reject(error);
      };
    }
  }
}

const micros = (milliseconds: number): number => Math.round(milliseconds * 1_000);
