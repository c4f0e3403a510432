/** What a host is made of beside its network: what its programs are given, its disk, and how wrong its clock is. */

import type { Executor } from '../../../tasks/executor.ts';
import type { Random } from '../../../vocabulary/random.ts';
import { KIND } from '../decisions/kinds.ts';
import type { DiskOwner } from '../disk/call-queue.ts';
import type { SimDisk } from '../disk/types.ts';
import type { HostLife } from '../hosts/context.ts';
import type { Life } from '../hosts/life.ts';
import type { SimHostClock } from '../hosts/types.ts';
import type { HostContext, HostProgram, SimHost } from './types.ts';
import type { SimMachine, World } from '../wire/world.ts';

/** Made on first use, each part: few programs need all. */
class ProgramContext implements HostContext {
  readonly host: SimHost;
  readonly #life: Life;

  constructor(host: SimHost, life: Life) {
    this.host = host;
    this.#life = life;
  }

  get signal(): AbortSignal {
    return this.#life.stopSignal;
  }

  get clock(): SimHostClock {
    return this.#life.clock;
  }

  get executor(): Executor {
    return this.#life.executor;
  }

  get random(): Random {
    return this.#life.random;
  }

  get disk(): SimDisk {
    return this.host.disk;
  }
}

/** Runs a program of a host, as a task of its life. What it fails with after it was asked to end is no failure. */
export function beginProgram(host: SimHost, life: Life, program: HostProgram): void {
  const context = new ProgramContext(host, life);
  const run = async (): Promise<void> => {
    try {
      await program(context);
    } catch (error) {
      if (!life.isStopped) throw error;
    }
  };
  life.enter(() => life.executor.spawn(run, { name: `program of ${host.name}` }));
}

/** The disk's view of its host. */
export function diskOwner(
  host: SimMachine,
  { clock, decisions, faults, trace }: World,
  own: () => HostLife | undefined,
): DiskOwner {
  return {
    draws: decisions.of(`disk of ${host.name}`),
    get faults() {
      return faults.all;
    },
    get own() {
      return own();
    },
    get isKeeping() {
      return host.isKeeping;
    },
    keep: (event) => {
      host.keep(event);
    },
    schedule: (callback, delay) => {
      clock.schedule(callback, delay);
    },
    record: (what, bytes) => {
      trace.record('disk', `${host.name}: ${what}`, bytes?.length);
      if (bytes !== undefined) trace.content(bytes);
    },
  };
}

/** How wrong a clock may be by itself: in parts of a million, and in milliseconds. */
const MAX_DRIFT = 10_000;
const MAX_JUMP = 10_000;

/** Draws how wrong the clock of a host is: its rate for good, its date at each start. */
export function disturbClock(
  host: { readonly name: string; readonly lives: number; readonly clock: SimHostClock },
  { faults: { all: faults }, decisions }: World,
): void {
  if (faults.skew === 0 && faults.jump === 0 && !decisions.isReplay) return;
  const draws = decisions.of(`clock of ${host.name}`);
  const rate = draws.maybe(KIND.skew, host.lives === 1 ? faults.skew : 0, 0, 2 * MAX_DRIFT);
  if (rate !== undefined) host.clock.skew(1 + (rate - MAX_DRIFT) / 1e6);
  const jump = draws.maybe(KIND.jump, faults.jump, 0, 2 * MAX_JUMP);
  if (jump !== undefined) host.clock.jump(jump - MAX_JUMP);
}
