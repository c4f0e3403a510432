import { expect, jest, test } from '@jest/globals';
import { IncomingHandle } from './incoming.ts';
import type { HandleAddress, StreamHandle, HandleBindings } from './stream-handle.ts';

/** A handle that knows its addresses, or has none since its peer closed. */
function incoming(kind: 'tcp' | 'unix', peer: HandleAddress = {}, reset: number | 'none' = 0) {
  const calls: string[] = [];
  const tell = (address: HandleAddress) =>
    jest.fn((into: HandleAddress) => {
      Object.assign(into, address);
      return address.address === undefined ? -107 : 0;
    });
  const getpeername = tell(peer);
  const handle = {
    getpeername,
    getsockname: tell({ address: '127.0.0.1', port: 80 }),
    close: () => calls.push('close'),
    ...(reset === 'none' ? {} : { reset: () => (calls.push('reset'), reset) }),
  };
  const made = new IncomingHandle(kind, handle as unknown as StreamHandle, {} as HandleBindings);
  return { made, calls, getpeername };
}

test('a connection that arrived knows where it comes from, and asks once', () => {
  const { made, getpeername } = incoming('tcp', { address: '10.0.0.1', port: 4_000 });
  expect(made.host).toBe('10.0.0.1');
  const endpoints = made.endpoints(undefined);
  expect([String(endpoints.local), String(endpoints.remote)]).toEqual([
    '127.0.0.1:80',
    '10.0.0.1:4000',
  ]);
  expect(getpeername).toHaveBeenCalledTimes(1);
});

test('one whose peer is gone already, and one of a Unix socket, come from no host', () => {
  expect(incoming('tcp').made.host).toBeUndefined();
  expect(incoming('unix').made.host).toBeUndefined();
});

test('one that is refused is reset; closed, where there is no reset or it fails', () => {
  for (const [reset, expected] of [
    [0, ['reset']],
    [-22, ['reset', 'close']],
    ['none', ['close']],
  ] as const) {
    const { made, calls } = incoming('tcp', {}, reset);
    made.reject();
    expect(calls).toEqual(expected);
  }
});
