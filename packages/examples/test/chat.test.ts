import { expect, test } from '@jest/globals';
import { lines, type Framed, type TcpStream } from '@awaitio/core';
import { readToEnd, startServer, type Serving } from './support/program.ts';

async function join(server: Serving, name: string, stream?: TcpStream): Promise<Framed<string>> {
  const member = lines(stream ?? (await server.connect()));
  expect(await member.read()).toBe(
    'Your first line is your name, each further one goes to the others.',
  );
  await member.write(name);
  await server.printed(new RegExp(`^${name} has come$`));
  return member;
}

test.concurrent('says to a member who has just come that the first line is the name', async () => {
  const server = await startServer('chat');
  const member = lines(await server.connect());
  expect(await member.read()).toMatch(/first line is your name/);
  await member.write('ann');
  expect(await server.printed(/has come$/)).toEqual(['ann has come']);
  await server.stop();
});

test.concurrent('passes a line to all the others, and to no one else', async () => {
  const server = await startServer('chat');
  const ann = await join(server, 'ann');
  const bob = await join(server, 'bob');
  const cleo = await join(server, 'cleo');
  expect([await ann.read(), await ann.read()]).toEqual(['bob has come', 'cleo has come']);
  expect(await bob.read()).toBe('cleo has come');
  await ann.write('hello');
  expect(await bob.read()).toBe('ann: hello');
  expect(await cleo.read()).toBe('ann: hello');
  await cleo.write('hello, ann');
  expect(await ann.read()).toBe('cleo: hello, ann');
  await bob.shutdown();
  expect(await ann.read()).toBe('bob has gone');
  expect(await server.stop()).toMatchObject({ stderr: '' });
});

test.concurrent('takes control characters out of what members say', async () => {
  const server = await startServer('chat');
  const ann = await join(server, 'ann');
  const bob = await join(server, 'bob');
  await ann.read();
  await bob.write('\u001b[31mred\u0007');
  expect(await ann.read()).toBe('bob: [31mred');
  await server.stop();
});

test.concurrent('disconnects a member that does not read, and goes on with the others', async () => {
  const server = await startServer('chat');
  const ann = await join(server, 'ann');
  const deaf = await server.connect();
  await join(server, 'deaf', deaf);
  const bob = await join(server, 'bob');
  expect([await ann.read(), await ann.read()]).toEqual(['deaf has come', 'bob has come']);
  // Each line waits until bob has received the previous one, so that only the deaf one falls behind.
  for (let line: string | null = ''; line !== 'deaf has gone'; line = await bob.read()) {
    if (line !== null) await ann.write('x'.repeat(900));
  }
  await ann.write('still here');
  for (let line: string | null = ''; line !== 'ann: still here';) line = await bob.read();
  // It is reset, which Node may report as an end.
  await readToEnd(deaf).catch(() => {});
  await server.stop();
});

test.concurrent('ends at Ctrl-C with members who say nothing', async () => {
  const server = await startServer('chat');
  await join(server, 'ann');
  await server.connect();
  expect(await server.stop()).toMatchObject({ stderr: '' });
});

test.concurrent('says why a connection failed', async () => {
  const server = await startServer('chat');
  const stream = await server.connect();
  await stream.writeAll('x'.repeat(5_000));
  const [line] = await server.printed(new RegExp(`^${String(stream.localAddress)}: `));
  expect(line).toContain('within 1000 bytes');
  await server.stop();
});
