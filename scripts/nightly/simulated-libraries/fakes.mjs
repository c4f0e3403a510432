/**
 * Servers of databases for `simulated-libraries.mjs`, as little of each protocol as its clients need. They are on `node:net`, and so
 * on the network of whichever simulated host runs them.
 */
import net from 'node:net';

/** Redis: `SET`, `GET`, `INCR` and the greetings of its clients, in RESP. */
export function redisFake(port) {
  const data = new Map();
  const server = net.createServer((socket) => {
    let buffer = '';
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1');
      for (;;) {
        const m = /^\*(\d+)\r\n/.exec(buffer);
        if (!m) return;
        let at = m[0].length;
        const args = [];
        for (let i = 0; i < Number(m[1]); i++) {
          const l = /^\$(\d+)\r\n/.exec(buffer.slice(at));
          if (!l) return;
          at += l[0].length;
          const n = Number(l[1]);
          if (buffer.length < at + n + 2) return;
          args.push(buffer.slice(at, at + n));
          at += n + 2;
        }
        buffer = buffer.slice(at);
        const c = args[0].toLowerCase();
        if (c === 'set') {
          data.set(args[1], args[2]);
          socket.write('+OK\r\n');
        } else if (c === 'get') {
          const v = data.get(args[1]);
          socket.write(v === undefined ? '$-1\r\n' : `$${v.length}\r\n${v}\r\n`);
        } else if (c === 'incr') {
          const v = Number(data.get(args[1]) ?? 0) + 1;
          data.set(args[1], String(v));
          socket.write(`:${v}\r\n`);
        } else if (c === 'info') socket.write('$0\r\n\r\n');
        else if (c === 'quit') {
          socket.end('+OK\r\n');
        } else if (c === 'hello') socket.write('%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n');
        else socket.write('+OK\r\n');
      }
    });
    socket.on('error', () => {});
  });
  server.listen(port);
  return server;
}
/** PostgreSQL: it answers every query with one row. */
export function pgFake(port) {
  const server = net.createServer((socket) => {
    let buf = Buffer.alloc(0);
    let started = false;
    const msg = (t, body) => {
      const b = Buffer.alloc(5 + body.length);
      b.write(t, 0);
      b.writeInt32BE(4 + body.length, 1);
      body.copy(b, 5);
      return b;
    };
    const cstr = (s) => Buffer.from(s + '\0');
    const i16 = (n) => {
      const b = Buffer.alloc(2);
      b.writeInt16BE(n);
      return b;
    };
    const i32 = (n) => {
      const b = Buffer.alloc(4);
      b.writeInt32BE(n);
      return b;
    };
    const ready = msg('Z', Buffer.from('I'));
    /** One column of text: its name, its place in no table, and its type. */
    const columns = msg(
      'T',
      Buffer.concat([i16(1), cstr('answer'), i32(0), i16(0), i32(25), i16(-1), i32(-1), i16(0)]),
    );
    const row = (v) =>
      Buffer.concat([
        columns,
        msg('D', Buffer.concat([i16(1), i32(v.length), Buffer.from(v)])),
        msg('C', cstr('SELECT 1')),
      ]);
    socket.on('data', (d) => {
      buf = Buffer.concat([buf, d]);
      for (;;) {
        if (!started) {
          if (buf.length < 4 || buf.length < buf.readInt32BE(0)) return;
          buf = buf.subarray(buf.readInt32BE(0));
          started = true;
          socket.write(
            Buffer.concat([
              msg('R', i32(0)),
              msg('S', Buffer.concat([cstr('server_version'), cstr('16')])),
              msg('K', Buffer.concat([i32(1), i32(2)])),
              ready,
            ]),
          );
          continue;
        }
        if (buf.length < 5 || buf.length < 1 + buf.readInt32BE(1)) return;
        const t = String.fromCharCode(buf[0]);
        const body = buf.subarray(5, 1 + buf.readInt32BE(1));
        buf = buf.subarray(1 + buf.readInt32BE(1));
        if (t === 'Q')
          socket.write(
            Buffer.concat([row(`answer to ${body.toString('utf8', 0, body.length - 1)}`), ready]),
          );
        else if (t === 'P') socket.write(msg('1', Buffer.alloc(0)));
        else if (t === 'B') socket.write(msg('2', Buffer.alloc(0)));
        else if (t === 'D') socket.write(columns);
        else if (t === 'E')
          socket.write(
            Buffer.concat([
              msg('D', Buffer.concat([i16(1), i32(1), Buffer.from('7')])),
              msg('C', cstr('SELECT 1')),
            ]),
          );
        else if (t === 'S') socket.write(ready);
        else if (t === 'X') socket.end();
      }
    });
    socket.on('error', () => {});
  });
  server.listen(port);
}
