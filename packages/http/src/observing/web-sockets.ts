/** The WebSockets of the process, while anyone looks at it. */

import type { ByteStream } from '@awaitio/core';

/** A WebSocket at work. */
export interface WebSocketView {
  readonly parts: { readonly stream: ByteStream; readonly role: 'server' | 'client' };
  /** Messages received. */
  readonly received: number;
  readonly outbox: {
    /** Messages that wait to be sent. */
    readonly waiting: number;
  };
  readonly isOpen: boolean;
  readonly isClosing: boolean;
  readonly closed: Promise<unknown>;
}

const lists = new Set<Set<WebSocketView>>();

/** Begins a list of the WebSockets that are opened from now on and are not closed yet. */
export function watchWebSockets(): {
  readonly open: ReadonlySet<WebSocketView>;
  readonly stop: () => void;
} {
  const open = new Set<WebSocketView>();
  lists.add(open);
  return { open, stop: () => lists.delete(open) };
}

/** Called by each new WebSocket. */
export function registerWebSocket(socket: WebSocketView): void {
  if (lists.size === 0) return;
  for (const open of lists) open.add(socket);
  void socket.closed.then(() => {
    for (const open of lists) open.delete(socket);
  });
}
