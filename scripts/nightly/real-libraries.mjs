/**
 * Libraries that take a `fetch`, given that of a client (`createFetch`), against a local server: openapi-fetch, ky, ofetch,
 * @hey-api/client-fetch, @octokit/core, OpenAI's client with a stream of events, and two clients of S3, aws4fetch and
 * @aws-sdk/client-s3.
 *
 *   node scripts/nightly/real-libraries.mjs [--folder FOLDER]
 *
 * Installs the libraries with npm, into a temporary folder unless `--folder` names one, which is kept. Needs a build (`pnpm build`).
 * Everything is on 127.0.0.1.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createFetch, HttpClient, HttpResponse, serve } from '../../packages/http/dist/index.js';
import { installLibraries } from '../lib/libraries.mjs';

const LIBRARIES = [
  'openapi-fetch',
  'ky',
  'ofetch',
  '@hey-api/client-fetch',
  '@octokit/core',
  'openai',
  'aws4fetch',
  '@aws-sdk/client-s3',
];

const { load, versionOf } = installLibraries(LIBRARIES);

/** The answers of the server, by method and path; `flaky` is 503 the first time. */
const objects = new Map();
let flaky = 0;
async function handle(request) {
  const { method, path } = request;
  if (/^\/bucket\/?$/.test(path)) return HttpResponse.text(listing(), { headers: XML });
  if (path.startsWith('/bucket/')) return objectStore(request);
  switch (`${method} ${path}`) {
    case 'GET /items/7':
      return HttpResponse.json({ id: 7, name: 'bolt', page: pageOf(request) });
    case 'POST /items':
      return HttpResponse.json({ got: await request.json() }, { status: 201 });
    case 'GET /flaky':
      flaky += 1;
      return flaky === 1
        ? HttpResponse.empty({ status: 503, headers: { 'Retry-After': '0' } })
        : HttpResponse.json({ flaky });
    case 'GET /moved':
      return HttpResponse.empty({ status: 302, headers: { Location: '/items/7' } });
    case 'POST /upload': {
      const form = await request.form();
      return HttpResponse.json({ name: form.get('name'), file: await form.get('file').text() });
    }
    case 'POST /v1/chat/completions':
      return chat(await request.json());
    case 'GET /slow':
      await new Promise((resolve) => {
        request.signal.addEventListener('abort', resolve, { once: true });
      });
      return HttpResponse.empty();
    default:
      return HttpResponse.json({ message: 'Not Found' }, { status: 404 });
  }
}

function chat({ stream }) {
  const words = ['Hello', ', ', 'world'];
  const chunk = (content) => ({
    id: '1',
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content } }],
  });
  if (!stream) {
    const message = { role: 'assistant', content: words.join('') };
    return HttpResponse.json({ id: '1', choices: [{ index: 0, message }] });
  }
  const events = [...words.map((word) => JSON.stringify(chunk(word))), '[DONE]'];
  const headers = { 'Content-Type': 'text/event-stream' };
  return HttpResponse.stream(
    events.map((event) => `data: ${event}\n\n`),
    { headers },
  );
}

const XML = { 'Content-Type': 'application/xml' };
const listing = () => {
  const keys = [...objects.keys()].map((key) => `<Contents><Key>${key}</Key></Contents>`);
  return `<?xml version="1.0"?><ListBucketResult>${keys.join('')}</ListBucketResult>`;
};

const pageOf = (request) => request.query().get('page');

async function objectStore(request) {
  const key = request.path.slice('/bucket/'.length);
  assert.match(request.headers.get('authorization') ?? '', /^AWS4-HMAC-SHA256 Credential=id\//);
  if (request.method === 'PUT') {
    const bytes = await request.bytes({ limit: 16_777_216 });
    const isChunked = /aws-chunked/.test(request.headers.get('content-encoding') ?? '');
    objects.set(key, isChunked ? unchunked(bytes) : bytes);
    return HttpResponse.empty({ status: 200, headers: { ETag: '"etag"' } });
  }
  if (request.method === 'DELETE') {
    objects.delete(key);
    return HttpResponse.empty({ status: 204 });
  }
  const bytes = objects.get(key);
  if (bytes === undefined) {
    const error =
      '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>none</Message></Error>';
    return HttpResponse.text(error, { status: 404, headers: XML });
  }
  return HttpResponse.bytes(bytes, { headers: { ETag: '"etag"' } });
}

/** The coding `aws-chunked` of S3: chunks inside of the body. */
function unchunked(bytes) {
  const pieces = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf(10, at);
    const size = Number.parseInt(Buffer.from(bytes.subarray(at, end)).toString(), 16);
    if (size === 0) return Buffer.concat(pieces);
    pieces.push(bytes.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 2;
  }
}

const server = await serve(handle, { port: 0, host: '127.0.0.1' });
const client = new HttpClient();
const fetch = createFetch(client);
const baseUrl = server.url.replace(/\/$/, '');
const FILE = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7) & 0xff));
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

const CHECKS = {
  async 'openapi-fetch'({ default: createClient }) {
    const api = createClient({ baseUrl, fetch });
    const options = { params: { path: { id: 7 }, query: { page: 2 } } };
    const { data } = await api.GET('/items/{id}', options);
    assert.deepEqual(data, { id: 7, name: 'bolt', page: '2' });
    const posted = await api.POST('/items', { body: { name: 'nut' } });
    assert.deepEqual([posted.response.status, posted.data], [201, { got: { name: 'nut' } }]);
    const { error, response } = await api.GET('/none');
    assert.deepEqual([response.status, error], [404, { message: 'Not Found' }]);
  },
  async ky({ default: ky }) {
    const api = ky.create({
      fetch,
      prefixUrl: baseUrl,
      prefix: baseUrl,
      retry: { limit: 2, delay: () => 1 },
    });
    assert.deepEqual(await api.get('items/7').json(), { id: 7, name: 'bolt', page: null });
    flaky = 0;
    assert.deepEqual(await api.get('flaky').json(), { flaky: 2 });
    await assert.rejects(api.get('none').json(), { name: 'HTTPError' });
    await assert.rejects(api.get('slow', { timeout: 100 }).json(), { name: 'TimeoutError' });
    const form = new FormData();
    form.set('name', 'a');
    form.set('file', new Blob(['content']), 'f.txt');
    const got = await api.post('upload', { body: form }).json();
    assert.deepEqual(got, { name: 'a', file: 'content' });
    const seen = [];
    const onDownloadProgress = ({ transferredBytes }) => void seen.push(transferredBytes);
    await api.get('items/7', { onDownloadProgress }).json();
    assert.ok(seen.length > 0);
  },
  async ofetch({ createFetch: create }) {
    const api = create({ fetch, Headers, AbortController, defaults: { baseURL: baseUrl } });
    assert.deepEqual(await api('/moved', { query: { page: 3 } }), {
      id: 7,
      name: 'bolt',
      page: null,
    });
    assert.deepEqual(await api('/items', { method: 'POST', body: { n: 1 } }), { got: { n: 1 } });
    flaky = 0;
    assert.deepEqual(await api('/flaky', { retry: 1 }), { flaky: 2 });
    await assert.rejects(api('/none'), { name: 'FetchError', status: 404 });
    await assert.rejects(api('/slow', { timeout: 100 }), /timeout|aborted/i);
  },
  async '@hey-api/client-fetch'({ createClient, createConfig }) {
    const api = createClient(createConfig({ baseUrl, fetch }));
    const { data } = await api.get({ url: '/items/{id}', path: { id: 7 }, query: { page: 4 } });
    assert.deepEqual(data, { id: 7, name: 'bolt', page: '4' });
    const { error } = await api.get({ url: '/none' });
    assert.deepEqual(error, { message: 'Not Found' });
  },
  async '@octokit/core'({ Octokit }) {
    const octokit = new Octokit({ baseUrl, request: { fetch } });
    const { data, headers } = await octokit.request('GET /items/{id}', { id: 7 });
    assert.equal(data.name, 'bolt');
    assert.match(headers['content-type'], /json/);
    await assert.rejects(octokit.request('GET /none'), { status: 404 });
  },
  async openai({ default: OpenAI }) {
    const api = new OpenAI({ apiKey: 'key', baseURL: `${baseUrl}/v1`, fetch, maxRetries: 0 });
    const messages = [{ role: 'user', content: 'hi' }];
    const whole = await api.chat.completions.create({ model: 'm', messages });
    assert.equal(whole.choices[0].message.content, 'Hello, world');
    const stream = await api.chat.completions.create({ model: 'm', messages, stream: true });
    let text = '';
    for await (const { choices } of stream) text += choices[0].delta.content;
    assert.equal(text, 'Hello, world');
    await assert.rejects(api.models.list(), { status: 404 });
  },
  async aws4fetch({ AwsClient }) {
    const aws = new AwsClient({
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      region: 'here',
      service: 's3',
      retries: 0,
    });
    const url = `${baseUrl}/bucket/key`;
    const ask = async (init) => fetch(await aws.sign(url, init));
    assert.equal((await ask({ method: 'PUT', body: FILE })).status, 200);
    const got = await ask({ method: 'GET' });
    assert.equal(digest(Buffer.from(await got.arrayBuffer())), digest(FILE));
    assert.equal((await ask({ method: 'DELETE' })).status, 204);
    assert.equal((await ask({ method: 'GET' })).status, 404);
  },
  async '@aws-sdk/client-s3'({
    S3Client,
    PutObjectCommand,
    GetObjectCommand,
    DeleteObjectCommand,
    ListObjectsV2Command,
  }) {
    // Its handler over fetch takes the global one.
    const { FetchHttpHandler } = await load('@smithy/fetch-http-handler');
    const before = globalThis.fetch;
    globalThis.fetch = fetch;
    try {
      const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
      const requestHandler = new FetchHttpHandler({});
      const options = { endpoint: baseUrl, region: 'here', forcePathStyle: true, maxAttempts: 1 };
      const s3 = new S3Client({ ...options, credentials, requestHandler });
      const object = { Bucket: 'bucket', Key: 'key' };
      await s3.send(new PutObjectCommand({ ...object, Body: FILE }));
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'bucket' }));
      assert.deepEqual(
        Contents?.map(({ Key }) => Key),
        ['key'],
      );
      const { Body } = await s3.send(new GetObjectCommand(object));
      assert.equal(digest(await Body.transformToByteArray()), digest(FILE));
      await s3.send(new DeleteObjectCommand(object));
      await assert.rejects(s3.send(new GetObjectCommand(object)), { name: 'NoSuchKey' });
    } finally {
      globalThis.fetch = before;
    }
  },
};

let failed = 0;
for (const name of LIBRARIES) {
  const title = `${name} ${versionOf(name)}`;
  try {
    await CHECKS[name](await load(name));
    console.log(`ok   ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${title}: ${error?.stack ?? error}`, error?.cause ?? '');
  }
}
const pools = Object.values(client.statistics());
const open = pools.reduce((sum, pool) => sum + pool.open - pool.idle, 0);
console.log(`${open} connections are held`);
await client.close();
await server.shutdown({ grace: 0 });
console.log(`${LIBRARIES.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && open === 0 ? 0 : 1);
