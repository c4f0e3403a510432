/**
 * Modules with one timer for all that use them: the timeouts of undici, in its package and in Node.
 *
 * All hosts of a run share the module. So its timer is of the run, and not of the host that happens to have set it last: it must not end
 * with that host, nor be left dead for the next run.
 */

import { currentWorld } from './indirection.ts';
import { stackHere } from './stack.ts';
import { Timeout } from './timers.ts';

const MODULES = /[\\/]undici[\\/]lib[\\/]util[\\/]timers\.js|node:internal\/deps\/undici/;
/** The delay of their timers, in milliseconds: to look at the stack takes time. */
const DELAY = 499;

/** Whether one of these modules sets a timer. */
export function isShared(delay: unknown): boolean {
  return delay === DELAY && MODULES.test(stackHere());
}

export class SharedTimeout extends Timeout {
  /** For all copies of this package. */
  readonly isShared = true;

  protected override arm(): void {
    const arm = (): void => {
      super.arm();
    };
    const world = currentWorld();
    if (world === undefined) arm();
    else world.outsideHosts(arm);
  }
}
