/**
 * The callbacks that libuv calls on handles and requests. All of them share these few functions, which find the carrier on the object
 * itself: no connection and no write makes a closure.
 */

import { resetOrClose, type HandleRequest, type StreamHandle } from './stream-handle.ts';

/** The carrier of a handle or request, stored on it. */
const CARRIER: unique symbol = Symbol('awaitio.carrier');

/** What the callbacks need of a carrier. */
export interface HandleCarrier {
  /** A read completed: bytes, EOF or an error. */
  onRead(): void;
  /** A write that the kernel did not take at once has completed. */
  onWritten(status: number, bytes: number): void;
  /** FIN was sent. */
  onFinished(): void;
  onClosed(): void;
}

interface CarriedHandle extends StreamHandle {
  [CARRIER]?: HandleCarrier;
}

interface CarriedRequest extends HandleRequest {
  [CARRIER]?: HandleCarrier;
  /** The data being sent, kept alive. */
  data?: unknown;
  bytes?: number;
}

/** From now on the reads of a handle are those of a carrier. */
export function carryHandle(handle: CarriedHandle, carrier: HandleCarrier): void {
  handle[CARRIER] = carrier;
  handle.onread = onRead;
}

/** Keeps the data of a write alive, and calls {@link HandleCarrier.onWritten} when it has completed. */
export function carryWrite(
  request: CarriedRequest,
  carrier: HandleCarrier,
  data: unknown,
  bytes: number,
): void {
  request[CARRIER] = carrier;
  request.oncomplete = onWritten;
  request.data = data;
  request.bytes = bytes;
}

/** Calls {@link HandleCarrier.onFinished} when FIN was sent. */
export function carryShutdown(request: CarriedRequest, carrier: HandleCarrier): void {
  request[CARRIER] = carrier;
  request.oncomplete = onFinished;
}

/** Closes a handle, and calls {@link HandleCarrier.onClosed} of its carrier when it is closed. */
export function closeCarried(handle: StreamHandle): void {
  handle.close(onClosed);
}

/** As {@link closeCarried}, with an RST where there is one. */
export function resetCarried(handle: StreamHandle): void {
  resetOrClose(handle, onClosed);
}

function onRead(this: CarriedHandle): void {
  (this[CARRIER] as HandleCarrier).onRead();
}

function onClosed(this: CarriedHandle): void {
  (this[CARRIER] as HandleCarrier).onClosed();
}

function onWritten(this: CarriedRequest, status: number): void {
  (this[CARRIER] as HandleCarrier).onWritten(status, this.bytes as number);
}

function onFinished(this: CarriedRequest): void {
  (this[CARRIER] as HandleCarrier).onFinished();
}
