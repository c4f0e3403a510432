/**
 * What is done with a socket, and what happens then on a socket of `net.connect`: `stream.toNode()` and the sockets of simulated hosts are
 * held to the same.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { codeOf, type BytesRow, type Log, type ReadRow, type Row } from './socket-table.ts';

const closed = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => {
    socket.once('close', resolve);
  });

const mine = (): Error => Object.assign(new Error('mine'), { code: 'MINE' });

function write(socket: Socket, text: string, log: Log): void {
  socket.write(text, (error) => log.push(`written ${codeOf(error)}`));
}

const CLOSED = 'end, finish, close false';

export const ROWS: Readonly<Record<string, Row>> = {
  "the peer's FIN": { act: (_, peer) => peer.end(), events: CLOSED, halfOpen: 'end' },
  "the peer's RST": {
    act: (_, peer) => peer.resetAndDestroy(),
    events: 'error ECONNRESET, close true',
  },
  "a write after the peer's FIN": {
    act: async (socket, peer, log) => {
      peer.end();
      await once(socket, 'end');
      if (!socket.allowHalfOpen) await closed(socket);
      write(socket, 'late', log);
    },
    events: 'end, finish, close false, written EPIPE',
    halfOpen: 'end, written well',
  },
  "a write while the peer's FIN is noticed": {
    act: (socket, peer, log) => {
      socket.once('end', () => {
        write(socket, 'late', log);
      });
      peer.end();
    },
    events: 'end, written well, finish, close false',
    halfOpen: 'end, written well',
  },
  "end() after the peer's FIN": {
    act: async (socket, peer) => {
      peer.end();
      await once(socket, 'end');
      socket.end();
    },
    events: CLOSED,
  },
  "a write after the peer's RST": {
    act: async (socket, peer, log) => {
      peer.resetAndDestroy();
      await closed(socket);
      write(socket, 'late', log);
    },
    events: 'error ECONNRESET, close true, written ERR_STREAM_DESTROYED',
  },
  'destroy()': { act: (socket) => socket.destroy(), events: 'close false', peer: 'end' },
  'destroy(error)': { act: (socket) => socket.destroy(mine()), events: 'error MINE, close true' },
  'a write and destroy()': {
    act: (socket) => {
      socket.write('last words');
      socket.destroy();
    },
    events: 'close false',
    peer: 'last words, end',
  },
  'a write and destroy(error)': {
    act: (socket) => {
      socket.write('last words');
      socket.destroy(mine());
    },
    events: 'error MINE, close true',
  },
  'end(text) and destroy()': {
    act: (socket) => socket.end('last words').destroy(),
    events: 'close false',
    peer: 'last words, end',
  },
  'end()': { act: (socket) => socket.end(), events: 'finish', peer: 'end' },
  "end(), and the peer's FIN": {
    act: async (socket, peer) => {
      socket.end();
      await once(peer, 'end');
      peer.end();
    },
    events: 'finish, end, close false',
    peer: 'end',
  },
  "end(), and the peer's RST": {
    act: async (socket, peer) => {
      socket.end();
      await once(peer, 'end');
      peer.resetAndDestroy();
    },
    events: 'finish, error ECONNRESET, close true',
  },
  'a write after end()': {
    act: (socket, _, log) => {
      socket.end();
      write(socket, 'late', log);
    },
    events: 'written ERR_STREAM_WRITE_AFTER_END, error ERR_STREAM_WRITE_AFTER_END, close true',
  },
  'a write after destroy()': {
    act: (socket, _, log) => {
      socket.destroy();
      write(socket, 'late', log);
    },
    events: 'written ERR_STREAM_DESTROYED, close false',
  },
  'destroySoon()': {
    act: (socket) => {
      socket.write('last words');
      socket.destroySoon();
    },
    events: 'finish, close false',
    peer: 'last words, end',
  },
  'resetAndDestroy()': { act: (socket) => socket.resetAndDestroy(), events: 'close false' },
  "destroy() after the peer's FIN": {
    act: async (socket, peer) => {
      peer.end();
      await once(socket, 'end');
      socket.destroy();
    },
    events: 'end, close false',
  },
};

export const BYTES: Readonly<Record<string, BytesRow>> = {
  'bytes and FIN': {
    act: async (socket, peer, _, turn) => {
      peer.end('bye');
      while (socket.bytesRead === 0) await turn();
    },
    got: CLOSED,
    halfGot: 'end',
    left: '',
  },
  'bytes and RST': {
    act: async (socket, peer, _, turn) => {
      peer.write('bye');
      while (socket.bytesRead === 0) await turn();
      peer.resetAndDestroy();
    },
    got: 'error ECONNRESET, close true',
    left: 'error ECONNRESET, close true',
  },
  'bytes and destroy()': {
    act: async (socket, peer, _, turn) => {
      peer.write('bye');
      while (socket.bytesRead === 0) await turn();
      await turn();
      socket.destroy();
    },
    got: 'close false',
    left: 'close false',
  },
};

const onData = (socket: Socket, log: Log): Socket =>
  socket.on('data', (data) => log.push(`data ${String(data)}`));

/** Waits until all that the peer has sent is here. */
async function came(socket: Socket, turn: () => Promise<void>): Promise<void> {
  while (socket.bytesRead === 0) await turn();
  for (let count = 0; count < 5; count += 1) await turn();
}

/** Reading around the end. */
export const READS: Readonly<Record<string, ReadRow>> = {
  'resume() after the end': {
    act: async (socket, peer, log, turn) => {
      onData(socket, log).pause();
      peer.end('bye');
      await came(socket, turn);
      log.push('resumes');
      socket.resume();
    },
    events: `resumes, data bye, ${CLOSED}`,
  },
  'pause() at the last bytes, before the end': {
    act: async (socket, peer, log) => {
      onData(socket, log).once('data', () => socket.pause());
      peer.write('bye');
      await once(socket, 'data');
      peer.end();
    },
    events: `data bye, ${CLOSED}`,
  },
  'pause(), and an end without bytes': {
    act: (socket, peer, log) => {
      onData(socket, log).pause();
      peer.end();
    },
    events: CLOSED,
  },
  'read(n) to the end': {
    act: async (socket, peer, log, turn) => {
      socket.on('readable', () => {});
      peer.end('bye');
      await came(socket, turn);
      for (let count = 0; count < 3; count += 1) log.push(`read ${String(socket.read(2))}`);
    },
    events: `read by, read e, read null, ${CLOSED}`,
  },
  'read() after the end': {
    act: (socket, peer, log) => {
      socket.resume().once('end', () => log.push(`read ${String(socket.read())}`));
      peer.end('bye');
    },
    events: 'end, read null, finish, close false',
  },
  'setEncoding(), and half a character': {
    act: (socket, peer, log) => {
      onData(socket.setEncoding('utf8'), log);
      peer.end(Buffer.from([0x61, 0xc3]));
    },
    events: `data a, data \ufffd, ${CLOSED}`,
  },
  'setEncoding() on what has come': {
    act: async (socket, peer, log, turn) => {
      peer.end('né');
      await came(socket, turn);
      onData(socket.setEncoding('latin1'), log);
    },
    events: `data nÃ©, ${CLOSED}`,
  },
  'unshift() of what was read': {
    act: async (socket, peer, log, turn) => {
      peer.end('bye');
      await came(socket, turn);
      socket.unshift(socket.read() as Buffer);
      onData(socket, log);
    },
    events: `data bye, ${CLOSED}`,
  },
  'unshift() after the end': {
    act: (socket, peer) => {
      socket.resume().once('end', () => socket.unshift('more'));
      peer.end('bye');
    },
    events: 'end, error ERR_STREAM_UNSHIFT_AFTER_END_EVENT, close true',
  },
  "a late listener of 'end'": {
    act: async (socket, peer, log, turn) => {
      peer.end('bye');
      await came(socket, turn);
      socket.once('end', () => log.push('late'));
      socket.resume();
    },
    events: 'end, late, finish, close false',
  },
  "a listener of 'readable' that goes before the end": {
    act: async (socket, peer, log, turn) => {
      const onReadable = (): void => {};
      socket.on('readable', onReadable);
      peer.end('bye');
      await came(socket, turn);
      socket.off('readable', onReadable);
      await turn();
      onData(socket, log);
      socket.resume();
    },
    events: `data bye, ${CLOSED}`,
  },
  'for await': {
    act: async (socket, peer, log) => {
      peer.end('bye');
      for await (const data of socket) log.push(`data ${String(data)}`);
      log.push('over');
    },
    events: 'data bye, end, over, close false',
  },
  'for await that is left': {
    act: async (socket, peer, log) => {
      peer.end('bye');
      for await (const data of socket) {
        log.push(`data ${String(data)}`);
        break;
      }
    },
    events: 'data bye, error ABORT_ERR, close true',
  },
};
