/**
 * In place of crossws's adapter for Node, in its own tests: `crosswsAdapter`; and in place of node:http's `createServer`, as far as
 * those tests use it, `serve`.
 */
import { serve } from 'awaitio-under-test';
import { crosswsAdapter } from 'awaitio-under-test/crossws';

export function nodeAdapter(options) {
  const adapter = crosswsAdapter(options);
  const closeAll = (code, reason, isForced) => {
    for (const peers of adapter.peers.values()) {
      for (const peer of peers) {
        if (isForced) peer.terminate();
        else peer.close(code, reason);
      }
    }
  };
  return Object.assign(adapter, { closeAll });
}

export function createServer(listener) {
  let handleUpgrade;
  let running;
  const fetch = (request, info) => {
    if (request.headers.has('upgrade')) return handleUpgrade(request, info);
    const { pathname, search } = new URL(request.url);
    return new Promise((resolve) => {
      const response = { end: (text) => resolve(new Response(text)) };
      listener({ url: pathname + search }, response);
    });
  };
  return {
    on: (_event, given) => {
      handleUpgrade = given;
    },
    listen: async (port, onListening) => {
      running = await serve({ fetch }, { port, host: 'localhost' });
      onListening();
    },
    close: async (onClosed) => {
      await running.shutdown({ grace: 1_000 });
      onClosed?.();
    },
  };
}
