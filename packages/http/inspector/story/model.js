/**
 * A recording as a story: lanes, and what happened in them, in order. Recordings of simulations and of processes both become one.
 */
import { duration } from '../format.js';

/** More lanes than this cannot be read: further peers share the last one. */
const MOST_LANES = 12;
const PROGRAM = 'program';

/** @returns {{ title, lanes, items, waits, end, facts, stack, isSimulation }} */
export function storyOf(file) {
  if (file?.format !== 'awaitio-recording' || file.version !== 1) {
    throw new Error('this is no recording of awaitio');
  }
  return file.kind === 'simulation' ? ofSimulation(file) : ofProcess(file);
}

// --- Simulations -----------------------------------------------------------------------------------------------

function ofSimulation({ simulation, events }) {
  const { virtualTime: end, hosts } = simulation;
  const items = grouped(events, end).map((event, index) => ({ ...event, key: String(index) }));
  const lanes = inOrder(hosts, events);
  // Listeners that accept wait by nature: they come last.
  const waits = simulation.waits.toSorted((a, b) => isAccept(a) - isAccept(b));
  const needsProgram = waits.some(({ host }) => host === null) || hosts.length === 0;
  return {
    ...simulation,
    isSimulation: true,
    lanes: needsProgram ? [...lanes, PROGRAM] : lanes,
    items,
    waits: waits.map((wait) => ({
      ...wait,
      lane: wait.host ?? PROGRAM,
      received: receivedBy(wait, items),
    })),
    end,
  };
}

const isAccept = ({ operation }) => Number(operation === 'accept');

/** Those who connect on the left, those who listen on the right. */
function inOrder(hosts, events) {
  const clients = events.filter(({ what }) => what === 'connect').map((event) => event.hosts[0]);
  return [...new Set([...clients, ...hosts])];
}

/** Pieces that follow one another in one direction are one message in several pieces. */
function grouped(events, end) {
  const items = [];
  for (const event of events) {
    const last = items.at(-1);
    if (event.what === 'timer' && last?.what === 'timer') {
      last.times.push(event.at);
      last.time = event.at;
      last.title = timersTitle(last.times);
      continue;
    }
    if (event.what === 'timer') {
      items.push({ ...event, times: [event.at], title: timersTitle([event.at]), time: event.at });
      continue;
    }
    if (event.type !== 'message') {
      items.push({ ...event, title: titleOf(event), time: event.at });
      continue;
    }
    const time = event.at ?? event.lostAt ?? end;
    const piece = { sent: event.sent, at: event.at, size: event.size, bytes: decoded(event.bytes) };
    const isNext =
      last?.type === 'message' &&
      last.what === 'data' &&
      event.what === 'data' &&
      last.connection === event.connection &&
      (last.at === null) === (event.at === null) &&
      last.lostAt === event.lostAt;
    if (isNext) {
      last.pieces.push(piece);
      last.size += event.size;
      last.at = event.at;
      last.time = time;
    } else items.push({ ...event, time, pieces: [piece] });
  }
  for (const item of items) if (item.type === 'message') item.title = messageTitle(item, 90);
  return items;
}

/** Timers that fire one after another, with nothing between them. */
function timersTitle(times) {
  if (times.length === 1) return 'a timer';
  const steps = times.slice(1).map((time, index) => time - times[index]);
  const [least, most] = [Math.min(...steps), Math.max(...steps)];
  if (most < 0.001) return `${times.length} timers at once`;
  const apart =
    most - least < 0.001
      ? `${duration(least)} apart`
      : `${duration(least)} to ${duration(most)} apart`;
  return `${times.length} timers, ${apart}, from ${times[0].toFixed(3)} ms on`;
}

/** Base64 as a string of one character for each byte; null for what was not kept. */
function decoded(base64) {
  return base64 === null ? null : atob(base64);
}

/** @param most - The most characters */
export function messageTitle({ what, size, pieces, at, lostAt, title }, most) {
  const lost = at !== null ? '' : lostAt === null ? 'on its way: ' : 'lost: ';
  if (what === 'fin') return `${lost}FIN: no more will follow`;
  if (what === 'reset') return `${lost}RST: the connection is reset`;
  if (what === 'ack') return `${lost}connection open`;
  if (what === 'request' || what === 'response') return title;
  const text = textOf(pieces);
  const amount = `${size} B${partsOf(pieces)}`;
  const room = Math.max(8, most - lost.length - amount.length - 5);
  return `${lost}${text === null ? '(bytes not kept)' : `“${preview(text, room)}”`} · ${amount}`;
}

function partsOf(pieces) {
  if (pieces.length === 1) return '';
  if (pieces.length > 4) return ` in ${pieces.length} pieces`;
  return ` in pieces of ${pieces.map(({ size }) => size).join(' + ')}`;
}

/** The bytes of pieces; null when some were not kept. */
export function textOf(pieces) {
  return pieces.some(({ bytes }) => bytes === null)
    ? null
    : pieces.map(({ bytes }) => bytes).join('');
}

/** Bytes as text in which each can be seen, cut in the middle: its end says whether something is missing. */
export function preview(bytes, most) {
  const text = bytes
    .replaceAll('\r\n', '\u23ce')
    .replaceAll('\n', '\u23ce')
    .replaceAll('\r', '\u240d')
    .replaceAll('\t', '\u2192')
    .replaceAll(/[^\x20-\x7e\u23ce\u240d\u2192]/g, '\u00b7');
  if (text.length <= most) return text;
  const tail = Math.floor(most / 3);
  return `${text.slice(0, most - tail - 1)}\u2026${text.slice(-tail)}`;
}

const FAULTS = {
  partition: 'partition: nothing passes between',
  'partition!': 'partition: nothing passes between',
  cut: 'cut in one direction:',
  hold: 'held back between',
  crash: 'crash of',
  reset: 'reset of',
  'reset!': 'the network resets',
  silence: 'the network goes silent for',
  refused: 'connection refused:',
  'give up': 'gave up, the peer was unreachable:',
  pause: 'pause of',
};
const NOTES = {
  connect: 'connects:',
  listen: 'listens:',
  heal: 'healed:',
  'heal!': 'healed:',
  release: 'released:',
  restart: 'restart of',
};

function titleOf({ type, what, text }) {
  if (type === 'log') return text;
  return `${FAULTS[what] ?? NOTES[what] ?? `${what}:`} ${text}`;
}

/** What a wait on a connection has received on it: its end often says why it waits. */
function receivedBy({ subject, host }, items) {
  const [here, there] = subject.split(' → ');
  if (host === null || there === undefined) return null;
  const back = `${there} → ${here}`;
  const came = items.filter(
    ({ type, connection, at, what }) =>
      type === 'message' && connection === back && at !== null && what === 'data',
  );
  const lost = items.filter(
    ({ type, connection, at }) => type === 'message' && connection === back && at === null,
  );
  const sent = items.filter(
    ({ type, connection, at }) => type === 'message' && connection === subject && at === null,
  );
  const pieces = came.flatMap((item) => item.pieces);
  const last = came.at(-1);
  return {
    size: came.reduce((sum, { size }) => sum + size, 0),
    tail: last === undefined ? null : textOf(pieces),
    at: last?.at ?? null,
    isEnded: items.some(
      ({ type, connection, what, at }) =>
        type === 'message' && connection === back && what === 'fin' && at !== null,
    ),
    lost: lost.reduce((sum, { size }) => sum + size, 0),
    undelivered: sent.reduce((sum, { size }) => sum + size, 0),
  };
}

// --- Processes -------------------------------------------------------------------------------------------------

/** A request that a server has received is two messages: there, and back. */
function ofProcess({ inspection, events, leftOut = 0 }) {
  const end = inspection.now;
  const start = Math.min(end, ...events.map(({ at, duration: took = 0 }) => at - took));
  const server = `process ${inspection.process.pid}`;
  const peers = new Map();
  const laneOf = (lane) => {
    const peer = lane.replace(/^#\d+ /, '').replace(/:\d+$/, '') || 'clients';
    if (!peers.has(peer)) peers.set(peer, peers.size < MOST_LANES - 1 ? peer : 'other clients');
    return peers.get(peer);
  };
  const items = [];
  const add = (item) => items.push({ ...item, key: String(items.length) });
  const message = (what, sent, at, from, to, connection, title) =>
    add({
      type: 'message',
      what,
      sent,
      at,
      time: at,
      from,
      to,
      connection,
      size: 0,
      title,
      pieces: [],
    });
  for (const event of events) {
    const { type, at, lane } = event;
    if (type === 'numbers' || type === 'connection') continue;
    const peer = laneOf(lane);
    if (type === 'refused') {
      const text = `refused with ${event.status || 'no answer'}: ${event.cause}`;
      add({
        type: 'fault',
        at: at - start,
        time: at - start,
        what: 'refused',
        title: text,
        hosts: [peer, server],
      });
      continue;
    }
    const { method, path, status, isComplete, duration: took } = event;
    const from = at - took - start;
    message('request', from, from, peer, server, lane, `${method} ${path}`);
    const answer = isComplete ? String(status) : 'broken off';
    message(
      'response',
      at - start,
      at - start,
      server,
      peer,
      lane,
      `${answer} ${method} ${path}, after ${duration(took)}`,
    );
  }
  const waits = inspection.requests.map((request) => {
    const { id, peer, method, path, text, since } = request;
    const lane = laneOf(peer);
    message(
      'request',
      since - start,
      since - start,
      lane,
      server,
      `#${id.split('.')[1]} ${peer}`,
      `${method} ${path}`,
    );
    const [wait] = request.waits;
    return {
      since: since - start,
      operation: text,
      sentence:
        `${method} ${path} of ${peer} ${text}, for ${duration(inspection.now - since)}`.trim(),
      subject: peer,
      lane: server,
      task: null,
      site: wait?.site ?? null,
      received: null,
    };
  });
  items.sort((a, b) => a.time - b.time);
  return {
    isSimulation: false,
    lanes: [server, ...new Set(peers.values())],
    items,
    waits,
    end: end - start,
    leftOut,
    what: `the last ${duration(end - start)} of process ${inspection.process.pid}`,
    attention: inspection.attention,
    stack: null,
  };
}
