/** Many WebSockets of one process, for the programs that broadcast to them or leave them alone. */

import { connect, type Socket } from 'node:net';
import { Opening } from './opening.ts';
import { OPENING } from './web-socket.ts';

/** Connections under way at a time, so that no server's backlog overflows. */
const WAVE = 100;
/** All sockets read into one buffer: nothing of what they read is kept. */
const shared = Buffer.allocUnsafeSlow(262_144);

/**
 * Opens so many. An end, or an error, ends the process.
 *
 * @param onBytes - Called with how many bytes a socket has got.
 */
export async function openSockets(
  port: number,
  count: number,
  onBytes: (socket: Socket, length: number) => void,
): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const worker = async (): Promise<void> => {
    for (let left = count - sockets.length; left > 0; left = count - sockets.length) {
      const socket = await openOne(port, onBytes, (opened) => sockets.push(opened));
      socket.setNoDelay(true);
    }
  };
  await Promise.all(Array.from({ length: Math.min(WAVE, count) }, worker));
  return sockets;
}

function openOne(
  port: number,
  onBytes: (socket: Socket, length: number) => void,
  onBegun: (socket: Socket) => void,
): Promise<Socket> {
  return new Promise((resolve) => {
    const opening = new Opening(() => {
      resolve(socket);
    });
    const socket: Socket = connect({
      host: '127.0.0.1',
      port,
      onread: {
        buffer: shared,
        callback: (length) => {
          if (opening.isOver) onBytes(socket, length);
          else opening.receive(shared.subarray(0, length));
          return true;
        },
      },
    });
    onBegun(socket);
    socket.on('close', () => {
      console.error('a WebSocket was closed');
      process.exit(1);
    });
    socket.on('connect', () => socket.write(OPENING));
  });
}
