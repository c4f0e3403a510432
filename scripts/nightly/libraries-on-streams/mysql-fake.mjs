/** MySQL, as little of its protocol as a client needs: its greeting, and OK for whatever comes. */
import net from 'node:net';

/** PROTOCOL_41, SECURE_CONNECTION and PLUGIN_AUTH, in two halves. */
const CAPABILITIES = [0x82_01, 0x00_08];
const UTF8 = 33;
const AUTOCOMMIT = 2;
const OK = Buffer.from([0, 0, 0, AUTOCOMMIT, 0, 0, 0]);

function packet(sequence, body) {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}

function greeting() {
  const flags = Buffer.alloc(18);
  flags.writeUInt16LE(CAPABILITIES[0], 0);
  flags[2] = UTF8;
  flags.writeUInt16LE(AUTOCOMMIT, 3);
  flags.writeUInt16LE(CAPABILITIES[1], 5);
  flags[7] = 21;
  return Buffer.concat([
    Buffer.from('\n8.0.0\0\u0001\0\0\0abcdefgh\0', 'latin1'),
    flags,
    Buffer.from('abcdefghijkl\0mysql_native_password\0', 'latin1'),
  ]);
}

export function mysqlFake(port) {
  const server = net.createServer((socket) => {
    let buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      while (buffer.length >= 4 && buffer.length >= 4 + buffer.readUIntLE(0, 3)) {
        const length = buffer.readUIntLE(0, 3);
        socket.write(packet(buffer[3] + 1, OK));
        buffer = buffer.subarray(4 + length);
      }
    });
    socket.on('error', () => {});
    socket.write(packet(0, greeting()));
  });
  return server.listen(port);
}
