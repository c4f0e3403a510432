/** The servers of Deno.serve; run by Deno. */

import { credentials } from './credentials.ts';
import { chosenApp, type FetchHandler } from './fetch-apps.ts';
import { ready } from './ready.ts';

/** As much of Deno as is used here. */
declare const Deno: {
  readonly args: readonly string[];
  serve(
    options: {
      hostname: string;
      port: number;
      automaticCompression: boolean;
      key?: string;
      cert?: string;
      onListen(address: { port: number }): void;
    },
    handler: FetchHandler,
  ): unknown;
  open(path: string): Promise<{ readonly readable: ReadableStream<Uint8Array<ArrayBuffer>> }>;
};

/** What Deno has an own way for: the file, and compression, which `Deno.serve` does where an option asks for it. */
const own: Readonly<Record<string, () => Promise<FetchHandler>>> = {
  async file() {
    const { FILE_ROOT } = await import('./catalogue.ts');
    const headers = { 'Content-Type': 'text/plain; charset=utf-8' };
    return async (request) => {
      const file = await Deno.open(FILE_ROOT + new URL(request.url).pathname.slice(1));
      return new Response(file.readable, { headers });
    };
  },
  async gzip() {
    const { CATALOGUE } = await import('./catalogue.ts');
    return () => Response.json(CATALOGUE);
  },
};
const app = Deno.args[0];

Deno.serve(
  {
    hostname: '127.0.0.1',
    port: 0,
    automaticCompression: app === 'gzip',
    ...credentials(),
    onListen: ({ port }) => {
      ready(port);
    },
  },
  await (own[app ?? '']?.() ?? chosenApp(app)),
);
