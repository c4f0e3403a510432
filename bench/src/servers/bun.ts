/** The servers of Bun.serve; run by Bun. */

import { chosenApp, type FetchHandler } from './fetch-apps.ts';
import { ready } from './ready.ts';

/** As much of Bun as is used here. */
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    maxRequestBodySize: number;
    fetch: FetchHandler;
  }): { readonly port: number };
};

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  maxRequestBodySize: 2 ** 31,
  fetch: await chosenApp(process.argv[2]),
});
ready(server.port);
