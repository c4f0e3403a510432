/** What keeps the process alive, by kind, as Node says it: `FSReqCallback`, `MessagePort`, `Timeout`. */

import { realProcess } from './indirection.ts';

/** Kept from before the layers: it is refused to the program of a simulation. */
const list = realProcess.getActiveResourcesInfo.bind(realProcess);

/** Everything. */
export function allActive(): readonly string[] {
  return list();
}

/** All but timers, and what is written to a terminal. Timers are refused to the program: those that there are belong to the test runner. */
export function activeResources(): readonly string[] {
  return allActive().filter((kind) => !/^(?:Immediate|Timeout|TTYWrap|WriteWrap)$/.test(kind));
}

/** How many ports of threads there are. */
export function portsIn(kinds: readonly string[]): number {
  let count = 0;
  for (const kind of kinds) if (kind === 'MessagePort') count += 1;
  return count;
}

/** What of `all` is not in `known`, each as often as it is more. */
export function without(all: readonly string[], known: readonly string[]): string[] {
  const rest = [...known];
  return all.filter((kind) => {
    const at = rest.indexOf(kind);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}
