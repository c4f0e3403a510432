/**
 * Opens the inspector for a program that does not: `AWAITIO_INSPECT=9300 node --import @awaitio/http/inspect app.js`.
 *
 * The variable holds a port, `host:port` of loopback, or the path of a Unix socket. The URL, with the token in it, is written to
 * stderr, as node --inspect does with its own.
 */

import { describeFailure, printLine } from '@awaitio/core/lowlevel';
import { inspect } from './inspect.ts';
import type { InspectOptions } from './options.ts';

/** The options that a value of the variable stands for. */
export function optionsFrom(value: string): InspectOptions {
  if (/^\d+$/.test(value)) return { port: Number(value) };
  const match = /^\[?([^\]/]+?)\]?:(\d+)$/.exec(value);
  if (match === null) return { path: value };
  return { host: match[1], port: Number(match[2]) };
}

async function start(value: string): Promise<void> {
  try {
    const { url } = await inspect(optionsFrom(value));
    printLine(`inspector at ${url}`);
  } catch (error) {
    printLine(`no inspector, because of AWAITIO_INSPECT: ${describeFailure(error)}`);
  }
}

const value = process.env['AWAITIO_INSPECT'];
if (value !== undefined && value !== '') void start(value);
