/** One authority for the tests of TLS, and pairs of streams that trust it. */

import {
  startTls,
  type ByteStream,
  type StartTlsClientOptions,
  type StartTlsServerOptions,
  type TlsStream,
} from '../../src/index.ts';
import { TestAuthority } from '../../src/testing/index.ts';
import { tcpPair, type Pair } from './socket-pairs.ts';

export const authority = new TestAuthority();
/** Another one, which no stream here trusts. */
export const stranger = new TestAuthority('a stranger');
export const identity = authority.issue(['example.test', 'localhost', '127.0.0.1']);

export type ClientOptions = Omit<StartTlsClientOptions, 'role'>;
export type ServerOptions = Omit<StartTlsServerOptions, 'role'>;

/** Shakes hands over two ends of a stream. */
export async function secure(
  pair: { readonly client: ByteStream; readonly server: ByteStream },
  clientOptions: ClientOptions = {},
  serverOptions: ServerOptions = {},
): Promise<{ client: TlsStream; server: TlsStream }> {
  const [client, server] = await Promise.all([
    startTls(pair.client, { servername: 'example.test', ca: authority.cert, ...clientOptions }),
    startTls(pair.server, { role: 'server', ...identity, ...serverOptions }),
  ]);
  return { client, server };
}

/** Two ends of a TLS connection over TCP. */
export async function tlsPair(
  clientOptions: ClientOptions = {},
  serverOptions: ServerOptions = {},
): Promise<Pair<TlsStream>> {
  const plain = await tcpPair();
  try {
    const { client, server } = await secure(plain, clientOptions, serverOptions);
    return {
      client,
      server,
      close: async () => {
        await Promise.all([client.close({ linger: 100 }), server.close({ linger: 100 })]);
      },
    };
  } catch (error) {
    await plain.close();
    throw error;
  }
}

/** How the two sides of a handshake fared: a stream, or an error. */
export async function handshake(
  clientOptions: ClientOptions,
  serverOptions: ServerOptions,
): Promise<{ client: unknown; server: unknown; close(): Promise<void> }> {
  const plain = await tcpPair();
  const sides = await Promise.all([
    startTls(plain.client, {
      servername: 'example.test',
      ca: authority.cert,
      ...clientOptions,
    }).catch((error: unknown) => error),
    startTls(plain.server, { role: 'server', ...identity, ...serverOptions }).catch(
      (error: unknown) => error,
    ),
  ]);
  return {
    client: sides[0],
    server: sides[1],
    close: async () => {
      for (const side of sides) {
        if (side instanceof Error) continue;
        await (side as TlsStream).close({ linger: 100 });
      }
      await plain.close();
    },
  };
}
