/** The events of a simulated socket, and their order, are those of a socket of `net.connect`, which `node-oracle.test.ts` holds to the same tables. */
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { describe, test } from '@jest/globals';
import { on } from '../../../../test/support/simulated-hosts.ts';
import { BYTES, READS, ROWS } from '../../../../test/support/socket-rows.ts';
import {
  expectBytes,
  expectReads,
  expectRow,
  type Place,
} from '../../../../test/support/socket-table.ts';
import { CALM } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';

/** Runs a body with sockets between two hosts. */
async function between(body: (place: Place) => Promise<void>): Promise<void> {
  await simulate({ faults: CALM }, async (sim) => {
    const server = await on(sim, 'server', async () => {
      const listening = net.createServer({ allowHalfOpen: true }).listen(7);
      await once(listening, 'listening');
      return listening;
    });
    await on(sim, 'client', () =>
      body({
        turn: () =>
          new Promise((resolve) => {
            // As much time as a FIN takes.
            setTimeout(resolve, 20);
          }),
        open: async (allowHalfOpen) => {
          const accepted = once(server, 'connection') as Promise<[Socket]>;
          const socket = net.connect({ port: 7, host: 'server', allowHalfOpen });
          await once(socket, 'connect');
          return [socket, (await accepted)[0]];
        },
      }),
    );
    server.close();
  });
}

describe('a simulated socket', () => {
  test.each(Object.entries(ROWS))('%s', async (_title, row) => {
    await between((place) => expectRow(place, row));
  });

  test.each(Object.entries(BYTES))('%s', async (_title, row) => {
    await between((place) => expectBytes(place, row));
  });

  test.each(Object.entries(READS))('%s', async (_title, row) => {
    await between((place) => expectReads(place, row));
  });
});
