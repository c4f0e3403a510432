/** undici’s WebSocket, which is that of Node and of browsers, with a server that sends back what comes. */

import { expect } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket } from 'undici';

/** Messages of every length of the length field, with characters of every length. */
export const MESSAGES = ['hello', '', 'ä€😀', 'x'.repeat(200_000)];

/** Sends texts and bytes, expects each back, and closes. */
export async function expectEchoes(url: string, protocols: string[] = []): Promise<WebSocket> {
  const client = new WebSocket(url.replace('http', 'ws'), protocols);
  client.binaryType = 'arraybuffer';
  await once(client, 'open');
  for (const message of MESSAGES) {
    client.send(message);
    expect((await once(client, 'message'))[0].data).toBe(message);
  }
  client.send(Uint8Array.of(1, 2));
  expect([...new Uint8Array((await once(client, 'message'))[0].data)]).toEqual([1, 2]);
  client.close(3000, 'bye');
  const [{ code, wasClean }] = await once(client, 'close');
  expect([code, wasClean]).toEqual([3000, true]);
  return client;
}
