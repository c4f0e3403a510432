/**
 * Parsing alone: a request in memory, nothing to wait for. Arguments: PARSER REQUEST HEADS SECONDS.
 *
 * HEADS: `varied`, each differs from the one before; or `same`, which a connection recognizes and does not parse again.
 * Prints the nanoseconds that one request takes.
 */

import { measure } from './measure.ts';
import { parsers } from './parsers.ts';
import { requests } from './parser-requests.ts';

const BATCH = 1_000;
const [parserName = '', requestName = '', heads = '', seconds = ''] = process.argv.slice(2);
const request = requests[requestName];
const make = parsers[parserName];
if (request === undefined || make === undefined) {
  throw new Error(`no such parser or request: ${parserName}, ${requestName}`);
}
const chosen = heads === 'same' ? request.variants.slice(0, 1) : request.variants;
const batch = Array.from({ length: BATCH }, (_, index) => chosen[index % chosen.length] as Buffer);
const parse = make();
if (parse(batch[0] as Buffer) !== request.fields) {
  throw new Error(`expected ${request.fields} header fields, got another number`);
}

await measure(Number(seconds), BATCH, () => {
  for (const one of batch) parse(one);
});
