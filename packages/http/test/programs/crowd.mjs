/**
 * A crowd of clients in a process of its own, so that its descriptors are not the server's.
 *
 *   node crowd.mjs PORT COUNT
 *
 * Every client connects and sends half a request; when all have, a line says `ready`, and at a line on stdin each sends the
 * other half. One line of JSON tells how many got the right answer, whole.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
/** Connections under way at a time, well below the backlog of any listener; a SYN that is lost holds up one of them. */
const AT_A_TIME = 200;

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

const clients = [];
let next = 0;
await Promise.all(
  Array.from({ length: Math.min(AT_A_TIME, count) }, async () => {
    while (next < count) clients.push(await begin(next++));
  }),
);
console.log('ready');
await once(process.stdin, 'data');
const answers = await Promise.all(clients.map(finish));
console.log(JSON.stringify({ open: clients.length, right: answers.filter(Boolean).length }));
