/**
 * Compression: sections 12 and 13 of the Autobahn test suite, read there and written anew. The sizes, the fragments and the offers are the
 * suite’s; the contents are of the same kinds, and of a thousand messages at most 250 are sent, and 128 KiB of long ones.
 */
import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '@awaitio/core';
import { codingOf } from '../../src/websocket/compression/compression.ts';
import { answerOffers, readAnswer } from '../../src/websocket/compression/terms.ts';
import type { DeflateTerms, DeflateWishes } from '../../src/websocket/compression/terms.ts';
import { WebSocketConnection, type Role } from '../../src/websocket/protocol/connection.ts';
import { DEFAULT_PROTOCOL_LIMITS } from '../../src/websocket/protocol/limits.ts';
import { DeflatePeer, TEST_MASK, type Direction } from './deflate-peer.ts';

/** The size of a message, and of its fragments. */
const SIZES: readonly (readonly [size: number, fragment: number])[] = [
  ...[16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072].map(
    (size) => [size, Infinity] as const,
  ),
  ...[8_192, 16_384, 32_768, 65_536, 131_072].map((size) => [size, 256] as const),
  [131_072, 1_024],
  [131_072, 4_096],
  [131_072, 32_768],
];
const TOTAL = 131_072;

const JSON_FILE = {
  isText: true,
  data: content((n) => `{"id":${n},"name":"user ${n % 97}","tags":["a","b"],"on":true},\n`),
} as const;

/** Contents that compress as those of the suite: JSON, a picture, German text, HTML, and what is compressed already. */
const CONTENTS: Readonly<Record<string, { readonly isText: boolean; readonly data: Buffer }>> = {
  'a JSON file': JSON_FILE,
  'a picture': {
    isText: false,
    data: Buffer.from(
      Array.from(
        { length: 200_000 },
        (_, at) => (128 + 90 * Math.sin(at / 512) + ((at * 2_654_435_761) >>> 29)) & 255,
      ),
    ),
  },
  'German text': {
    isText: false,
    data: content(
      (n) => `Habe nun, ach! ${words(n)} durchaus studiert, mit hei\u00dfem Bem\u00fchn.\r\n`,
    ),
  },
  'an HTML file': {
    isText: false,
    data: content(
      (n) => `<tr class="row"><td>${n}</td><td><a href="/${words(n)}">x</a></td></tr>\n`,
    ),
  },
  'a compressed file': { isText: false, data: noise(200_000) },
};

function content(line: (n: number) => string): Buffer {
  let text = '';
  for (let n = 0; text.length < 200_000; n += 1) text += line(n);
  return Buffer.from(text);
}
function words(n: number): string {
  const list = [
    'Philosophie',
    'Juristerei',
    'Medizin',
    'leider',
    'auch',
    'Theologie',
    'Tor',
    'klug',
  ];
  return [n, n * 7, n * 31].map((at) => list[(at >> 1) % list.length]).join(' ');
}
function noise(length: number): Buffer {
  const random = seededRandom(1);
  return Buffer.from(Array.from({ length }, () => random.integer(0, 255)));
}

interface Offer {
  readonly section: string;
  readonly offers: readonly string[];
  readonly wishes: DeflateWishes;
  /** What this server answers. */
  readonly answer: string;
  /** What the suite’s server answers to this client. */
  readonly theirs: string;
}

const ANY = { contextTakeover: true, windowBits: 15 } as const;
const PLAIN = 'permessage-deflate; client_no_context_takeover; client_max_window_bits';
/** That of section 12 and the seven of section 13. The offers of Python let the server ask for anything of the client. */
const OFFERS: readonly Offer[] = [
  {
    section: '13.1',
    offers: [PLAIN],
    wishes: ANY,
    answer: 'permessage-deflate; client_no_context_takeover',
    theirs: 'permessage-deflate',
  },
  {
    section: '13.2',
    offers: [`${PLAIN}; server_no_context_takeover`],
    wishes: { ...ANY, contextTakeover: false },
    answer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    theirs: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  },
  {
    section: '13.3',
    offers: [`${PLAIN}; server_max_window_bits=9`],
    wishes: { ...ANY, windowBits: 9 },
    answer:
      'permessage-deflate; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9',
    theirs: 'permessage-deflate; server_max_window_bits=9; client_max_window_bits=9',
  },
  {
    section: '13.4',
    offers: [`${PLAIN}; server_max_window_bits=15`],
    wishes: ANY,
    answer: 'permessage-deflate; client_no_context_takeover; server_max_window_bits=15',
    theirs: 'permessage-deflate; client_max_window_bits=15',
  },
  {
    section: '13.5',
    offers: [`${PLAIN}; server_no_context_takeover; server_max_window_bits=9`],
    wishes: { contextTakeover: false, windowBits: 9 },
    answer:
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9',
    theirs:
      'permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_no_context_takeover; client_max_window_bits=9',
  },
  {
    section: '13.6',
    offers: [`${PLAIN}; server_no_context_takeover; server_max_window_bits=15`],
    wishes: { ...ANY, contextTakeover: false },
    answer:
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15',
    theirs:
      'permessage-deflate; server_no_context_takeover; server_max_window_bits=15; client_max_window_bits=15',
  },
  {
    section: '13.7',
    offers: [
      `${PLAIN}; server_no_context_takeover; server_max_window_bits=9, ${PLAIN}; server_no_context_takeover`,
      PLAIN,
    ],
    wishes: ANY,
    answer:
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9',
    theirs: 'permessage-deflate; client_no_context_takeover; client_max_window_bits=9',
  },
];

const directionsOf = (
  role: Role,
  terms: DeflateTerms,
): readonly [own: Direction, peer: Direction] => {
  const server = {
    hasTakeover: !terms.serverNoContextTakeover,
    windowBits: terms.serverMaxWindowBits,
  };
  const client = {
    hasTakeover: !terms.clientNoContextTakeover,
    windowBits: terms.clientMaxWindowBits,
  };
  return role === 'server' ? [server, client] : [client, server];
};

/** A connection of ours, and another implementation on the other side, with what was agreed on. */
function pairOf(
  role: Role,
  terms: DeflateTerms,
): { connection: WebSocketConnection; peer: DeflatePeer } {
  const settings = {
    threshold: 0,
    ceiling: Infinity,
    level: 3,
    contextTakeover: true,
    windowBits: 15,
  };
  const limits = { ...DEFAULT_PROTOCOL_LIMITS };
  const coding = codingOf(role, terms, settings, limits);
  const connection = new WebSocketConnection(role, limits, () => TEST_MASK, coding);
  const [own, other] = directionsOf(role, terms);
  return { connection, peer: new DeflatePeer(role === 'server', other, own) };
}

/** Sends messages, cut like this. @returns How many do not come back as they were */
function talk(
  { connection, peer }: ReturnType<typeof pairOf>,
  { isText, data }: { readonly isText: boolean; readonly data: Buffer },
  [size, fragment]: readonly [number, number],
  chop: number,
): number {
  const count = Math.min(250, Math.max(2, TOTAL / size));
  let right = 0;
  for (let index = 0, at = 0; index < count; index += 1) {
    const end = at + size;
    const sent =
      end <= data.length
        ? data.subarray(at, end)
        : Buffer.concat([data.subarray(at), data.subarray(0, end - data.length)]);
    at = end % data.length;
    const wire = peer.send(sent, isText, fragment);
    let echo: Uint8Array | undefined;
    for (let from = 0; from < wire.length;) {
      from += connection.receive(wire.subarray(from, from + chop));
      const event = connection.nextEvent();
      if (event === undefined) continue;
      if (event.type !== 'message' || echo !== undefined) throw new Error(`got ${event.type}`);
      echo = connection.sendMessage(event.data);
    }
    const back = peer.read(echo as Uint8Array);
    if (back.data.equals(sent) && back.isText === isText && back.isCoded) right += 1;
  }
  connection.free();
  return count - right;
}

const TERMS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

describe.each(['server', 'client'] as const)('a %s that compresses sends back', (role) => {
  describe.each(
    Object.entries(CONTENTS).map(([what, each], at) => ({ id: `12.${at + 1}`, what, each })),
  )('$id: $what', ({ each }) => {
    test.each(SIZES)('in messages of %d bytes, fragments of %d', (...sizes) => {
      expect(talk(pairOf(role, TERMS), each, sizes, 16_384)).toBe(0);
    });
  });

  describe.each(OFFERS)('$section: $offers', ({ offers, wishes, theirs }) => {
    const agreed = answerOffers(offers, wishes);
    const terms =
      role === 'client'
        ? readAnswer([theirs], ANY)
        : typeof agreed === 'object'
          ? agreed.terms
          : undefined;

    test.each(SIZES)('JSON in messages of %d bytes, fragments of %d', (...sizes) => {
      const chop = sizes[0] <= 1_024 ? 1 : 1_460;
      expect(talk(pairOf(role, terms as DeflateTerms), JSON_FILE, sizes, chop)).toBe(0);
    });
  });
});

describe('the answer to the offers of', () => {
  test.each(OFFERS)('$section', ({ offers, wishes, answer }) => {
    expect(answerOffers(offers, wishes)).toMatchObject({ text: answer });
  });
});
