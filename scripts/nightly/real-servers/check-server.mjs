/** What every server has to answer rightly. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from '../../../packages/http/dist/index.js';
import { authority, BODY, check, equal } from './support.mjs';

/**
 * @param base - The URL of its root.
 * @param has - `ranges`: it serves parts of files; `echo`: it has the paths of `echo-app.mjs`.
 */
export async function checkServer(name, base, { requests, options = {}, has = [] }) {
  const tls = { ca: authority.cert };
  const client = new HttpClient({ baseUrl: base, maxConnectionsPerOrigin: 8, tls, ...options });
  const small = async (what) => equal(await (await client.get('small.txt')).text(), 'small', what);
  await check(`${name}: a file`, async () => {
    const response = await client.get('body.bin');
    equal(response.status, 200, 'status');
    equal(Buffer.from(await response.bytes({ limit: Infinity })), BODY, 'body');
  });
  await check(`${name}: HEAD`, async () => {
    const response = await client.head('body.bin');
    equal(response.headers.get('content-length'), String(BODY.length), 'length');
    equal(await response.text(), '', 'body');
  });
  await check(`${name}: what is not there`, async () => {
    equal((await client.get('nothing')).status, 404, 'status');
  });
  if (has.includes('ranges')) {
    await check(`${name}: a range`, async () => {
      const response = await client.get('body.bin', { headers: { Range: 'bytes=10-19' } });
      equal(response.status, 206, 'status');
      equal(Buffer.from(await response.bytes()), BODY.subarray(10, 20), 'body');
    });
  }
  await check(`${name}: ${requests} requests, eight at once`, () =>
    manyOf(requests, () => small('body')),
  );
  await check(`${name}: requests with pauses in which connections end`, async () => {
    for (const pause of [0, 500, 990, 1_000, 1_010, 2_000]) {
      await sleep(pause);
      await small(`body after ${pause} ms`);
    }
  });
  await check(`${name}: a body that is left`, async () => {
    for (let time = 0; time < 20; time += 1) (await client.get('body.bin')).discard();
    await small('body');
  });
  await check(`${name}: an upload that is given up, and one after it`, async () => {
    async function* endless() {
      for (;;) yield BODY;
    }
    const signal = AbortSignal.timeout(200);
    const failure = await client
      .post('nothing', endless(), { signal })
      .then((response) => response.text())
      .then(() => undefined)
      .catch((error) => error);
    // A server may answer before it is given up, with 404, 405 or 501, and may reset the connection with its answer.
    const isExpected = ['TimeoutError', 'BrokenError'].includes(failure?.name);
    if (failure !== undefined && !isExpected) throw failure;
    await small('body');
  });
  if (has.includes('echo')) await checkEcho(name, client, requests);
  await client.close();
  equal(Object.values(client.statistics()).length, 0, 'pools');
}

async function checkEcho(name, client, requests) {
  await check(`${name}: ${requests} POSTs, eight at once, each received once`, async () => {
    let id = 0;
    await manyOf(requests, async () => {
      const text = `${name}, post ${(id += 1)}`;
      const response = await client.post('echo', text, { headers: { 'X-Id': text } });
      equal(await response.text(), text, 'body');
    });
    equal(await (await client.get('twice')).text(), '0', 'received twice');
  });
  await check(`${name}: a streamed body, in both directions`, async () => {
    async function* pieces() {
      for (let at = 0; at < BODY.length; at += 50_000) yield BODY.subarray(at, at + 50_000);
    }
    const response = await client.post('echo', pieces());
    equal(Buffer.from(await response.bytes({ limit: Infinity })), BODY, 'body');
  });
  await check(`${name}: POSTs with pauses in which connections end`, async () => {
    for (const pause of [900, 990, 1_000, 1_010, 1_100]) {
      await sleep(pause);
      equal(await (await client.post('echo', 'later')).text(), 'later', `after ${pause} ms`);
    }
  });
}

/** So many calls, by 32 callers. */
async function manyOf(count, call) {
  let left = count;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: 32 }, caller));
}
