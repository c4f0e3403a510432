/** Closes what a test opened, also when the test fails half-way, so that its failure is reported and not a leak. */

import { afterEach } from '@jest/globals';

interface Closable {
  close(): unknown;
}

const kept = new Set<Closable>();

/** Has `resource` closed at the end of the test; closing twice must do nothing. */
export function keep<T extends Closable>(resource: T): T {
  kept.add(resource);
  return resource;
}

afterEach(async () => {
  const all = [...kept];
  kept.clear();
  await Promise.all(all.map((resource) => resource.close()));
});
