/** The WebSockets of uWebSockets.js, whose module AWAITIO_UWS names: its maker publishes it on GitHub alone. */

import { ready } from '../ready.ts';

interface Socket {
  send(message: ArrayBuffer, isBinary: boolean): number;
  subscribe(topic: string): boolean;
}

interface App {
  ws(
    pattern: string,
    behavior: {
      maxPayloadLength: number;
      idleTimeout: number;
      open(socket: Socket): void;
      message(socket: Socket, message: ArrayBuffer, isBinary: boolean): void;
    },
  ): App;
  listen(host: string, port: number, done: (listener: unknown) => void): App;
  publish(topic: string, message: ArrayBuffer, isBinary: boolean): boolean;
}

const { default: uws } = (await import(process.env['AWAITIO_UWS'] ?? 'uWebSockets.js')) as {
  default: { App(): App; us_socket_local_port(listener: unknown): number };
};
const isBroadcast = process.argv[2] === 'broadcast';
const app = uws
  .App()
  .ws('/*', {
    // Its default, 16 KiB, is less than the long messages.
    maxPayloadLength: 2 ** 24,
    idleTimeout: 120,
    open(socket) {
      if (isBroadcast) socket.subscribe('all');
    },
    message(socket, message, isBinary) {
      if (isBroadcast) app.publish('all', message, isBinary);
      else socket.send(message, isBinary);
    },
  })
  .listen('127.0.0.1', 0, (listener) => {
    ready(uws.us_socket_local_port(listener));
  });
