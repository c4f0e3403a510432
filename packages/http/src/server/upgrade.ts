/**
 * A connection leaves HTTP: the response that switches protocols, and what is left of the server's part in it.
 *
 * The stream belongs to the handler from then on. The server still counts the connection, and lets it know of its shutdown.
 */

import { IoError, type ByteStream } from '@awaitio/core';
import {
  AsyncScope,
  callContained,
  rules,
  watchAbort,
  type FailureSink,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { Driver } from '../driver/driver.ts';
import type { UpgradeOptions } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import type { HttpConnection } from '../protocol/connection.ts';
import { State } from '../protocol/state.ts';
import { NEED_DATA, type RequestHead } from '../protocol/vocabulary/events.ts';
import { fieldList, type FieldList } from '../protocol/vocabulary/fields.ts';
import { elementsOf } from '../protocol/vocabulary/lists.ts';
import type { ServerRuntime } from './runtime.ts';

/** What {@link UpgradeOptions} may be. */
export const UPGRADE_OPTIONS: OptionTable<UpgradeOptions> = {
  headers: { ...rules.object, isSecret: true },
  onDrain: rules.function,
  sendResponse: rules.flag,
};

/** The connection that leaves HTTP. */
export interface LeavingConnection {
  readonly stream: ByteStream;
  readonly http: HttpConnection;
  readonly driver: Driver;
  readonly runtime: ServerRuntime;
}

/** The status that switches protocols (RFC 9110 sections 9.3.6 and 15.2.2). */
export function switchStatus({ method }: Pick<RequestHead, 'method'>): number {
  return method === 'CONNECT' ? 200 : 101;
}

/**
 * Whether the request asks for the handler's protocol: a connection goes over only to one that its client has proposed (RFC 9110
 * section 7.8). What a client leaves out is no failure of the handler, so the error is a response.
 *
 * @throws `HttpProblem` 426, with the protocols of `fields` in its `Upgrade`; 400 where they name none.
 */
function checkProposal(head: RequestHead, fields: FieldList, isSent: boolean): void {
  if (head.method === 'CONNECT') return;
  const named = fields.filter((_, at) => at % 2 === 1 && isUpgrade(fields[at - 1] as string));
  // With a body, or in HTTP/1.0, it proposes none.
  const proposed = head.upgrade ? protocolsIn(head.headers.getAll('upgrade')) : [];
  if (named.length > 0) {
    const known = protocolsIn(named);
    if (proposed.some((one) => known.some((other) => isSameProtocol(one, other)))) return;
    const detail = 'expected a request without a body that proposes the protocol of this resource';
    throw new HttpProblem(426, { detail, headers: { Upgrade: named.join(', ') } });
  }
  // A codec that responds itself chooses among several.
  if (proposed.length === 1 || (proposed.length > 1 && !isSent)) return;
  const detail = 'expected a request without a body that proposes one protocol';
  throw new HttpProblem(400, { detail });
}

function isUpgrade(name: string): boolean {
  return name.toLowerCase() === 'upgrade';
}

function protocolsIn(lists: readonly string[]): string[] {
  return lists.flatMap(elementsOf).filter((name) => name !== '');
}

/** By name; by version where both have one. */
function isSameProtocol(one: string, other: string): boolean {
  const [name, version] = one.split('/');
  const [otherName, otherVersion] = other.split('/');
  const areVersioned = version !== undefined && otherVersion !== undefined;
  return name === otherName && (!areVersioned || version === otherVersion);
}

/** Takes the end of the request, and writes the response that switches protocols. */
export async function writeSwitch(
  { http, driver, runtime, stream }: LeavingConnection,
  head: RequestHead,
  options: UpgradeOptions,
): Promise<void> {
  const isSent = options.sendResponse !== false;
  const given = fieldList(options.headers);
  checkProposal(head, given, isSent);
  // One that proposes a protocol has no body. That of another is not waited for: it may be endless.
  while (head.upgrade && http.clientState === State.SEND_BODY) {
    if (http.nextEvent() === NEED_DATA) await driver.fill();
  }
  const proposed = head.headers.get('upgrade') ?? undefined;
  const response = http.sendResponse({
    status: switchStatus(head),
    // The connection's state changes with the response, also when the codec sends it; then one protocol is as good as another.
    fields: isSent ? given : ['Upgrade', proposed ?? ''],
    length: undefined,
    date: runtime.date.toString(),
    proposed,
  });
  if (isSent) driver.write(response);
  if (proposed?.toLowerCase() === 'websocket') webSockets.add(stream);
}

/** The streams of connections that have become WebSockets: few, and a field of each connection takes memory. */
const webSockets = new WeakSet<object>();

/** Whether the connection of a stream has become a WebSocket, whatever codec it has. */
export function isWebSocket(stream: object): boolean {
  return webSockets.has(stream);
}

/** Calls `onDrain` when the server has stopped accepting; if it has, once the handler has got its stream. */
export function watchDrain(connection: LeavingConnection, onDrain: () => unknown): void {
  const { stream, runtime } = connection;
  const scope = new AsyncScope();
  const sink: FailureSink = {
    onCallbackFailure: (failure) => {
      // A client that has left is no error.
      if (!(stream.isClosed && failure instanceof IoError)) runtime.report(failure, undefined);
    },
  };
  const drain = (): void => {
    if (!stream.isClosed) scope.run(callOnDrain, onDrain, sink);
  };
  if (runtime.drainSignal.aborted) {
    runtime.clock.defer(drain);
    return;
  }
  const registration = watchAbort(runtime.drainSignal, { onAbort: drain });
  void stream.closed.then(() => {
    registration.remove();
  });
}

function callOnDrain(onDrain: () => unknown, sink: FailureSink): void {
  callContained('onDrain', onDrain, undefined, undefined, sink);
}
