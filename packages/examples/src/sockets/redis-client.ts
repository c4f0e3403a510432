/**
 * A client of Redis: its protocol is a codec, and many commands are on their way at once. Replies come in the order of the
 * commands, so the n-th reply is the n-th command's.
 *
 * Read first: `decode` in support/redis-codec.ts, which takes one whole reply or says that more has to come; then `send` and
 * `receive`.
 */

import { Framed, TcpStream } from '@awaitio/core';
import { interruption, readArguments, sayUnreachable } from '../support/program.ts';
import { redisCodec } from '../support/redis-codec.ts';

const given = readArguments({
  command: 'example redis-client',
  role: 'connects',
  port: 6379,
  operands: { name: 'COMMAND', least: 1, most: 1_000, help: 'such as "SET colour blue"' },
});
const { operands: commands } = given;
const limits = { signal: interruption(), timeout: 5_000 };
try {
  await using stream = await TcpStream.connect(given, limits);
  const redis = new Framed(stream, redisCodec);
  const send = async (): Promise<void> => {
    for (const command of commands) await redis.write(command.split(' '), limits);
  };
  const receive = async (): Promise<void> => {
    for (const command of commands) console.log(command, '→', await redis.read(limits));
  };
  await Promise.all([send(), receive()]);
} catch (error) {
  sayUnreachable(error, 'redis-server, in another terminal');
}
