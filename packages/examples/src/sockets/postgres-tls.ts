/**
 * PostgreSQL over TLS: a connection begins in the clear, the client asks for TLS, and the same connection goes on encrypted. SMTP,
 * IMAP and LDAP do it with other words (STARTTLS), and MySQL with other bytes.
 *
 * Read first: the three awaits around `startTls`. What came before it is in the clear, and nothing may be believed.
 */

import { readFile } from 'node:fs/promises';
import { FrameReader, startTls, TcpStream } from '@awaitio/core';
import { messages, opening } from '../support/postgres-messages.ts';
import { interruption, quote, readArguments, sayUnreachable } from '../support/program.ts';

const given = readArguments({
  command: 'example postgres-tls',
  role: 'connects',
  port: 5432,
  options: {
    user: { value: 'NAME', help: 'who to log in as (default postgres)' },
    ca: {
      value: 'FILE',
      help: 'the certificate of the authority, as PEM (default those of Node.js)',
    },
  },
});
const { user = 'postgres', ca } = given.options;
const limits = { signal: interruption(), timeout: 5_000 };
try {
  const authority = ca === undefined ? {} : { ca: await readFile(ca, 'utf8') };
  await using plain = await TcpStream.connect(given, limits);
  await plain.writeAll(opening(80_877_103, ''), limits); // SSLRequest
  const [answer] = await plain.readExactly(1, limits);
  if (answer !== 0x53) throw new Error('the server has no TLS'); // it would have said S
  await using secure = await startTls(plain, { servername: given.host, ...authority, ...limits });
  console.log(`${secure.protocol}, ${secure.cipher}, ${secure.peerCertificate?.subject}`);
  await secure.writeAll(opening(196_608, `user\0${user}\0\0`), limits); // version 3.0
  for await (const { type, body } of new FrameReader(secure, messages).frames(limits)) {
    if (type === 'S') console.log(body.toString().split('\0', 2).map(quote).join(' = '));
    else if (type === 'E') throw new Error(quote(/\0M([^\0]*)/.exec(body.toString())?.[1] ?? ''));
    else if (type === 'R' && body.readUInt32BE(0) > 0) {
      console.log('It asks for a password; this example has none.');
      break;
    } else if (type === 'Z') break; // it is ready for queries
  }
} catch (error) {
  sayUnreachable(error, 'a PostgreSQL with `ssl = on`');
}
