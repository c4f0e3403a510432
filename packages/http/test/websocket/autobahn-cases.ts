/**
 * What a peer sends and what has to come of it: the cases of the Autobahn test suite, sections 1 to 7, read there and
 * written anew as data. The numbers are the suite’s.
 */
import {
  BINARY,
  CLOSE,
  closing,
  CONTINUATION,
  hex,
  PING,
  PONG,
  short,
  TEXT,
  type FrameSpec,
} from './frames.ts';

export interface WireCase {
  readonly id: string;
  readonly what: string;
  readonly frames: readonly FrameSpec[];
  /** What comes of it, as `show` writes it. After a close frame or a failure nothing does. */
  readonly events: readonly string[];
}

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const SIZES = [0, 125, 126, 127, 128, 65_535, 65_536];
const WHOLE_PING = { opcode: PING, payload: 'ping payload' } as const;
const PING_EVENT = `ping ${hex(Buffer.from('ping payload'))}`;
const EVERY = Buffer.from([0, 255, 254, 253, 252, 251, 0, 255]);
const REFUSED = 'failure 1002';
const NOT_UTF8 = 'failure 1007';

const sizes: readonly WireCase[] = SIZES.flatMap((size, index) => [
  {
    id: `1.1.${index + 1}`,
    what: `text of ${size} bytes`,
    frames: [{ opcode: TEXT, payload: '*'.repeat(size) }],
    events: [`text ${short('*'.repeat(size))}`],
  },
  {
    id: `1.2.${index + 1}`,
    what: `${size} bytes`,
    frames: [{ opcode: BINARY, payload: Buffer.alloc(size, 0xfe) }],
    events: [`binary ${short('fe'.repeat(size))}`],
  },
]);

const pings: readonly WireCase[] = [
  { id: '2.1', what: 'a ping', frames: [{ opcode: PING }], events: ['ping '] },
  { id: '2.2', what: 'a ping with text', frames: [WHOLE_PING], events: [PING_EVENT] },
  {
    id: '2.3',
    what: 'a ping with bytes that are no text',
    frames: [{ opcode: PING, payload: EVERY }],
    events: [`ping ${hex(EVERY)}`],
  },
  {
    id: '2.4',
    what: 'a ping of 125 bytes',
    frames: [{ opcode: PING, payload: Buffer.alloc(125, 0xfe) }],
    events: [`ping ${short('fe'.repeat(125))}`],
  },
  {
    id: '2.5',
    what: 'a ping of 126 bytes',
    frames: [{ opcode: PING, payload: Buffer.alloc(126, 0xfe) }],
    events: [REFUSED],
  },
  {
    id: '2.7',
    what: 'a pong that no ping asked for',
    frames: [{ opcode: PONG }],
    events: ['pong '],
  },
  {
    id: '2.9',
    what: 'a pong that no ping asked for, then a ping',
    frames: [{ opcode: PONG, payload: 'x' }, WHOLE_PING],
    events: ['pong 78', PING_EVENT],
  },
  {
    id: '2.10',
    what: 'ten pings',
    frames: Array.from({ length: 10 }, () => WHOLE_PING),
    events: Array.from({ length: 10 }, () => PING_EVENT),
  },
];

const reserved: readonly WireCase[] = [
  ...[1, 2, 3, 4, 5, 6].map((rsv) => ({
    id: `3.${rsv}`,
    what: `reserved bits ${rsv} on text`,
    frames: [{ opcode: TEXT, payload: 'Hello' }, { opcode: TEXT, payload: 'x', rsv }, WHOLE_PING],
    events: ['text Hello', REFUSED],
  })),
  {
    id: '3.7',
    what: 'all reserved bits on a close frame',
    frames: [{ opcode: CLOSE, rsv: 7 }],
    events: [REFUSED],
  },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
    {
      id: `4.${opcode < 8 ? 1 : 2}.${opcode}`,
      what: `opcode ${opcode}`,
      frames: [{ opcode, payload: 'reserved' }, WHOLE_PING],
      events: [REFUSED],
    },
    {
      id: `4.${opcode < 8 ? 1 : 2}.${opcode} after text`,
      what: `text, then opcode ${opcode} without payload`,
      frames: [{ opcode: TEXT, payload: 'Hello' }, { opcode }, WHOLE_PING],
      events: ['text Hello', REFUSED],
    },
  ]),
];

const first = { opcode: TEXT, payload: 'fragment1', fin: false } as const;
const last = { opcode: CONTINUATION, payload: 'fragment2' } as const;
const fragments: readonly WireCase[] = [
  {
    id: '5.1',
    what: 'a ping in two fragments',
    frames: [
      { opcode: PING, payload: 'x', fin: false },
      { opcode: CONTINUATION, payload: 'y' },
    ],
    events: [REFUSED],
  },
  {
    id: '5.2',
    what: 'a pong in two fragments',
    frames: [
      { opcode: PONG, payload: 'x', fin: false },
      { opcode: CONTINUATION, payload: 'y' },
    ],
    events: [REFUSED],
  },
  { id: '5.3', what: 'text in two', frames: [first, last], events: ['text fragment1fragment2'] },
  {
    id: '5.6',
    what: 'a ping between two fragments',
    frames: [first, WHOLE_PING, last],
    events: [PING_EVENT, 'text fragment1fragment2'],
  },
  {
    id: '5.9',
    what: 'a continuation of nothing, then text',
    frames: [
      { opcode: CONTINUATION, payload: 'x' },
      { opcode: TEXT, payload: 'Hello' },
    ],
    events: [REFUSED],
  },
  {
    id: '5.12',
    what: 'a continuation of nothing that goes on',
    frames: [
      { opcode: CONTINUATION, payload: 'x', fin: false },
      { opcode: TEXT, payload: 'Hello' },
    ],
    events: [REFUSED],
  },
  {
    id: '5.15',
    what: 'text in two, then a continuation of nothing',
    frames: [first, last, { opcode: CONTINUATION, payload: 'x', fin: false }, first],
    events: ['text fragment1fragment2', REFUSED],
  },
  {
    id: '5.18',
    what: 'two fragments that both begin text',
    frames: [first, { opcode: TEXT, payload: 'fragment2' }],
    events: [REFUSED],
  },
  {
    id: '5.19',
    what: 'five fragments with pings between',
    frames: [
      first,
      { opcode: CONTINUATION, payload: '2', fin: false },
      WHOLE_PING,
      { opcode: CONTINUATION, payload: '3', fin: false },
      { opcode: CONTINUATION, payload: '4', fin: false },
      WHOLE_PING,
      { opcode: CONTINUATION, payload: '5' },
    ],
    events: [PING_EVENT, PING_EVENT, 'text fragment12345'],
  },
  {
    id: '5.20',
    what: 'bytes in fragments, some of them empty',
    frames: [
      { opcode: BINARY, payload: 'a', fin: false },
      { opcode: CONTINUATION, fin: false },
      { opcode: CONTINUATION, payload: 'b', fin: false },
      { opcode: CONTINUATION },
    ],
    events: ['binary 6162'],
  },
];

const text = (id: string, what: string, payload: Buffer | string, valid: boolean): WireCase => {
  const shown = `text ${short(payload.toString())}`;
  return { id, what, frames: [{ opcode: TEXT, payload }], events: [valid ? shown : NOT_UTF8] };
};
const parts = (payload: Buffer, ...cuts: readonly number[]): FrameSpec[] =>
  [0, ...cuts].map((from, index) => ({
    opcode: index === 0 ? TEXT : CONTINUATION,
    payload: payload.subarray(from, cuts[index] ?? payload.length),
    fin: index === cuts.length,
  }));
const GREEK = bytes('cebae1bdb9cf83cebcceb5');
const BROKEN = Buffer.concat([GREEK, bytes('eda080'), Buffer.from('edited')]);

/** Sequences of section 6.5 to 6.23: those that are UTF-8, and those that are not. */
const VALID = `ceba e1bdb9 00 c280 e0a080 f0908080 7f dfbf efbfbf f48fbfbf ed9fbf ee8080 efbfbd
  efbfbe f09fbfbe f09fbfbf f48fbfbe efb790`;
const INVALID = `f8888080 80 fc8480808080 f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf f4908080 bf 80bf 80bf80
  c020 c0 e080 f08080 f8808080 df ef ffbf fe ff fefeffff c0af e080af f08080af f8808080af fc80808080af
  c1bf e09fbf f08fbfbf c080 e08080 f0808080 eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf eda080edb080
  edafbfedbfbf ce cebae1 e1bd f0908080f1`;
const list = (sequences: string): string[] => sequences.split(/\s+/).filter((each) => each !== '');

const utf8: readonly WireCase[] = [
  text('6.1.1', 'empty text', '', true),
  {
    id: '6.1.2',
    what: 'three empty fragments',
    frames: parts(Buffer.alloc(0), 0, 0),
    events: ['text '],
  },
  {
    id: '6.1.3',
    what: 'an empty fragment on either side',
    frames: parts(Buffer.from('middle'), 0, 6),
    events: ['text middle'],
  },
  text('6.2.1', 'Greek and more', Buffer.from('Hello-µ@ßöäüàá-UTF-8!!'), true),
  {
    id: '6.2.2',
    what: 'the same, cut between characters',
    frames: parts(Buffer.from('Hello-µ@ßöäüàá-UTF-8!!'), 12),
    events: ['text Hello-µ@ßöäüàá-UTF-8!!'],
  },
  {
    id: '6.2.3',
    what: 'the same, a byte a fragment',
    frames: parts(GREEK, ...Array.from({ length: GREEK.length - 1 }, (_, at) => at + 1)),
    events: [`text ${GREEK.toString()}`],
  },
  text('6.3.1', 'a surrogate in the middle', BROKEN, false),
  {
    id: '6.3.2',
    what: 'the same, a byte a fragment',
    frames: parts(BROKEN, ...Array.from({ length: BROKEN.length - 1 }, (_, at) => at + 1)),
    events: [NOT_UTF8],
  },
  {
    id: '6.4.1',
    what: 'a message whose second fragment is wrong, and whose last never comes',
    frames: [
      { opcode: TEXT, payload: GREEK, fin: false },
      { opcode: CONTINUATION, payload: bytes('f4908080'), fin: false },
    ],
    events: [NOT_UTF8],
  },
  ...list(VALID).map((each) => text(`6.valid ${each}`, 'UTF-8', bytes(each), true)),
  ...list(INVALID).map((each) => text(`6.invalid ${each}`, 'not UTF-8', bytes(each), false)),
];

const close = (id: string, what: string, payload: Buffer, event: string): WireCase => ({
  id,
  what,
  frames: [{ opcode: CLOSE, payload }, WHOLE_PING],
  events: [event],
});
const HELLO = { opcode: TEXT, payload: 'Hello' } as const;
const BYE = { opcode: CLOSE, payload: closing(1000) } as const;

const closes: readonly WireCase[] = [
  {
    id: '7.1.1',
    what: 'text, then close',
    frames: [HELLO, BYE],
    events: ['text Hello', 'close 1000 '],
  },
  { id: '7.1.2', what: 'close twice', frames: [BYE, BYE], events: ['close 1000 '] },
  { id: '7.1.3', what: 'a ping after close', frames: [BYE, WHOLE_PING], events: ['close 1000 '] },
  { id: '7.1.4', what: 'text after close', frames: [BYE, HELLO], events: ['close 1000 '] },
  {
    id: '7.1.5',
    what: 'close between two fragments',
    frames: [first, BYE, last],
    events: ['close 1000 '],
  },
  {
    id: '7.1.6',
    what: '256 KiB, close, ping',
    frames: [{ opcode: TEXT, payload: 'B'.repeat(262_144) }, BYE, WHOLE_PING],
    events: [`text ${short('B'.repeat(262_144))}`, 'close 1000 '],
  },
  close('7.3.1', 'no payload', Buffer.alloc(0), 'close 1005 '),
  close('7.3.2', 'one byte', Buffer.from('a'), REFUSED),
  close('7.3.3', 'a code', closing(1000), 'close 1000 '),
  close('7.3.4', 'a reason', closing(1000, 'Hello World!'), 'close 1000 Hello World!'),
  close(
    '7.3.5',
    'the longest reason',
    closing(1000, '*'.repeat(123)),
    `close 1000 ${short('*'.repeat(123))}`,
  ),
  close('7.3.6', 'a reason too long', closing(1000, '*'.repeat(124)), REFUSED),
  close('7.5.1', 'a reason that is no UTF-8', closing(1000, BROKEN), NOT_UTF8),
  close('7.5.2', 'a reason cut within a character', closing(1000, bytes('ceba e1bd')), NOT_UTF8),
  ...[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ].map((code) => close(`7.7 ${code}`, 'a code that may be sent', closing(code), `close ${code} `)),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) =>
    close(`7.9 ${code}`, 'a code that is never sent', closing(code), REFUSED),
  ),
];

export const AUTOBAHN_CASES: readonly WireCase[] = [
  ...sizes,
  ...pings,
  ...reserved,
  ...fragments,
  ...utf8,
  ...closes,
];
