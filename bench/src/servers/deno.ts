/** The servers of Deno.serve; run by Deno. */

import { chosenApp, type FetchHandler } from './fetch-apps.ts';
import { ready } from './ready.ts';

/** As much of Deno as is used here. */
declare const Deno: {
  readonly args: readonly string[];
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: FetchHandler,
  ): unknown;
};

Deno.serve(
  {
    hostname: '127.0.0.1',
    port: 0,
    onListen: ({ port }) => {
      ready(port);
    },
  },
  await chosenApp(Deno.args[0]),
);
