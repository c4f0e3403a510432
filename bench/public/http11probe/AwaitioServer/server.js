import { HttpResponse, serve } from '@awaitio/http';

const text = (body) => HttpResponse.text(body, { headers: { 'Content-Type': 'text/plain' } });

/** The pairs of the Cookie field as the probe's rules take it apart, one a line. */
function cookies(request) {
  const pairs = (request.headers.get('cookie') ?? '').split(';');
  return pairs
    .map((pair) => pair.trimStart())
    .filter((pair) => pair.indexOf('=') > 0)
    .map((pair) => `${pair}\n`)
    .join('');
}

/** The fields as they were received, one a line. */
function fields({ headers }) {
  return [...headers].map(([name, value]) => `${name}: ${value}\n`).join('');
}

const server = await serve(
  async (request) => {
    if (request.path === '/cookie') return text(cookies(request));
    if (request.path === '/echo') return text(fields(request));
    // As much as the probe announces: a smaller limit is answered with 413, which the probe takes for a fault.
    const limit = 1_000_000_000;
    if (request.method === 'POST') return HttpResponse.bytes(await request.bytes({ limit }));
    return text('OK');
  },
  { host: '0.0.0.0', port: Number(process.argv[2] ?? 8080) },
);
console.log(`Listening on ${server.address}`);
process.on('SIGTERM', () => void server.shutdown());
