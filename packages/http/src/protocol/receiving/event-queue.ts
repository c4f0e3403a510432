/**
 * Events that were parsed and not taken yet, and how much they hold.
 *
 * A connection parses what has come, and stops when enough waits: `readAheadMessages`, `readAheadBytes`. The array keeps its
 * length, since setting it is a call into the runtime, and begins with room for what most connections ever have: one that
 * grows from nothing has room for seventeen (`pnpm bench --only parser`).
 */

import type { RemoteProtocolError } from '../vocabulary/errors.ts';
import {
  Data,
  END,
  EndOfMessage,
  ResponseHead,
  type ConnectionEvent,
} from '../vocabulary/events.ts';
import type { ProtocolLimits } from '../vocabulary/limits.ts';

/** An event, or the failure that stands in its place. */
type Entry = ConnectionEvent | RemoteProtocolError;

/** What a queued `Data` counts for beside its bytes: a flood of tiny ones costs objects. */
const DATA_COST = 64;
/** An array that was longer than this is replaced when it is empty. */
const MANY = 64;

export class EventQueue {
  readonly #limits: ProtocolLimits;
  /** Entries from `#first` to before `#end` wait. */
  #entries: Entry[] = [END, END, END, END];
  #first = 0;
  #end = 0;
  #messages = 0;
  #bytes = 0;

  constructor(limits: ProtocolLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#first === this.#end;
  }

  /** Whether more may be parsed ahead. */
  get hasRoom(): boolean {
    return (
      this.#messages < this.#limits.readAheadMessages && this.#bytes < this.#limits.readAheadBytes
    );
  }

  /** Adds an entry that does not count: a head, a failure, the end of the connection. */
  push(entry: Entry): void {
    this.#entries[this.#end] = entry;
    this.#end += 1;
  }

  pushData(data: Data): void {
    this.#bytes += data.length + DATA_COST;
    this.push(data);
  }

  /** Adds the last event of a message: its end, or all of an informational response. */
  pushLast(entry: ConnectionEvent): void {
    this.#messages += 1;
    this.push(entry);
  }

  /** Takes the first entry, or `undefined`. */
  shift(): Entry | undefined {
    if (this.#first === this.#end) return undefined;
    const entry = this.#entries[this.#first] as Entry;
    this.#entries[this.#first] = END;
    this.#first += 1;
    // The reader asks for more bytes only when nothing waits, so that the places before `#first` are few.
    if (this.#first === this.#end) {
      this.#first = 0;
      this.#end = 0;
      if (this.#entries.length > MANY) this.#entries = [END, END, END, END];
    }
    if (entry instanceof Data) this.#bytes -= entry.length + DATA_COST;
    else if (entry instanceof EndOfMessage || isInformational(entry)) this.#messages -= 1;
    return entry;
  }
}

/** An informational response is a whole message, without an end event. */
function isInformational(entry: Entry): boolean {
  return entry instanceof ResponseHead && entry.type === 'informational';
}
