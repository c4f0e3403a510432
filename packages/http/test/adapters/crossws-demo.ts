/** The demo application of crossws's own adapter tests (test/fixture/_shared.ts), which every adapter has to serve alike. */
import { defineHooks, type Hooks } from 'crossws';

export const demoHooks: Partial<Hooks> = defineHooks({
  open(peer) {
    peer.send(`Welcome to the server ${peer.id}! (namespace: ${peer.namespace})`);
    peer.subscribe('chat');
    peer.publish('chat', `${String(peer)} joined!`);
  },
  message(peer, message) {
    const text = message.text();
    if (text === 'ping') peer.send('pong');
    else if (text === 'binary') peer.send(new TextEncoder().encode('binary message works!'));
    else if (text === 'debug') {
      const { readyState, protocol, extensions, url } = peer.websocket;
      peer.send({
        id: peer.id,
        remoteAddress: peer.remoteAddress,
        bufferedAmount: peer.bufferedAmount,
        context: peer.context,
        request: { url: peer.request.url, headers: Object.fromEntries(peer.request.headers) },
        websocket: { readyState, protocol, extensions, url },
      });
    } else if (text === 'waitForDrain') {
      return peer.waitForDrain({ pollInterval: 10 }).then(() => void peer.send('drained'));
    } else if (text === 'peers') {
      peer.send({ peers: [...peer.peers].map(({ id }) => id) });
    } else {
      peer.send(text);
      peer.publish('chat', text);
    }
    return undefined;
  },
  upgrade(request) {
    if (request.url.endsWith('?unauthorized')) {
      throw Object.assign(new Error('refused'), {
        response: new Response('unauthorized', {
          status: 401,
          statusText: 'Unauthorized',
          headers: { 'x-error': 'unauthorized', 'www-authenticate': 'Bearer realm="crossws"' },
        }),
      });
    }
    const headers: Record<string, string> = {
      'x-powered-by': 'cross-ws',
      'set-cookie': 'cross-ws=1; SameSite=None; Secure',
    };
    if (request.headers.get('sec-websocket-protocol') === 'supported') {
      headers['sec-websocket-protocol'] = 'supported';
    }
    return { context: { test: '1' }, headers };
  },
});
