import { expect, test } from '@jest/globals';
import { startTls } from '../../src/index.ts';
import { simulate, TestAuthority, type Simulation } from '../../src/testing/index.ts';

/** A message over TLS and its echo, with new keys. */
function exchange(text: string, name: string): (sim: Simulation) => Promise<void> {
  return async (sim) => {
    const authority = new TestAuthority();
    const identity = authority.issue([name]);
    const listener = await sim.host('server').listen(443);
    sim.executor.spawn(async () => {
      const raw = await listener.accept();
      const stream = await startTls(raw, { role: 'server', ...identity });
      for await (const chunk of stream) await stream.writeAll(chunk);
      await stream.close();
    });
    const raw = await sim.host('client').connect('server:443');
    const stream = await startTls(raw, { servername: name, ca: authority.cert });
    await stream.writeAll(text);
    const answer = await stream.readExactly(text.length);
    expect(Buffer.from(answer).toString()).toBe(text);
    await stream.close();
  };
}

test.each([1])(
  'TLS over a simulated stream has one hash, whatever its keys and its random bytes: seed %i',
  async (seed) => {
    const hashes = new Set<string>();
    // One length of name after another: where a session ticket is padded is a matter of single bytes.
    for (let length = 0; length < 16; length += 1) {
      const name = `${'a'.repeat(length)}b.test`;
      const runs = [];
      for (let count = 0; count < 3; count += 1) {
        runs.push(await simulate({ seed }, exchange('hello', name)));
      }
      const [first] = runs;
      for (const run of runs) expect(run).toEqual(first);
      hashes.add(first?.hash ?? '');
    }
    expect(hashes.size).toBeGreaterThan(1);
  },
);

test('the number of bytes of TLS is part of the hash, and so is what was sent before it', async () => {
  const one = await simulate({ seed: 1 }, exchange('hello', 'a.test'));
  const other = await simulate({ seed: 1 }, exchange('hello!', 'a.test'));
  expect(one.hash).not.toBe(other.hash);

  const plain = (greeting: string) =>
    simulate({ seed: 1 }, async (sim) => {
      const authority = new TestAuthority();
      const identity = authority.issue(['a.test']);
      const listener = await sim.host('server').listen(25);
      sim.executor.spawn(async () => {
        const raw = await listener.accept();
        await raw.readLine();
        const stream = await startTls(raw, { role: 'server', ...identity });
        await stream.readChunk();
        await stream.close();
      });
      const raw = await sim.host('client').connect('server:25');
      await raw.writeAll(`${greeting}\n`);
      const stream = await startTls(raw, { servername: 'a.test', ca: authority.cert });
      await stream.close();
    });
  const starts = await plain('STARTTLS');
  expect((await plain('STARTTLS')).hash).toBe(starts.hash);
  expect((await plain('STOPTTLS')).hash).not.toBe(starts.hash);
});

test('a client that closes as soon as its handshake is complete ends the stream of the server, not its handshake', async () => {
  const authority = new TestAuthority();
  const identity = authority.issue(['a.test']);
  for (let seed = 1; seed <= 40; seed += 1) {
    const seen: unknown[] = [];
    await simulate({ seed }, async (sim) => {
      const listener = await sim.host('server').listen(443);
      const server = sim.executor.spawn(async () => {
        const stream = await startTls(await listener.accept(), { role: 'server', ...identity });
        seen.push(await stream.readChunk());
        await stream.close();
      });
      const raw = await sim.host('client').connect('server:443');
      const stream = await startTls(raw, { servername: 'a.test', ca: authority.cert });
      await stream.close();
      await server;
    });
    expect(seen).toEqual([null]);
  }
});
