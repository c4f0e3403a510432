/** The WebSockets of Deno.serve; run by Deno. */

import { ready } from '../ready.ts';

interface Socket {
  binaryType: string;
  addEventListener(name: 'open', listener: () => void): void;
  addEventListener(
    name: 'message',
    listener: (event: { readonly data: string | ArrayBuffer }) => void,
  ): void;
  send(message: string | ArrayBuffer): void;
}

/** As much of Deno as is used here. */
declare const Deno: {
  readonly args: readonly string[];
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: (request: Request) => Response,
  ): unknown;
  upgradeWebSocket(
    request: Request,
    options: { idleTimeout: number },
  ): { readonly socket: Socket; readonly response: Response };
};

const isBroadcast = Deno.args[0] === 'broadcast';
const sockets = new Set<Socket>();

Deno.serve(
  {
    hostname: '127.0.0.1',
    port: 0,
    onListen: ({ port }) => {
      ready(port);
    },
  },
  (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      sockets.add(socket);
    });
    socket.addEventListener('message', ({ data }) => {
      if (!isBroadcast) socket.send(data);
      else for (const each of sockets) each.send(data);
    });
    return response;
  },
);
