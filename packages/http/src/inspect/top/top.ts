/** `npx @awaitio/http top URL`: the inspector of another process, in a terminal. */

import { systemClock, type Clock } from '@awaitio/core';
import { describeFailure } from '@awaitio/core/lowlevel';
import { HttpClient } from '../../client/client.ts';
import type { Inspection } from '../looking/model.ts';
import { render } from './render.ts';

/** Where the view is written, and what it needs of the process. */
export interface TopOutput {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** What `top` is given. */
export interface TopInput {
  /** The arguments behind `top`. */
  readonly args: readonly string[];
  readonly output: TopOutput;
  /** For messages about what went wrong. */
  readonly errors: { write(text: string): unknown };
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly hasColours: boolean;
  readonly clock?: Clock | undefined;
  readonly client?: HttpClient | undefined;
}

const USAGE = `usage: awaitio-http top URL [--once] [--json]

URL is that of a page of the inspector, with the token behind its #.
  --once   print the state once
  --json   print the state once, as JSON
`;
const INTERVAL = 1_000;
const CLEAR = '\u001B[H\u001B[J';
/** Without a terminal: as much as there is. */
const WIDE = 200;
const HIGH = 1_000;

/** Runs it. @returns the exit code */
export async function top(input: TopInput): Promise<number> {
  const { args, output, errors, signal, clock = systemClock } = input;
  const flags = new Set(args.filter((each) => each.startsWith('--')));
  const [url = '', ...more] = args.filter((each) => !each.startsWith('--'));
  const unknown = [...flags].find((flag) => flag !== '--once' && flag !== '--json');
  const place = placeOf(url);
  if (place === undefined || more.length > 0 || unknown !== undefined) {
    errors.write(USAGE);
    return 2;
  }
  const isJson = flags.has('--json');
  const isOnce = isJson || flags.has('--once') || output.isTTY !== true;
  const client = input.client ?? new HttpClient();
  try {
    for (;;) {
      const state = await ask(client, place, signal);
      const text = isJson ? JSON.stringify(state) : textOf(state, input, isOnce);
      output.write(isOnce ? `${text}\n` : `${CLEAR}${text}`);
      if (isOnce) return 0;
      await clock.sleep(INTERVAL, { signal });
    }
  } catch (error) {
    if (signal.aborted) return 0;
    errors.write(`awaitio-http top: ${describeFailure(error)}\n`);
    return 1;
  } finally {
    await client.close();
  }
}

function textOf(state: Inspection, { output, hasColours }: TopInput, isOnce: boolean): string {
  const { columns = WIDE, rows = HIGH } = isOnce ? {} : output;
  return render(state, { columns, rows, hasColours }).join('\n');
}

interface Place {
  readonly json: string;
  readonly token: string;
}

function placeOf(url: string): Place | undefined {
  const [address = '', token = ''] = url.split('#');
  if (!/^http(?:\+unix)?:\/\/[^/]+\/?$/.test(address) || token === '') return undefined;
  return { json: `${address.replace(/\/$/, '')}/json`, token };
}

async function ask(client: HttpClient, place: Place, signal: AbortSignal): Promise<Inspection> {
  const headers = { Authorization: `Bearer ${place.token}` };
  const response = await client.get(place.json, { headers, signal, timeout: 10_000 });
  if (response.status !== 200) {
    response.discard();
    const advice = response.status === 401 ? ': is the token in the URL that of the page?' : '';
    throw new Error(`the page answers ${response.status}${advice}`);
  }
  const state = (await response.json()) as Inspection;
  if (state.format !== 'awaitio-inspection') throw new Error('this is no page of an inspector');
  return state;
}
