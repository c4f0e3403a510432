/** The servers of Bun.serve; run by Bun. */

import { credentials, type Credentials } from './credentials.ts';
import { chosenApp, type FetchHandler } from './fetch-apps.ts';
import { ready } from './ready.ts';

/** As much of Bun as is used here. */
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    maxRequestBodySize: number;
    fetch: FetchHandler;
    tls?: Credentials | undefined;
  }): { readonly port: number };
  file(path: string): Blob;
  gzipSync(bytes: string): Uint8Array<ArrayBuffer>;
};

/** What Bun has an own way for: the file, and compression, which `Bun.serve` leaves to its programs. */
const own: Readonly<Record<string, () => Promise<FetchHandler>>> = {
  async file() {
    const { FILE_ROOT } = await import('./catalogue.ts');
    return (request) => new Response(Bun.file(FILE_ROOT + new URL(request.url).pathname.slice(1)));
  },
  async gzip() {
    const { CATALOGUE } = await import('./catalogue.ts');
    const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
    return () => new Response(Bun.gzipSync(JSON.stringify(CATALOGUE)), { headers });
  },
};
const app = process.argv[2];

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  maxRequestBodySize: 2 ** 31,
  tls: credentials(),
  fetch: await (own[app ?? '']?.() ?? chosenApp(app)),
});
ready(server.port);
