/**
 * Destroys sockets in the order in which they were made. Node keeps the connections of a server in the order of their addresses in
 * memory, so that the order in which it closes them differs from run to run.
 */

interface Numbered {
  readonly number: number;
  destroy(): unknown;
}

let count = 0;

/** What is to be destroyed, while a call collects it. */
let collected: Numbered[] | undefined;

/** The number of the next socket. */
export function nextNumber(): number {
  count += 1;
  return count;
}

/** Leaves a socket to the call that destroys in order; `false` when there is none. */
export function isLeft(socket: Numbered): boolean {
  collected?.push(socket);
  return collected !== undefined;
}

/** Makes a call, and destroys what it destroys after it, in the order in which it was made. */
export function destroyInOrder<T>(call: () => T): T {
  if (collected !== undefined) return call();
  const mine: Numbered[] = [];
  collected = mine;
  try {
    return call();
  } finally {
    collected = undefined;
    for (const socket of mine.toSorted((a, b) => a.number - b.number)) socket.destroy();
  }
}
