/** The errors of WebSockets in docs/errors.md, each made as a program would meet it. */
import { memoryPair, type ByteStream } from '@awaitio/core';
import { LocalProtocolError } from '../../src/index.ts';
import { codingOf } from '../../src/websocket/compression/compression.ts';
import { DEFAULT_COMPRESSION } from '../../src/websocket/compression/compression-options.ts';
import {
  connectWebSocket,
  WebSocketHandshakeError,
  type WebSocket,
} from '../../src/websocket/index.ts';
import { WebSocketConnection, type Role } from '../../src/websocket/protocol/connection.ts';
import { DEFAULT_PROTOCOL_LIMITS } from '../../src/websocket/protocol/limits.ts';
import { HttpClient } from '../../src/index.ts';
import { closing, CLOSE, CONTINUATION, frame, TEXT, type FrameSpec } from './frames.ts';

const SECRET = 'SECRET';
const REMOTE = 'WebSocketError';

const make = (role: Role, limits = {}): WebSocketConnection =>
  new WebSocketConnection(role, { ...DEFAULT_PROTOCOL_LIMITS, ...limits }, () => 0);

/** What a server makes of frames of a client. */
const failing =
  (limits: object, ...frames: (FrameSpec | Uint8Array)[]) =>
  (): unknown => {
    const connection = make('server', limits);
    for (const each of frames) {
      connection.receive(each instanceof Uint8Array ? each : frame(each, true));
    }
    for (let event = connection.nextEvent(); event !== undefined; event = connection.nextEvent()) {
      if (event.type === 'failure') return event.error;
    }
    return undefined;
  };

/** What a server that compresses makes of a message. */
const failingCoded = (payload: Uint8Array) => (): unknown => {
  const terms = {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  };
  const coding = codingOf('server', terms, DEFAULT_COMPRESSION, DEFAULT_PROTOCOL_LIMITS);
  const connection = new WebSocketConnection('server', DEFAULT_PROTOCOL_LIMITS, () => 0, coding);
  connection.receive(frame({ opcode: TEXT, payload, rsv: 4 }, true));
  const event = connection.nextEvent();
  connection.free();
  return event?.type === 'failure' ? event.error : undefined;
};

/** What sending fails with. */
const sending = (send: (connection: WebSocketConnection) => unknown) => (): unknown => {
  try {
    send(make('client'));
  } catch (error) {
    return error instanceof LocalProtocolError ? error : undefined;
  }
  return undefined;
};

/** What `connectWebSocket` makes of a response. */
const handshake = async (): Promise<unknown> => {
  const [ours, theirs] = memoryPair();
  await using client = new HttpClient({ connect: async () => ours });
  const opening = connectWebSocket('ws://memory/', { client }).catch((error: unknown) => error);
  await theirs.readUntil('\r\n\r\n');
  await theirs.writeAll(`HTTP/1.1 403 ${SECRET}\r\nContent-Length: 6\r\n\r\n${SECRET}`);
  const error = await opening;
  await theirs.close();
  return error instanceof WebSocketHandshakeError ? error : undefined;
};

/** What a client that is connected fails with. */
const connected =
  (use: (socket: WebSocket, peer: ByteStream) => Promise<unknown>) =>
  async (): Promise<unknown> => {
    const [ours, theirs] = memoryPair();
    await using client = new HttpClient({ connect: async () => ours });
    const random = { next: () => 0, integer: () => 0, chance: () => false };
    const opening = connectWebSocket('ws://memory/', { client, random });
    await theirs.readUntil('\r\n\r\n');
    await theirs.writeAll(
      'HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n',
    );
    const socket = await opening;
    const error = await use(socket, theirs).catch((caught: unknown) => caught);
    await theirs.close();
    await socket.closed;
    return error;
  };

const closed = connected((socket) => {
  void socket.close();
  return socket.send(SECRET);
});

const left = connected(async (socket, peer) => {
  await peer.writeAll(frame({ opcode: TEXT, payload: SECRET, fin: false }, false));
  const message = await socket.receiveStream();
  message?.discard();
  return message?.read();
});

export const WEBSOCKET_ERRORS: readonly {
  readonly code: string;
  readonly name: string;
  readonly says: string | RegExp;
  readonly make: () => unknown;
}[] = [
  {
    code: 'ERR_WEBSOCKET_CLOSED',
    name: 'ClosedError',
    says: 'send: this WebSocket is closed, or closing; `closed` says why',
    make: closed,
  },
  {
    code: 'ERR_WEBSOCKET_MESSAGE_LEFT',
    name: 'ClosedError',
    says: /^read: this message was left, by `discard`/,
    make: left,
  },
  {
    code: 'ERR_WEBSOCKET_HANDSHAKE',
    name: 'WebSocketHandshakeError',
    says: 'connectWebSocket: expected status 101, got status 403',
    make: handshake,
  },
  {
    code: 'ERR_WEBSOCKET_CLOSE_CODE',
    name: REMOTE,
    says: /^expected a close code that may be sent/,
    make: failing({}, { opcode: CLOSE, payload: closing(1005, SECRET) }),
  },
  {
    code: 'ERR_WEBSOCKET_CLOSE_CODE',
    name: 'LocalProtocolError',
    says: /^close: expected a code of 1000 to 1003/,
    make: sending((connection) => connection.sendClose(1005, SECRET)),
  },
  {
    code: 'ERR_WEBSOCKET_CLOSE_FRAME',
    name: REMOTE,
    says: /^expected a close code of two bytes/,
    make: failing({}, { opcode: CLOSE, payload: 'S' }),
  },
  {
    code: 'ERR_WEBSOCKET_CONTROL_FRAGMENT',
    name: REMOTE,
    says: /^expected a control frame to be whole/,
    make: failing({}, { opcode: CLOSE, fin: false }),
  },
  {
    code: 'ERR_WEBSOCKET_CONTROL_LENGTH',
    name: REMOTE,
    says: 'expected a control frame of at most 125 bytes, got a longer one',
    make: failing({}, { opcode: CLOSE, payload: SECRET.repeat(30) }),
  },
  {
    code: 'ERR_WEBSOCKET_CONTROL_LENGTH',
    name: 'LocalProtocolError',
    says: 'expected a control frame of at most 125 bytes, got 126; shorten it',
    make: sending((connection) => connection.sendPing(new Uint8Array(126))),
  },
  {
    code: 'ERR_WEBSOCKET_DEFLATE',
    name: REMOTE,
    says: 'expected a compressed message to be a stream of DEFLATE, got other bytes',
    make: failingCoded(Buffer.from(`\xff${SECRET}`, 'latin1')),
  },
  {
    code: 'ERR_WEBSOCKET_FRAGMENT',
    name: REMOTE,
    says: 'expected a new message, got a continuation of none',
    make: failing({}, { opcode: CONTINUATION, payload: SECRET }),
  },
  {
    code: 'ERR_WEBSOCKET_LENGTH',
    name: REMOTE,
    says: /^expected the shortest form of a length/,
    make: failing({}, Uint8Array.of(0x81, 0xfe, 0, 1, 0, 0, 0, 0)),
  },
  {
    code: 'ERR_WEBSOCKET_LIMIT',
    name: REMOTE,
    says: 'expected a message of bytes of at most 5, got more; raise `limits.messageBytes` if the peer may send it',
    make: failing({ messageBytes: 5 }, { opcode: TEXT, payload: SECRET }),
  },
  {
    code: 'ERR_WEBSOCKET_MASK',
    name: REMOTE,
    says: 'expected a masked frame from a client, got one without a mask',
    make: failing({}, frame({ opcode: TEXT, payload: SECRET }, false)),
  },
  {
    code: 'ERR_WEBSOCKET_OPCODE',
    name: REMOTE,
    says: 'expected a known opcode, got a reserved one',
    make: failing({}, { opcode: 3, payload: SECRET }),
  },
  {
    code: 'ERR_WEBSOCKET_RESERVED_BITS',
    name: REMOTE,
    says: /^expected the reserved bits to be 0/,
    make: failing({}, { opcode: TEXT, payload: SECRET, rsv: 4 }),
  },
  {
    code: 'ERR_WEBSOCKET_STATE',
    name: 'LocalProtocolError',
    says: 'a side in state READY may not send: last',
    make: sending((connection) =>
      connection.sendMessage(SECRET, { isFirst: false, isFinal: true }),
    ),
  },
  {
    code: 'ERR_WEBSOCKET_UTF8',
    name: REMOTE,
    says: 'expected a message to be UTF-8, got other bytes',
    make: failing({}, { opcode: TEXT, payload: Buffer.from(`${SECRET}\u00ff`, 'latin1') }),
  },
];
