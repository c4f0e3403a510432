/** What `AWAITIO_INSPECT` holds: a port, `host:port` of loopback, or the path of a Unix socket. */

import type { InspectOptions } from './options.ts';

/** The options that a value of the variable stands for. */
export function optionsFrom(value: string): InspectOptions {
  if (/^\d+$/.test(value)) return { port: Number(value) };
  const match = /^\[?([^\]/]+?)\]?:(\d+)$/.exec(value);
  if (match === null) return { path: value };
  return { host: match[1], port: Number(match[2]) };
}
