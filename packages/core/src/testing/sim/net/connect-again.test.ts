/** Sockets of simulated hosts that connect more than once: as those of Node, which run the same programs here. */
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import {
  called,
  onBoth,
  onSimulated,
  record,
} from '../../../../test/support/node-and-simulated.ts';

describe('a socket that connects again', () => {
  test('when it has closed is open again, and counts from 0', async () => {
    const { real, simulated } = await onBoth(async ({ net, open, host, settled }) => {
      const socket = new net.Socket();
      const seen: unknown[] = [];
      for (let count = 0; count < 3; count += 1) {
        socket.connect(open, host, () => seen.push('connected'));
        seen.push(socket.readyState, socket.destroyed, socket.bytesRead, socket.bytesWritten);
        const [data] = (await once(socket, 'data')) as [Buffer];
        socket.write('abc', called(seen, 'write'));
        await settled();
        seen.push(String(data), socket.bytesRead, socket.bytesWritten, socket.readyState);
        if (count === 1) socket.end();
        socket.destroy();
        await once(socket, 'close');
      }
      return seen;
    });
    const round = ['opening', false, 0, 0, 'connected', 'write done', 'hi', 2, 3, 'open'];
    expect(simulated).toEqual([...round, ...round, ...round]);
    expect(real).toEqual(simulated);
  });

  test('when it was refused, or has not been open, connects', async () => {
    const { real, simulated } = await onBoth(async ({ net, open, closed, host, settled }) => {
      const socket = new net.Socket();
      const seen = record(socket);
      socket.destroy();
      await settled();
      socket.connect(closed, host);
      await settled();
      socket.connect(open, host);
      await settled();
      socket.destroy();
      await settled();
      return seen;
    });
    expect(simulated).toEqual([
      'close',
      'error ECONNREFUSED',
      'close',
      'connect',
      'ready',
      'close',
    ]);
    expect(real).toEqual(simulated);
  });

  test('from its close, with a write that was refused before, is open and writes', async () => {
    // Node 20 to 26 fail the second connection here with ERR_MULTIPLE_CALLBACK.
    const seen = await onSimulated(async ({ net, open, closed, host, settled }) => {
      const socket = net.connect(closed, host);
      const events = record(socket);
      socket.once('close', () => {
        socket.connect(open, host);
        socket.write('later', called(events, 'later'));
      });
      socket.write('x', called(events, 'first'));
      await settled();
      const { readyState } = socket;
      socket.destroy();
      await settled();
      return [...events, readyState];
    });
    expect(seen).toEqual([
      'error ECONNREFUSED',
      'close',
      'first ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
      'connect',
      'ready',
      'later done',
      'close',
      'open',
    ]);
  });

  test('with what it has written under way is not failed by the connection before', async () => {
    const seen = await onSimulated(async ({ net, open, host, settled }) => {
      const socket = net.connect(open, host);
      const events = record(socket);
      await once(socket, 'connect');
      socket.write(Buffer.alloc(1 << 20), called(events, 'first'));
      socket.destroy();
      socket.connect(open, host);
      await settled();
      socket.write('x', called(events, 'second'));
      await settled();
      const { readyState } = socket;
      socket.destroy();
      await settled();
      return [...events.filter((event) => !event.startsWith('first')), readyState];
    });
    expect(seen).toEqual([
      'connect',
      'ready',
      'close',
      'connect',
      'ready',
      'second done',
      'close',
      'open',
    ]);
  });

  test('while it connects fails with EALREADY', async () => {
    const { real, simulated } = await onBoth(async ({ net, open, host, settled }) => {
      const socket = net.connect(open, host);
      const seen = record(socket);
      socket.connect(open, host);
      await settled();
      return seen;
    });
    expect(simulated).toEqual(['error EALREADY', 'close']);
    expect(real).toEqual(simulated);
  });

  test('while it is open keeps the connection that it has', async () => {
    const { real, simulated } = await onBoth(async ({ net, open, host, settled }) => {
      const socket = net.connect(open, host);
      await once(socket, 'connect');
      await settled();
      const seen = record(socket);
      const { localPort } = socket;
      socket.connect(open, host, () => seen.push('called'));
      await settled();
      const isSame = socket.localPort === localPort;
      socket.destroy();
      await settled();
      return [...seen, isSame];
    });
    expect(simulated).toEqual(['connect', 'called', 'ready', 'close', true]);
    expect(real).toEqual(simulated);
  });
});
