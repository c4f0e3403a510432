/** Sockets of simulated hosts that do not come to be connected: as those of Node, which run the same programs here. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import {
  called,
  onBoth,
  onSimulated,
  record,
} from '../../../../test/support/node-and-simulated.ts';
import { on } from '../../../../test/support/simulated-hosts.ts';
import { simulate } from '../simulate.ts';

describe('a signal', () => {
  test.each(['open', 'closed'] as const)(
    'that has aborted fails a socket to a port that is %s, which closes, and never connects',
    async (port) => {
      // Node 20 to 26 connect all the same, and leave the connection open.
      const seen = await onSimulated(async ({ net, host, settled, ...ports }) => {
        const socket = net.connect({ port: ports[port], host, signal: AbortSignal.abort() });
        const events = record(socket);
        await settled();
        return [...events, socket.destroyed, socket.connecting];
      });
      expect(seen).toEqual(['error ABORT_ERR', 'close', true, false]);
    },
  );

  test('that has aborted fails a new socket', async () => {
    const { real, simulated } = await onBoth(async ({ net, settled }) => {
      const seen = record(new net.Socket({ signal: AbortSignal.abort() }));
      await settled();
      return seen;
    });
    expect(simulated).toEqual(['error ABORT_ERR', 'close']);
    expect(real).toEqual(simulated);
  });

  test.each([
    ['while it connects', false],
    ['when it is open', true],
  ])('that aborts %s ends a socket', async (_when, isOpen) => {
    const { real, simulated } = await onBoth(async ({ net, open, host, settled }) => {
      const controller = new AbortController();
      const socket = net.connect({ port: open, host, signal: controller.signal });
      if (isOpen) await once(socket, 'connect');
      const seen = record(socket);
      controller.abort();
      await settled();
      return seen;
    });
    expect(simulated).toEqual(['error ABORT_ERR', 'close']);
    expect(real).toEqual(simulated);
  });
});

describe('what is written to a socket that never connects fails', () => {
  const writes = (socket: Socket, seen: string[]): void => {
    for (const name of ['1', '2']) socket.write('x', called(seen, name));
    socket.end('y', called(seen, 'end'));
  };

  test('when it is refused', async () => {
    const { real, simulated } = await onBoth(async ({ net, closed, host, settled }) => {
      const socket = net.connect(closed, host);
      const seen = record(socket);
      writes(socket, seen);
      await settled();
      return seen;
    });
    expect(simulated).toEqual([
      'error ECONNREFUSED',
      'close',
      '1 ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
      '2 ECONNREFUSED',
      'end ECONNREFUSED',
    ]);
    expect(real).toEqual(simulated);
  });

  test.each([undefined, Object.assign(new Error('mine'), { code: 'MINE' })])(
    'when it is destroyed with %s',
    async (error) => {
      const { real, simulated } = await onBoth(async ({ net, open, host, settled }) => {
        const socket = net.connect(open, host);
        const seen = record(socket);
        writes(socket, seen);
        socket.destroy(error);
        await settled();
        return seen;
      });
      const code = error === undefined ? 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION' : 'MINE';
      expect(simulated).toEqual([
        ...(error === undefined ? [] : ['error MINE']),
        'close',
        '1 ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
        `2 ${code}`,
        `end ${code}`,
      ]);
      expect(real).toEqual(simulated);
    },
  );

  test.each(['closed', 'open'] as const)('also the end alone, with the port %s', async (port) => {
    const { real, simulated } = await onBoth(async ({ net, host, settled, ...ports }) => {
      const socket = net.connect(ports[port], host);
      const seen = record(socket);
      socket.end(called(seen, 'end'));
      if (port === 'open') socket.destroy();
      await settled();
      return seen;
    });
    expect(simulated).toEqual(
      port === 'open'
        ? ['end ERR_STREAM_DESTROYED', 'close']
        : ['end ECONNREFUSED', 'error ECONNREFUSED', 'close'],
    );
    expect(real).toEqual(simulated);
  });
});

test('what waited for the connection is sent, and calls back, once there is one', async () => {
  const { real, simulated } = await onBoth(async ({ net, open, host, settled }) => {
    const socket = net.connect(open, host);
    const seen = record(socket);
    for (const name of ['1', '2']) socket.write('x', called(seen, name));
    await settled();
    const listeners = socket.listenerCount('close');
    socket.destroy();
    await settled();
    // Node has sent the first one when it emits `'ready'`.
    return [...seen.filter((event) => event !== 'ready'), listeners];
  });
  expect(simulated).toEqual(['connect', '1 done', '2 done', 'close', 1]);
  expect(real).toEqual(simulated);
});

test.each([
  [{ highWaterMark: -1 }, 'ighWaterMark'],
  [{ port: -1 }, 'ort should be'],
  [{ timeout: 'x' }, 'msecs'],
  [{ host: 1 }, 'host'],
])(
  'what TLS refuses of %j is thrown, and nothing is left that fails the run later',
  async (wrong, message) => {
    await simulate({}, async (sim) => {
      await on(sim, 'a', () => {
        const options = { port: 443, host: 'a', ...wrong } as { port: number };
        expect(() => sim.host('a').tls.connect(options)).toThrow(message);
      });
      await sim.clock.sleep(100);
    });
  },
);
