/** The WebSockets of Bun.serve; run by Bun. */

import { ready } from '../ready.ts';

interface Socket {
  send(message: string | Uint8Array): number;
  subscribe(topic: string): void;
}

/** As much of Bun as is used here. */
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request, server: { upgrade(request: Request): boolean }): Response | undefined;
    websocket: {
      open(socket: Socket): void;
      message(socket: Socket, message: string | Uint8Array): void;
    };
  }): { readonly port: number; publish(topic: string, message: string | Uint8Array): number };
};

const isBroadcast = process.argv[2] === 'broadcast';
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request, bun) => (bun.upgrade(request) ? undefined : new Response('a page')),
  websocket: {
    open(socket) {
      if (isBroadcast) socket.subscribe('all');
    },
    message(socket, message) {
      if (isBroadcast) server.publish('all', message);
      else socket.send(message);
    },
  },
});
ready(server.port);
