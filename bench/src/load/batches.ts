/** What a connection sends in one piece before it waits for answers; with variants, several such pieces in turn. */

import type { Exchange } from './load.ts';

/** The pieces, each as long as the others: as many as there are variants, else one. */
export function batchesOf(
  { request, variants = [request] }: Exchange,
  pipeline: number,
): readonly Buffer[] {
  const requests = Array.from({ length: pipeline }).flatMap(() => variants);
  return variants.map((_, turn) =>
    Buffer.concat(requests.slice(turn * pipeline, (turn + 1) * pipeline)),
  );
}
