/** The servers of Hono on @hono/node-server. */

import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { ready } from './ready.ts';

const PREFIX = new TextEncoder().encode('echo: ');
const app = new Hono();

if (process.argv[2] === 'json') {
  const { Order, receipt } = await import('./order.ts');
  app.post('/', async (context) => context.json(receipt(Order.parse(await context.req.json()))));
} else {
  app.get('/', (context) => context.text('Hello, World!'));
  app.post('/', async (context) => {
    const body = new Uint8Array(await context.req.arrayBuffer());
    const whole = new Uint8Array(PREFIX.length + body.length);
    whole.set(PREFIX);
    whole.set(body, PREFIX.length);
    const type = context.req.header('content-type') ?? 'application/octet-stream';
    return context.body(whole, 200, { 'Content-Type': type });
  });
}

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  ready(port);
});
