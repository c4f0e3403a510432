/** node:http's client with a keep-alive agent. */

import * as http from 'node:http';
import * as https from 'node:https';
import { CONCURRENCY, origin, run } from './run.ts';

const { Agent, get } = origin.startsWith('https:') ? https : http;
const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
await run(
  () =>
    new Promise((resolve, reject) => {
      const request = get(origin, { agent }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => {
          resolve(text);
        });
        response.on('error', reject);
      });
      request.on('error', reject);
    }),
);
