/**
 * A crowd of clients in a separate process, so that their descriptors do not count against the server's limit.
 *
 *   node crowd.mjs PORT COUNT
 *
 * Every client connects and sends half a request; when all have, a line says `ready`, and at the line `go` on stdin each
 * sends the other half. One line of JSON tells how many got the right answer, whole.
 *
 * A connection that the server has not accepted yet is in its backlog, and where that is full the kernel drops a SYN, which
 * comes again a second later. So the server's side says `accepted` for each {@link STEP} that it has.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const [port, count] = process.argv.slice(2).map(Number);
const STEP = 100;
/** Connections begun before the first is known to be accepted: below the backlog of any listener, which is 511 or more. */
const AT_A_TIME = 400;

function begin(id) {
  const body = `client ${id}`;
  const request = `POST / HTTP/1.1\r\nHost: a\r\nX-Field: ${'x'.repeat(id % 50)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const cut = 1 + (id % (request.length - 1));
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.off('error', reject);
      socket.write(request.slice(0, cut), () =>
        resolve({ socket, rest: request.slice(cut), body }),
      );
    });
    socket.once('error', reject);
  });
}

function finish({ socket, rest, body }) {
  return new Promise((resolve) => {
    let answer = '';
    const done = (isRight) => {
      socket.destroy();
      resolve(isRight);
    };
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.endsWith(`echo: ${body}`)) done(answer.startsWith('HTTP/1.1 200 OK\r\n'));
    });
    socket.on('error', () => done(false));
    socket.on('close', () => done(false));
    socket.write(rest);
  });
}

let allowed = AT_A_TIME;
let wake = () => {};
const go = new Promise((resolve) => {
  createInterface(process.stdin).on('line', (line) => {
    if (line === 'go') resolve();
    else allowed += STEP;
    wake();
  });
});

const beginnings = [];
while (beginnings.length < count) {
  if (beginnings.length < allowed) beginnings.push(begin(beginnings.length));
  else await new Promise((resolve) => (wake = resolve));
}
const clients = await Promise.all(beginnings);
console.log('ready');
await go;
const answers = await Promise.all(clients.map(finish));
console.log(JSON.stringify({ open: clients.length, right: answers.filter(Boolean).length }));
