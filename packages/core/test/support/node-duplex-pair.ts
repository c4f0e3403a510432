/** Two Node streams, each of which reads what the other writes; destroying one with an error resets the other. */

import { Duplex, type DuplexOptions } from 'node:stream';

type Done = (error?: Error | null) => void;

const errno = (code: string): Error => Object.assign(new Error(code), { code });

class PairedDuplex extends Duplex {
  peer!: PairedDuplex;
  /** Calls back when what was written here was asked for over there. */
  #wanted: (() => void) | undefined;

  override _read(): void {
    const { peer } = this;
    const wanted = peer.#wanted;
    peer.#wanted = undefined;
    wanted?.();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    if (this.peer.destroyed) {
      done(errno('EPIPE'));
    } else if (this.peer.push(chunk)) {
      // Later, as everything that leaves the process.
      setImmediate(done);
    } else {
      this.#wanted = done;
    }
  }

  override _final(done: Done): void {
    this.peer.push(null);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    if (error !== null && !this.peer.destroyed) this.peer.destroy(errno('ECONNRESET'));
    done(error);
  }
}

/** Makes the pair; both are set up alike. */
export function nodeDuplexPair(options?: DuplexOptions): [a: Duplex, b: Duplex] {
  const a = new PairedDuplex(options);
  const b = new PairedDuplex(options);
  a.peer = b;
  b.peer = a;
  return [a, b];
}
