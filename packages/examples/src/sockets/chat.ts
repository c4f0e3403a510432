/**
 * A chat: a member's first line is a name, each further one goes to all the others. Every member is one task that reads.
 * Read first: `serve`, then how support/chat-member.ts lets no slow reader delay the others.
 */

import { acceptLoop, defaultExecutor, type TcpStream } from '@awaitio/core';
import { Member } from '../support/chat-member.ts';
import { finish, interruption, listen, readArguments, sayFailed } from '../support/program.ts';

const members = new Set<Member>();

function tellOthers(speaker: Member, text: string): void {
  // Control characters would let one member write on another's terminal.
  const line = text.replaceAll(/\p{Cc}/gu, '');
  console.log(line);
  for (const member of members) if (member !== speaker) member.deliver(line);
}

const given = readArguments({ command: 'example chat', role: 'listens' });
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
