/** A program that a bundler makes CommonJS of, as esbuild does for Node where nothing else is said: with waits traced, and simulated. */
import { memoryPair, TcpStream, traceWaits } from '@awaitio/core';
import { simulate } from '@awaitio/core/testing';
import { echo, HttpClient, serve } from '@awaitio/http';

async function main() {
  traceWaits(true);
  const [stream] = memoryPair();
  const wait = stream.readLine();
  const [{ site }] = stream.statistics().waits;
  stream.reset();
  await wait.catch(() => {});
  if (!/\bmain\b/.test(site)) throw new Error(`the wait was asked for at ${site}`);

  const drawn = [];
  const draw = () => {
    drawn.push(Math.random());
  };
  await simulate({ seed: 5 }, draw);
  await simulate({ seed: 5 }, draw);
  if (drawn[0] !== drawn[1]) throw new Error(`Math.random is of no seed: ${drawn.join(', ')}`);

  const server = await serve(echo());
  const plain = await TcpStream.connect(server.address);
  await plain.writeAll('GET / HTTP/1.1\nHost: a\r\n\r\n');
  const status = (await plain.readLine())?.slice(0, 12);
  await plain.close();
  const client = new HttpClient();
  const response = await client.post(server.url, 'bundled');
  console.log(await response.text(), status);
  await client.close();
  await server.shutdown({ grace: 1_000 });
}

// CommonJS has no await at its top level.
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
