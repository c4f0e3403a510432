/**
 * The events of a browser’s `WebSocket`, and a target whose listeners cannot end the process.
 *
 * Node’s `EventTarget` throws what a listener throws as an `uncaughtException`; a browser only reports it, and so does this.
 */

import { AsyncScope, callContained, outsideScopes, stderrSink } from '@awaitio/core/lowlevel';
import { loadWebClasses } from '../../protocol/vocabulary/web-classes.ts';

/** Node has one from 23 on. */
export class CloseEvent extends Event {
  /** 1005 when there was none, 1006 when the connection broke. */
  readonly code: number;
  readonly reason: string;
  /** Whether both sides said goodbye. */
  readonly wasClean: boolean;

  constructor(
    type: string,
    init: { readonly code?: number; readonly reason?: string; readonly wasClean?: boolean } = {},
  ) {
    super(type);
    this.code = init.code ?? 0;
    this.reason = init.reason ?? '';
    this.wasClean = init.wasClean ?? false;
  }
}

/** Why a WebSocket failed, which browsers do not say. */
export class ErrorEvent extends Event {
  readonly error: unknown;
  readonly message: string;

  constructor(type: string, init: { readonly error?: unknown; readonly message?: string } = {}) {
    super(type);
    this.error = init.error;
    this.message = init.message ?? '';
  }
}

/** Node 22 loads its own with its `fetch`, for which there may be no room. */
class PlainMessageEvent extends Event {
  readonly data: unknown;
  readonly origin: string;
  readonly lastEventId = '';
  readonly source = null;
  readonly ports: readonly never[] = [];

  constructor(type: string, init: { readonly data: unknown; readonly origin: string }) {
    super(type);
    this.data = init.data;
    this.origin = init.origin;
  }
}

let MessageEventClass: (new (type: string, init: MessageFacts) => Event) | undefined;

interface MessageFacts {
  readonly data: string | Blob | ArrayBuffer;
  readonly origin: string;
}

/** The event of a message: Node's, where Node can load it. */
export function messageEvent(init: MessageFacts): Event {
  MessageEventClass ??= findMessageEvent();
  return new MessageEventClass('message', init);
}

function findMessageEvent(): NonNullable<typeof MessageEventClass> {
  try {
    loadWebClasses('MessageEvent');
    return MessageEvent;
  } catch {
    return PlainMessageEvent;
  }
}

/** Whatever takes an event. */
type Listener = ((event: never) => unknown) | { handleEvent(event: never): unknown };
type Contained = (this: unknown, event: Event) => void;

/** One for each listener, so that a target knows it again. */
const contained = new WeakMap<object, Contained>();

function containedOf(listener: Listener): Contained {
  let wrapped = contained.get(listener);
  if (wrapped === undefined) {
    const scope = new AsyncScope();
    wrapped = function call(this: unknown, event: Event): void {
      const body = (): unknown =>
        typeof listener === 'function'
          ? Reflect.apply(listener, this, [event])
          : // It was added for the events of this type.
            listener.handleEvent(event as never);
      scope.run(contain, event.type, body);
    };
    contained.set(listener, wrapped);
  }
  return wrapped;
}

function contain(type: string, body: () => unknown): void {
  callContained(type, body, undefined, undefined, stderrSink);
}

function isListener(listener: unknown): listener is Listener {
  return typeof listener === 'function' || (typeof listener === 'object' && listener !== null);
}

export class ContainedTarget extends EventTarget {
  /** The handlers that are properties, such as `onmessage`, with what was added for them. */
  readonly #handlers = new Map<string, { readonly handler: Listener; readonly added: Contained }>();

  override addEventListener(
    type: string,
    listener: Listener | null,
    options?:
      | boolean
      | { once?: boolean; capture?: boolean; passive?: boolean; signal?: AbortSignal },
  ): void {
    if (isListener(listener)) super.addEventListener(type, containedOf(listener), options);
  }

  override removeEventListener(
    type: string,
    listener: Listener | null,
    options?: boolean | { capture?: boolean },
  ): void {
    const added = isListener(listener) ? contained.get(listener) : undefined;
    if (added !== undefined) super.removeEventListener(type, added, options);
  }

  /** The handler that is a property; `null` for none. */
  protected handlerOf(type: string): Listener | null {
    return this.#handlers.get(type)?.handler ?? null;
  }

  /** Sets the handler that is a property; one that is replaced keeps its place. */
  protected setHandler(type: string, handler: unknown): void {
    const before = this.#handlers.get(type);
    if (!isListener(handler)) {
      if (before !== undefined) super.removeEventListener(type, before.added);
      this.#handlers.delete(type);
      return;
    }
    // A handler is called beside a listener that is the same function.
    const added: Contained =
      before?.added ??
      ((event): void => {
        const current = this.#handlers.get(type)?.handler;
        if (current !== undefined) Reflect.apply(containedOf(current), this, [event]);
      });
    this.#handlers.set(type, { handler, added });
    if (before === undefined) super.addEventListener(type, added);
  }
}

/** Dispatches an event to its listeners, which belong to no scope. */
export function dispatch(target: EventTarget, event: Event): void {
  outsideScopes(() => target.dispatchEvent(event));
}
