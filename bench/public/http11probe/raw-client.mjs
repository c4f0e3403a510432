/** A connection as the probe uses one: bytes are sent, a response is read, and then the connection is looked at. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseResponse } from './parse-response.mjs';

const MOST = 65_536;
/** After a head, the body has so long to come; then the peer has so long to close. In milliseconds. */
const BODY_PAUSE = 100;
const CLOSE_PAUSE = 50;

export class RawClient {
  #socket;
  #received = Buffer.alloc(0);
  #isEnded = false;
  #failure;
  #wake = () => {};
  #timeout;

  constructor(timeout) {
    this.#timeout = timeout;
  }

  async connect(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.#socket = socket;
    const change = (apply) => (value) => {
      apply(value);
      this.#wake();
    };
    socket.on(
      'data',
      change((bytes) => (this.#received = Buffer.concat([this.#received, bytes]))),
    );
    socket.on(
      'end',
      change(() => (this.#isEnded = true)),
    );
    socket.on(
      'error',
      change((error) => (this.#failure = error)),
    );
    await once(socket, 'connect', { signal: AbortSignal.timeout(this.#timeout) });
  }

  send(bytes) {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Reads a response and tells what became of the connection: what `TestRunner` does after each send. */
  async exchange() {
    const deadline = performance.now() + this.#timeout;
    let state = 'Open';
    while (!this.#received.includes('\r\n\r\n') && this.#received.length < MOST) {
      if (this.#isEnded || this.#failure !== undefined) {
        state = 'ClosedByServer';
        break;
      }
      const left = deadline - performance.now();
      if (left <= 0) {
        state = 'TimedOut';
        break;
      }
      await this.#change(left);
    }
    if (state === 'Open') await sleep(BODY_PAUSE);
    const response = parseResponse(this.#take());
    if (state === 'Open' && (await this.isClosedAfter(CLOSE_PAUSE))) state = 'ClosedByServer';
    return { response, state };
  }

  async isClosedAfter(milliseconds) {
    await sleep(milliseconds);
    return (this.#isEnded && this.#received.length === 0) || this.#failure !== undefined;
  }

  #take() {
    const bytes = this.#received.subarray(0, MOST);
    this.#received = this.#received.subarray(MOST);
    return bytes;
  }

  #change(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  destroy() {
    this.#socket?.destroy();
  }
}
