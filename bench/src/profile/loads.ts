/** What a server can be put under while it is profiled. */

import { closing, ECHO, HELLO, isClosing, JSON_ORDER, LARGE, VARIED } from '../load/exchanges.ts';
import { chooseGenerator } from '../load/choose.ts';
import type { LoadResult } from '../load/load.ts';
import { rawGenerator } from '../load/raw.ts';

export const loads = {
  echo: { app: 'echo', exchange: ECHO, pipeline: 1 },
  varied: { app: 'echo', exchange: VARIED, pipeline: 1 },
  pipelined: { app: 'echo', exchange: ECHO, pipeline: 16 },
  get: { app: 'hello', exchange: HELLO, pipeline: 1 },
  large: { app: 'echo', exchange: LARGE, pipeline: 1 },
  json: { app: 'json', exchange: JSON_ORDER, pipeline: 1 },
  churn: { app: 'hello', exchange: closing(HELLO), pipeline: 1 },
} as const;

export type LoadName = keyof typeof loads;

/** Puts the server at a port under load. */
export function putUnderLoad(
  name: LoadName,
  port: number,
  seconds: number,
  warmup: number,
): Promise<LoadResult> {
  const what = loads[name];
  const generator = isClosing(what.exchange) ? rawGenerator : chooseGenerator('auto');
  return generator.run({ ...what, port, connections: 64, seconds, warmup });
}
