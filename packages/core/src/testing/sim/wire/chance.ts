/** What chance does to a connection, and to its hosts, when a segment arrives. */

import type { Draws } from '../decisions/draws.ts';
import { KIND } from '../decisions/kinds.ts';
import type { SimConnection } from './connection.ts';
import { drawOutage } from './faults.ts';
import type { HostState } from '../paths/paths.ts';
import type { World } from './world.ts';

/** A host that may be paused, or crash. */
export interface ChanceHost {
  readonly isServer: boolean;
  readonly lives: number;
  pause(milliseconds: number): void;
  crash(): void;
  restart(): void;
}

/** The network, as chance sees it. */
export interface ChanceWorld extends World {
  find(name: string): ChanceHost | undefined;
  reset(connection: SimConnection): void;
  silence(connection: SimConnection): void;
  breakPaths(ends: readonly (readonly [HostState, HostState])[], duration: number): void;
}

/** The shortest pause, in milliseconds. */
const SHORTEST = 1;

/** Draws the faults of one segment. @returns Whether to deliver it */
export function meetChance(
  world: ChanceWorld,
  connection: SimConnection,
  to: HostState,
  draws: Draws,
): boolean {
  const { client, server } = connection;
  const from = to === server.host ? client.host : server.host;
  const faults = world.faults.of(from, to);
  if (draws.chance(KIND.reset, faults.reset)) {
    world.reset(connection);
    return false;
  }
  if (draws.chance(KIND.halfOpen, faults.halfOpen)) {
    world.silence(connection);
    return false;
  }
  const cutFor = drawOutage(draws, KIND.partition, faults.partition, faults.partitionFor);
  if (cutFor !== undefined) {
    const there = [client.host, server.host] as const;
    const back = [server.host, client.host] as const;
    const side = draws.integer(KIND.partitionSide, 0, 3);
    world.breakPaths(side === 1 ? [there] : side === 2 ? [back] : [there, back], cutFor);
  }
  const host = world.find(to.name);
  const pause = drawOutage(draws, KIND.pause, faults.pause, faults.pauseFor);
  if (pause !== undefined) host?.pause(Math.max(pause, SHORTEST));
  if (host?.isServer !== true) return true;
  const down = drawOutage(draws, KIND.crash, faults.crash, faults.downFor);
  if (down === undefined) return true;
  host.crash();
  const { lives } = host;
  const restart = (): void => {
    // Unless the program has restarted it since: a later crash is not this one's to end.
    if (host.lives === lives) host.restart();
  };
  world.clock.schedule(restart, down).unref();
  return false;
}
