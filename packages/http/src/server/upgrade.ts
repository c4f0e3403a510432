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
import type { HttpConnection } from '../protocol/connection.ts';
import { State } from '../protocol/state.ts';
import { NEED_DATA, type RequestHead } from '../protocol/vocabulary/events.ts';
import { fieldList } from '../protocol/vocabulary/fields.ts';
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

/** Takes the end of the request, and writes the response that switches protocols. */
export async function writeSwitch(
  { http, driver, runtime }: LeavingConnection,
  head: RequestHead,
  options: UpgradeOptions,
): Promise<void> {
  // One that proposes a protocol has no body. That of another is not waited for: it may be endless.
  while (head.upgrade && http.clientState === State.SEND_BODY) {
    if (http.nextEvent() === NEED_DATA) await driver.fill();
  }
  const isSent = options.sendResponse !== false;
  const proposed = head.headers.get('upgrade') ?? undefined;
  const response = http.sendResponse({
    status: switchStatus(head),
    // The connection's state changes with the response, also when the codec sends it; then one protocol is as good as another.
    fields: isSent ? fieldList(options.headers) : ['Upgrade', proposed ?? ''],
    length: undefined,
    date: runtime.date.toString(),
    proposed,
  });
  if (isSent) driver.write(response);
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
