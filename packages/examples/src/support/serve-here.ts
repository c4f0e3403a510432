/** Serves HTTP where the command line says, and says what happens at Ctrl-C; failing to listen ends the process. */

import { serve, type Handler, type HttpServer, type ServeOptions } from '@awaitio/http';
import { readFileSync } from 'node:fs';
import {
  interruption,
  messageOf,
  sayCut,
  sayFinishing,
  sayListening,
  type Arguments,
} from './program.ts';

/** How long a shutdown waits for requests in progress, in milliseconds: what `serve` does by itself. */
const GRACE = 5_000;

/** @param next - What to do next, given the URL of the server. */
export async function serveHere(
  { host, port }: Arguments,
  handler: Handler,
  next: (url: string) => string,
  options: ServeOptions = {},
): Promise<HttpServer> {
  try {
    const server = await serve(handler, {
      ...(options.listener === undefined ? { host, port } : {}),
      signal: interruption(),
      onEvent: (event) => {
        if (event.type === 'drainStarted') sayFinishing(event.connections, GRACE);
        else if (event.type === 'drained') sayCut(event.report.aborted.length);
      },
      ...options,
    });
    const scheme = server.url.replace(/:.*/s, '');
    sayListening(server.address, (address) => next(`${scheme}://${address}`));
    return server;
  } catch (error) {
    console.error(`Cannot listen on ${host}:${port}: ${messageOf(error)}`);
    process.exit(1);
  }
}

const read = (file: string): string =>
  readFileSync(new URL(`../../pages/${file}`, import.meta.url), 'utf8');

/** A page of packages/examples/pages, with the style that all of them share in it, so that no program needs a route for it. */
export function pageOf(name: string): string {
  const style = `<style>${read('style.css')}</style>`;
  return read(`${name}.html`).replace('<link rel="stylesheet" href="style.css" />', style);
}

export const HTML = { headers: { 'Content-Type': 'text/html; charset=utf-8' } };
