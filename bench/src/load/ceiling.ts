/** How fast a load generator is when the server is not what holds it back: no figure near this one tells of a server. */

import { Child, program } from '../process/child.ts';
import { noNative } from '../process/native.ts';
import { epoll } from '../servers/peers.ts';
import { HELLO } from './exchanges.ts';
import type { LoadGenerator } from './load.ts';

export interface Ceiling {
  readonly generator: string;
  /** What answered. */
  readonly server: string;
  /** Requests a second. */
  readonly rate: number;
}

/** Measures a generator against a server that does nothing but answer. */
export async function ceilingOf(generator: LoadGenerator, seconds: number): Promise<Ceiling> {
  const isNative = noNative === undefined;
  const command = isNative
    ? epoll.command('hello')
    : [process.execPath, program('servers/tcp/net-hello.js')];
  await using server = new Child(command, { core: 0 });
  const port = Number((await server.line()).split(' ')[1]);
  const { rate } = await generator.run({
    port,
    exchange: HELLO,
    connections: 64,
    pipeline: 1,
    seconds,
    warmup: seconds / 2,
  });
  return {
    generator: generator.name,
    server: isNative ? 'a loop over epoll in C' : 'a bare net.Socket',
    rate,
  };
}
