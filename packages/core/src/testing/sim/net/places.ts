/** The hosts of one run, as the modules of Node see them. */

import { currentLife } from '../hosts/context.ts';
import type { Fabric } from '../network/fabric.ts';
import type { HostModules } from '../../../net/host-modules.ts';
import type { NetworkAnswers } from '../guard/guard.ts';
import { destroyInOrder } from './in-order.ts';
import { listenOn, type ListeningServer } from './listening.ts';
import { homes, modulesOf } from './modules.ts';
import { currentPlace, Place } from './place.ts';

import { beginDispatchers } from './agents.ts';
import { coverBuiltins } from './builtins.ts';

coverBuiltins();

/** The most events after a run in which the last timers of libraries fire. */
const MAX_LAST_STEPS = 100;
/** The most after these for a timer that hosts share: undici notices by its ticks that what it waited for is over, after 300 s. */
const MAX_SHARED_STEPS = 1_000;

export class Places {
  readonly #fabric: Fabric;
  readonly #places = new Map<string, Place>();
  readonly #modules = new Map<string, HostModules>();

  constructor(fabric: Fabric) {
    this.#fabric = fabric;
    fabric.modulesOf = this.#modulesOf;
  }

  /** The place of a host. */
  of(name: string): Place {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = new Place(this.#fabric.host(name), {
        names: this.#fabric.names,
        has: (other) => this.#fabric.find(other) !== undefined,
      });
      this.#places.set(name, place);
    }
    return place;
  }

  readonly #modulesOf = (name: string): HostModules => {
    let modules = this.#modules.get(name);
    if (modules === undefined) {
      modules = modulesOf(this.of(name));
      this.#modules.set(name, modules);
    }
    return modules;
  };

  /** The host on which the caller runs. */
  get #current(): Place | undefined {
    const entered = currentPlace();
    if (entered !== undefined) return entered;
    const life = currentLife();
    return life === undefined ? undefined : this.of(life.host);
  }

  get #owner(): object | undefined {
    return currentLife() ?? this.#current;
  }

  /** What the guard asks. */
  readonly answers: NetworkAnswers = {
    place: () => this.#current,
    listen: (server, args) => {
      const place = homes.get(server) ?? this.#current;
      return place === undefined ? undefined : listenOn(place, server as ListeningServer, args);
    },
    inOrder: destroyInOrder,
    owner: () => this.#owner,
    begin: () => beginDispatchers(() => this.#owner),
  };

  /**
   * Ends what would live on in the modules of libraries: sockets in pools, and the timers beside them. The next run of the process
   * is then like the first.
   *
   * @param timers - What is set on the clock of the run.
   * @param untilIdle - Waits until the program can do nothing more.
   */
  async leave(timers: ReadonlySet<unknown>, untilIdle: () => Promise<void>): Promise<void> {
    if (this.#places.size === 0 && timers.size === 0) return;
    const { clock } = this.#fabric;
    await this.#clear(untilIdle);
    for (let step = 0; timers.size > 0 && step < MAX_LAST_STEPS && clock.step(); step += 1) {
      await untilIdle();
    }
    if (await this.#endShared(timers, untilIdle)) await this.#clear(untilIdle);
    // What has connected again since.
    await this.#clear(untilIdle);
  }

  /** Ends what waits by a timer that the hosts share, and would be waited for in the next run. @returns Whether there was any */
  async #endShared(timers: ReadonlySet<unknown>, untilIdle: () => Promise<void>): Promise<boolean> {
    // Of whichever copy of this package.
    const all = timers as ReadonlySet<{ readonly isShared?: boolean; close(): unknown }>;
    const isSet = (): boolean => [...all].some(({ isShared }) => isShared === true);
    if (!isSet()) return false;
    for (const timer of all) if (timer.isShared !== true) timer.close();
    const { clock } = this.#fabric;
    for (let step = 0; isSet() && step < MAX_SHARED_STEPS && clock.step(); step += 1) {
      await untilIdle();
    }
    return true;
  }

  #clear(untilIdle: () => Promise<void>): Promise<void> {
    for (const place of this.#places.values()) place.clear();
    return untilIdle();
  }
}
