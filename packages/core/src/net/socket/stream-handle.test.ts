import { createServer, type Server } from 'node:net';
import { deprecate } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import {
  isDeprecated,
  isStreamHandle,
  loadBindings,
  systemError,
  takeHandles,
  type Platform,
} from './stream-handle.ts';

class Request {
  readonly isRequest = true;
}
const names = {
  WriteWrap: Request,
  ShutdownWrap: Request,
  streamBaseState: new Int32Array(4),
  kReadBytesOrError: 0,
  kLastWriteWasAsync: 3,
};
const platform = (changed: object = {}, line = '20'): Platform => ({
  line,
  binding: () => ({ ...names, ...changed }),
  warns: false,
});

describe('handles are worked with', () => {
  test('on a Node that is known and has what is needed', () => {
    expect(loadBindings(platform())).toMatchObject({ readResult: 0, isAsync: 3 });
  });

  test.each([
    ['is of an untested line', platform({}, '28')],
    ['has no classes of requests', platform({ WriteWrap: undefined })],
    ['has other things in their place', platform({ ShutdownWrap: () => {} })],
    ['has no results', platform({ streamBaseState: undefined })],
    ['keeps the results elsewhere', platform({ kReadBytesOrError: 7 })],
    ['has lost an index', platform({ kLastWriteWasAsync: undefined })],
    ['has one index for two things', platform({ kLastWriteWasAsync: 0 })],
    [
      'forbids it, as under the permission model',
      {
        line: '20',
        binding: () => {
          throw new Error('access denied');
        },
        warns: false,
      },
    ],
    ['warns of it, as with --pending-deprecation', { ...platform(), warns: true }],
  ])('and not on one that %s', (_name, other) => {
    expect(loadBindings(other)).toBeUndefined();
  });
});

test('a deprecated function is known without a call', () => {
  const binding = (): void => {};
  expect(isDeprecated(deprecate(binding, 'not this way'))).toBe(true);
  expect(isDeprecated(binding)).toBe(false);
});

test('a server gives handles; what is none as we know it, and errors, go its own way', () => {
  const seen: string[] = [];
  const listening = {
    onconnection(this: unknown, status: number, accepted?: unknown): void {
      seen.push(`${this === listening} ${status} ${typeof accepted}`);
    },
  };
  const server: object = { _handle: listening };
  takeHandles(server as Server, (handle) => {
    seen.push(isStreamHandle(handle) ? 'handle' : 'no handle');
  });
  const method = (): number => 0;
  listening.onconnection(0, new Proxy({}, { get: () => method }));
  listening.onconnection(-24);
  listening.onconnection(0, { close: method, readStop: method });
  expect(seen).toEqual(['handle', 'true -24 undefined', 'true 0 object']);
});

test('a server that does not listen is left alone', () => {
  const server = createServer();
  takeHandles(server, () => {});
  expect(server).toMatchObject({ _handle: null });
});

test('a status is the error that Node would have made of it', () => {
  expect(systemError(-104, 'read')).toMatchObject({
    message: 'read ECONNRESET',
    code: 'ECONNRESET',
    errno: -104,
    syscall: 'read',
  });
});
