/** What a failed simulation says in words: what went wrong, who waits for what, and what the network did. */
import { place } from '../format.js';
import { preview } from './model.js';

const FAILURES = {
  deadlock: 'Nothing is on its way and no timer runs: what waits now would wait for ever.',
  pending: 'No timer runs, and nothing is on its way that could end the wait.',
  deadline: '',
  events: 'More events happened than the run may have: something goes round in circles.',
  main: 'The program threw an error.',
  task: 'A task failed, and nothing awaited it.',
  'forbidden call': 'The program called something of the real world.',
  'unhandled rejection': 'A promise was rejected, and nothing handled it.',
  'real work': 'Real work did not end.',
};

export const explain = (failure) => FAILURES[failure] ?? '';

/** To the microsecond. */
export function moment(milliseconds) {
  if (milliseconds < 10_000) return `${milliseconds.toFixed(3)} ms`;
  return `${(milliseconds / 1_000).toFixed(6)} s`;
}

/** A wait as a sentence, and what came for it before. */
export function waitSentence(wait, end) {
  const { operation, subject, host, since, task, site, received, sentence } = wait;
  if (sentence !== undefined) return site ? `${sentence}, at ${place(site)}.` : `${sentence}.`;
  const who =
    task === null || task === undefined ? '' : `Task ${task}${host ? ` on ${host}` : ''}: `;
  // Names of functions are guessed by the engine: the line says more.
  const line = site ? ` (${place(site).split(' ').at(-1)})` : '';
  return `${who}${operation} on ${subject} has waited since ${moment(since)}, for ${moment(end - since)}${line}.${receivedSentence(received)}`;
}

function receivedSentence(received) {
  if (received === null || received === undefined) return '';
  const { size, tail, at, isEnded, lost, undelivered } = received;
  const missing = `${lost > 0 ? ` Another ${lost} B were sent to it and never arrived.` : ''}${undelivered > 0 ? ` Of what it sent itself, ${undelivered} B never arrived.` : ''}`;
  if (size === 0) return ` Nothing has come on it.${missing}`;
  const end = isEnded ? ', then the end' : '';
  const text = tail === null ? '' : `; the last of it is “${preview(tail.slice(-48), 48)}”`;
  const isLine = tail !== null && !tail.endsWith('\n') ? ' No line end is behind it.' : '';
  return ` In all ${size} B have come${end}, the last at ${moment(at)}${text}.${isLine}${missing}`;
}

/** What the main program waits for when no wait that is known is its own. */
export function mainSentence({ main, waits, tasks }) {
  const isTraced = waits.some(({ site }) => site !== null);
  if (!main || !isTraced || waits.some(({ task }) => task === null)) return '';
  const others = tasks.length > 0 ? ', or for one of the tasks' : '';
  return `The main program waits for a promise that it has made itself${others}: none of these waits is its own.`;
}

/** How often which fault happened. */
export function faultCounts(items) {
  const counts = new Map();
  for (const item of items) {
    if (item.type !== 'fault') continue;
    const name = item.what.replace('!', '');
    counts.set(name, {
      count: (counts.get(name)?.count ?? 0) + 1,
      first: counts.get(name)?.first ?? item,
    });
  }
  return [...counts];
}
