/** The state of the process, kept up to date from what the server sends, or read from a file. */

const KEYED = ['sockets', 'tasks', 'requests', 'routes'];
const keyOf = (part, row) => (part === 'routes' ? `${row.method} ${row.route}` : row.id);
/** Points of the small charts. */
const MOST_POINTS = 60;

export class State {
  /** Everything but the keyed parts. */
  facts;
  sockets = new Map();
  tasks = new Map();
  requests = new Map();
  routes = new Map();
  /** What a recording holds. */
  events = [];
  /** Requests that are in no event. */
  leftOut = 0;
  /** `live`, or `file`. */
  mode = 'live';
  points = { sockets: [], requests: [], tasks: [], loop: [], memory: [], answered: [] };
  #receivedAt = 0;
  #answered = 0;

  /** A message of the live stream. */
  take(message) {
    const { type, ...facts } = message;
    for (const part of KEYED) {
      if (type === 'state') this[part].clear();
      for (const row of message[part].set) this[part].set(keyOf(part, row), row);
      for (const key of message[part].gone) this[part].delete(key);
      delete facts[part];
    }
    this.facts = facts;
    this.mode = 'live';
    this.#receivedAt = performance.now();
    this.#addPoints();
  }

  /** A file: a recording, or the JSON of one look. */
  open(file) {
    const recording = file.format === 'awaitio-recording' ? file : { inspection: file, events: [] };
    if (recording.inspection?.format !== 'awaitio-inspection' || recording.inspection.version !== 1)
      throw new Error('this is no recording of an awaitio inspector');
    const { inspection } = recording;
    const message = { ...inspection, type: 'state' };
    for (const part of KEYED) message[part] = { set: inspection[part], gone: [] };
    for (const points of Object.values(this.points)) points.length = 0;
    this.take(message);
    for (const points of Object.values(this.points)) points.length = 0;
    this.events = recording.events;
    this.leftOut = recording.leftOut ?? 0;
    this.mode = 'file';
    for (const event of this.events) {
      if (event.type !== 'numbers') continue;
      this.#point('sockets', event.sockets);
      this.#point('requests', event.requests);
      this.#point('tasks', event.tasks);
      this.#point('loop', event.loopDelay);
    }
  }

  /** The moment now, on the clock of the process; in a file, its end. */
  get now() {
    if (this.facts === undefined) return 0;
    return this.facts.now + (this.mode === 'live' ? performance.now() - this.#receivedAt : 0);
  }

  #addPoints() {
    const { facts } = this;
    this.#point('sockets', this.sockets.size);
    this.#point('requests', this.requests.size);
    this.#point('tasks', this.tasks.size);
    this.#point('loop', facts.process.loopDelay);
    this.#point('memory', facts.process.memory);
    const answered = facts.servers.reduce((sum, { completed }) => sum + completed, 0);
    if (this.#answered > 0 || answered === 0) {
      this.#point('answered', Math.max(0, answered - this.#answered));
    }
    this.#answered = answered;
  }

  #point(name, value) {
    const points = this.points[name];
    points.push(value);
    if (points.length > MOST_POINTS) points.shift();
  }
}
