/** The hooks of an application: those of the adapter, then those that `resolve` gives for a request. */

import type { AdapterOptions, Hooks, Peer, PeerContext } from 'crossws';
import { trimBlanks } from '../../protocol/vocabulary/lists.ts';
import { callContained, failureOf, type FailureSink } from '@awaitio/core/lowlevel';

type UpgradeResult = Awaited<ReturnType<Hooks['upgrade']>>;

/** What the `upgrade` hooks decided. */
export interface Upgrading {
  readonly namespace: string;
  readonly context: PeerContext;
  readonly headers: Headers;
  /** The subprotocol; one that the client did not propose is not agreed on. */
  readonly protocol: string | undefined;
  /** Called for this connection, in this order. */
  readonly hooks: readonly Partial<Hooks>[];
}

/**
 * Asks the `upgrade` hooks. The hooks of `resolve` are asked for once for each connection, so that its events keep their order.
 *
 * @returns What to do, or the response that a hook returned or threw.
 * @throws what a hook throws that is no response.
 */
export async function askUpgrade(
  options: AdapterOptions,
  request: Request & { readonly context?: PeerContext },
): Promise<Upgrading | Response> {
  const namespace = options.getNamespace?.(request) ?? new URL(request.url).pathname;
  const context = request.context ?? {};
  try {
    const resolved = await options.resolve?.(request);
    const hooks = [options.hooks, resolved].filter((each) => each !== undefined && each !== null);
    const results: Exclude<UpgradeResult, void | Response>[] = [];
    for (const each of hooks) {
      const result: UpgradeResult = await each.upgrade?.(request);
      if (result instanceof Response) return result;
      if (result) results.push(result);
    }
    // As crossws has it, the hooks of the request take the place of the adapter's.
    const result = results.at(-1);
    if (result?.handled === true) {
      throw new TypeError('upgrade: `handled` is for servers of node:http; return nothing instead');
    }
    const headers = new Headers(result?.headers);
    const given = result?.protocol || headers.get('sec-websocket-protocol');
    // It is the server's to send.
    headers.delete('sec-websocket-protocol');
    return {
      namespace: result?.namespace || namespace,
      context: Object.assign(context, result?.context),
      headers,
      protocol: given || (await chosenOf(options, request)),
      hooks,
    };
  } catch (error) {
    const response = (error as { readonly response?: unknown } | null)?.response ?? error;
    if (response instanceof Response) return response;
    throw error;
  }
}

/** What the option `handleProtocols` chooses of the subprotocols that the client proposes. */
async function chosenOf(
  { handleProtocols }: AdapterOptions,
  request: Request,
): Promise<string | undefined> {
  if (handleProtocols === undefined) return undefined;
  const list = request.headers.get('sec-websocket-protocol') ?? '';
  const proposed = new Set(list.split(',').map(trimBlanks));
  proposed.delete('');
  return proposed.size === 0 ? undefined : (await handleProtocols(proposed, request)) || undefined;
}

/** Calls the hooks of one connection: each set's in turn, whether or not another one fails. */
export class HookCaller {
  readonly #hooks: readonly Partial<Hooks>[];
  readonly #peer: Peer;
  readonly #sink: FailureSink;

  constructor(hooks: readonly Partial<Hooks>[], peer: Peer, sink: FailureSink) {
    this.#hooks = hooks;
    this.#peer = peer;
    this.#sink = sink;
  }

  has(name: keyof Hooks): boolean {
    return this.#hooks.some((hooks) => hooks[name] !== undefined);
  }

  /** Waits for none of them. Never throws. */
  call(name: 'open' | 'message' | 'error' | 'drain', detail: unknown): void {
    for (const hooks of this.#hooks) {
      callContained(
        name,
        () => (hooks[name] as AnyHook | undefined)?.(this.#peer, detail),
        undefined,
        undefined,
        this.#sink,
      );
    }
  }

  /** Calls those of `close`, and waits for them. Never rejects. */
  async close(details: Parameters<Hooks['close']>[1]): Promise<void> {
    for (const hooks of this.#hooks) {
      try {
        await hooks.close?.(this.#peer, details);
      } catch (error) {
        this.#sink.onCallbackFailure(failureOf(error, 'close'), 'close');
      }
    }
  }
}

type AnyHook = (peer: Peer, detail: unknown) => unknown;
