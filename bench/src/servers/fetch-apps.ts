/** The servers of those that speak `Request` and `Response`. */

export type FetchHandler = (request: Request) => Response | Promise<Response>;

const PREFIX = new TextEncoder().encode('echo: ');
const HELLO = { headers: { 'Content-Type': 'text/plain; charset=utf-8' } };

const hello: FetchHandler = () => new Response('Hello, World!', HELLO);

export const fetchApps: Readonly<Record<string, FetchHandler>> = {
  async echo(request) {
    const body = new Uint8Array(await request.arrayBuffer());
    const whole = new Uint8Array(PREFIX.length + body.length);
    whole.set(PREFIX);
    whole.set(body, PREFIX.length);
    const type = request.headers.get('content-type') ?? 'application/octet-stream';
    return new Response(whole, { headers: { 'Content-Type': type } });
  },
  stream(request) {
    const reader = request.body?.getReader();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(PREFIX.slice());
      },
      pull: async (controller) => {
        const next = await reader?.read();
        if (next?.value === undefined) controller.close();
        else controller.enqueue(next.value);
      },
    });
    return new Response(body);
  },
  hello,
  idle: hello,
};

async function jsonApp(): Promise<FetchHandler> {
  const { Order, receipt } = await import('./order.ts');
  return async (request) => Response.json(receipt(Order.parse(await request.json())));
}

/** The one that the command line names. */
export async function chosenApp(name: string | undefined): Promise<FetchHandler> {
  const app = name === 'json' ? await jsonApp() : fetchApps[name ?? 'echo'];
  if (app === undefined) throw new Error(`no such server: ${name}`);
  return app;
}
