/** The hosts of one run, as the modules of Node see them. */

import type { Fabric } from '../network/fabric.ts';
import type { HostModules } from '../network/types.ts';
import { listenOn } from './listening.ts';
import { homes, modulesOf } from './modules.ts';
import { Names } from './names.ts';
import { currentPlace, Place } from './place.ts';
import { destroyInOrder } from './socket.ts';
import { coverBuiltins } from './builtins.ts';

coverBuiltins();

export class Places {
  readonly #fabric: Fabric;
  readonly #places = new Map<string, Place>();
  readonly #modules = new Map<string, HostModules>();
  readonly names: Names = new Names();

  constructor(fabric: Fabric) {
    this.#fabric = fabric;
    fabric.modulesOf = (name) => this.#modulesOf(name);
  }

  /** The place of a host. */
  of(name: string): Place {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = new Place(this.#fabric.host(name), {
        names: this.names,
        has: (other) => this.#fabric.find(other) !== undefined,
      });
      this.#places.set(name, place);
    }
    return place;
  }

  #modulesOf(name: string): HostModules {
    let modules = this.#modules.get(name);
    if (modules === undefined) {
      modules = modulesOf(this.of(name));
      this.#modules.set(name, modules);
    }
    return modules;
  }

  /** The place of the caller. */
  readonly current = (): Place | undefined => currentPlace();

  /** `server.listen` of a server of Node; `undefined` outside of all hosts. */
  readonly listen = (server: object, args: readonly unknown[]): unknown => {
    const place = homes.get(server) ?? currentPlace();
    return place === undefined ? undefined : listenOn(place, server as never, args);
  };

  readonly inOrder: typeof destroyInOrder = destroyInOrder;

  /** Ends what is left of the run. */
  clear(): void {
    for (const place of this.#places.values()) place.clear();
  }
}
