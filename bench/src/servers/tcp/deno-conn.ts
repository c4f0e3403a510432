/** A raw echo over `Deno.Conn`; run by Deno. */

import { ready } from '../ready.ts';

interface Conn {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  setNoDelay(noDelay: boolean): void;
  close(): void;
}

/** As much of Deno as is used here. */
declare const Deno: {
  listen(options: {
    hostname: string;
    port: number;
  }): AsyncIterable<Conn> & { readonly addr: { readonly port: number } };
};

async function echo(conn: Conn): Promise<void> {
  conn.setNoDelay(true);
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) break;
      for (let sent = 0; sent < count;) sent += await conn.write(buffer.subarray(sent, count));
    }
    conn.close();
  } catch {
    // The load ends by closing its sockets, as peers do.
  }
}

const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
ready(listener.addr.port);
for await (const conn of listener) void echo(conn);
