/** Real work of other threads, one piece after another in the order in which it was begun. */

interface Turn {
  readonly what: string;
  readonly begin: (done: () => void) => void;
}

export class Turns {
  readonly #waiting: Turn[] = [];
  #running: string | undefined;

  add(what: string, begin: (done: () => void) => void): void {
    this.#waiting.push({ what, begin });
  }

  /** Begins the next piece, when the one before has ended and nothing of the program can run. */
  proceed(): void {
    if (this.#running !== undefined) return;
    const turn = this.#waiting.shift();
    if (turn === undefined) return;
    this.#running = turn.what;
    let isDone = false;
    turn.begin(() => {
      if (isDone) return;
      isDone = true;
      this.#running = undefined;
    });
  }

  /** The names of what has not ended. */
  get work(): readonly string[] {
    const waiting = this.#waiting.map(({ what }) => what);
    return this.#running === undefined ? waiting : [this.#running, ...waiting];
  }
}
