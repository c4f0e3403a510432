/**
 * A chat: a member's first line is a name, each further one goes to all the others. Try it with `nc 127.0.0.1 1234`. Every
 * member is one task that reads; lines to it wait in its own bounded outbox, so that a slow reader delays no one else, and
 * one that does not read at all is disconnected.
 */

import { acceptLoop, defaultExecutor, lines, type Framed, type TcpStream } from '@awaitio/core';
import { finish, interruption, listen, readArguments, sayFailed } from './support/program.ts';

const OUTBOX = 100;

class Member {
  readonly stream: TcpStream;
  readonly channel: Framed<string>;
  readonly #lines: string[] = [];

  constructor(stream: TcpStream) {
    this.stream = stream;
    this.channel = lines(stream, { limit: 1_000 });
  }

  deliver(line: string): void {
    if (this.#lines.push(line) > OUTBOX) this.stream.reset(new Error('reads too slowly'));
    else if (this.#lines.length === 1) this.#send().catch(() => {}); // the reading task notices
  }

  async #send(): Promise<void> {
    // A line goes when it was written, so that no second sender is started meanwhile.
    for (; this.#lines[0] !== undefined; this.#lines.shift())
      await this.channel.write(this.#lines[0]);
  }
}

const members = new Set<Member>();

function tellOthers(speaker: Member, text: string): void {
  // Control characters would let one member write on another's terminal.
  const line = text.replaceAll(/\p{Cc}/gu, '');
  console.log(line);
  for (const member of members) if (member !== speaker) member.deliver(line);
}

const summary = 'Passes every line that a member sends on to all the others.';
const given = readArguments({ command: 'example:chat', summary, role: 'listens' });
const next = (address: string): string =>
  `nc ${address.replace(/:(\d+)$/, ' $1')} in two terminals; the first line that you type is your name`;

/** Every stream, of those too who have not said a name. */
const streams = new Set<TcpStream>();
const interrupted = interruption();
// Nothing more is read, so that each task ends as if its member had left.
interrupted.addEventListener('abort', () => {
  for (const stream of streams) void stream.shutdown('read');
});

async function serve(stream: TcpStream, signal: AbortSignal): Promise<void> {
  const member = new Member(stream);
  await member.channel.write('Your first line is your name, each further one goes to the others.');
  const name = await member.channel.read({ signal, timeout: 60_000 });
  if (name === null) return;
  members.add(member);
  tellOthers(member, `${name} has come`);
  try {
    for (let line; (line = await member.channel.read({ signal })) !== null;) {
      tellOthers(member, `${name}: ${line}`);
    }
  } finally {
    members.delete(member);
    tellOthers(member, `${name} has gone`);
  }
}

await acceptLoop(
  await listen(given, next, interrupted),
  async (stream, { signal }) => {
    streams.add(stream);
    try {
      await serve(stream, signal);
    } finally {
      streams.delete(stream);
    }
  },
  { onError: sayFailed },
);
await finish(defaultExecutor, 1_000);
