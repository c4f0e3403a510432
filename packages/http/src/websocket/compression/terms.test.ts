import { describe, expect, test } from '@jest/globals';
import { answerOffers, readAnswer, writeOffer, type DeflateWishes } from './terms.ts';

const ANY: DeflateWishes = { contextTakeover: true, windowBits: 15 };
const FORGETFUL: DeflateWishes = { contextTakeover: false, windowBits: 15 };
const SMALL: DeflateWishes = { contextTakeover: true, windowBits: 10 };

const answerTo = (offers: readonly string[], wishes: DeflateWishes): unknown => {
  const answer = answerOffers(offers, wishes);
  return typeof answer === 'object' ? answer.text : answer;
};

describe('a server', () => {
  test.each<readonly [string, readonly string[], DeflateWishes, string | undefined]>([
    ['nothing', [], ANY, undefined],
    ['another extension', ['x-webkit-deflate-frame'], ANY, undefined],
    ['the name in other letters', ['Permessage-Deflate'], ANY, undefined],
    ['a bare offer', ['permessage-deflate'], ANY, 'permessage-deflate'],
    [
      'a browser’s offer',
      ['permessage-deflate; client_max_window_bits'],
      FORGETFUL,
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
    [
      'what the client asks of it',
      ['permessage-deflate; server_no_context_takeover; server_max_window_bits=12'],
      ANY,
      'permessage-deflate; server_no_context_takeover; server_max_window_bits=12',
    ],
    [
      'a larger window than it wishes',
      ['permessage-deflate; server_max_window_bits=15; client_max_window_bits=8'],
      SMALL,
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=8',
    ],
    [
      'a window that the client leaves to it',
      ['permessage-deflate; client_max_window_bits'],
      SMALL,
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10',
    ],
    ['a window that cannot be limited', ['permessage-deflate'], SMALL, undefined],
    [
      'the second of two offers',
      ['permessage-deflate; server_max_window_bits=7, permessage-deflate; client_max_window_bits'],
      ANY,
      'permessage-deflate',
    ],
    [
      'the offer of a second field',
      ['unknown; a=b', 'permessage-deflate; client_no_context_takeover'],
      ANY,
      'permessage-deflate; client_no_context_takeover',
    ],
    [
      'the first, when both are right',
      ['permessage-deflate; server_no_context_takeover', 'permessage-deflate'],
      ANY,
      'permessage-deflate; server_no_context_takeover',
    ],
    ['a malformed field', ['permessage-deflate; a b'], ANY, 'malformed'],
    ['a malformed field after a right one', ['permessage-deflate', 'a;'], ANY, 'malformed'],
  ])('answers %s', (_what, offers, wishes, expected) => {
    expect(answerTo(offers, wishes)).toBe(expected);
  });

  test.each([
    'unknown',
    'unknown=1',
    'server_no_context_takeover=1',
    'client_no_context_takeover="true"',
    'server_max_window_bits',
    'server_max_window_bits=7',
    'server_max_window_bits=16',
    'server_max_window_bits=08',
    'server_max_window_bits=1e1',
    'client_max_window_bits=0',
    'client_max_window_bits=015',
    'server_no_context_takeover; server_no_context_takeover',
    'client_max_window_bits; client_max_window_bits=15',
    'Server_no_context_takeover',
  ])('passes over an offer with %s', (parameters) => {
    const offer = `permessage-deflate; ${parameters}`;
    expect(answerTo([offer], ANY)).toBeUndefined();
    expect(answerTo([`${offer}, permessage-deflate`], ANY)).toBe('permessage-deflate');
  });
});

describe('a client', () => {
  test.each([
    [ANY, 'permessage-deflate; client_max_window_bits'],
    [
      FORGETFUL,
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
    ],
    [SMALL, 'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10'],
  ])('that wishes %j offers %s', (wishes, offer) => {
    expect(writeOffer(wishes)).toBe(offer);
    // What it offers, its own server agrees to; and what that answers, it takes.
    const answer = answerOffers([offer], wishes);
    expect(answer).toMatchObject({ terms: {} });
    const { terms, text } = answer as Exclude<typeof answer, string | undefined>;
    expect(readAnswer([text], wishes)).toEqual(terms);
  });

  test.each([
    ['more than it asked for', ['permessage-deflate; server_no_context_takeover'], ANY, {}],
    [
      'windows',
      ['permessage-deflate; server_max_window_bits=8; client_max_window_bits="9"'],
      ANY,
      { serverMaxWindowBits: 8, clientMaxWindowBits: 9 },
    ],
    [
      'no mention of its window, which it keeps all the same',
      ['permessage-deflate; server_max_window_bits=10'],
      SMALL,
      { clientMaxWindowBits: 10 },
    ],
    [
      'no mention of forgetting, which it does all the same',
      ['permessage-deflate; server_no_context_takeover'],
      FORGETFUL,
      { clientNoContextTakeover: true },
    ],
  ])('takes %s', (_what, lines, wishes, terms) => {
    expect(readAnswer(lines, wishes)).toMatchObject(terms);
  });

  test('takes no answer for no compression', () => {
    expect(readAnswer([], ANY)).toBeUndefined();
  });

  test.each([
    ['another extension', ['x-other'], ANY],
    ['two', ['permessage-deflate, permessage-deflate'], ANY],
    ['two in two fields', ['permessage-deflate', 'permessage-deflate'], ANY],
    ['a malformed field', ['permessage-deflate; =1'], ANY],
    ['an empty field', [''], ANY],
    ['an unknown parameter', ['permessage-deflate; x'], ANY],
    ['a window without a value', ['permessage-deflate; client_max_window_bits'], ANY],
    ['a window of 16', ['permessage-deflate; client_max_window_bits=16'], ANY],
    [
      'a parameter twice',
      ['permessage-deflate; server_max_window_bits=9; server_max_window_bits=9'],
      ANY,
    ],
    ['a server that keeps its window', ['permessage-deflate'], FORGETFUL],
    [
      'a server’s window that is too large',
      ['permessage-deflate; server_max_window_bits=11'],
      SMALL,
    ],
    ['a server’s window without a limit', ['permessage-deflate; client_max_window_bits=10'], SMALL],
    [
      'a larger window than it offered',
      ['permessage-deflate; server_max_window_bits=10; client_max_window_bits=11'],
      SMALL,
    ],
  ])('refuses %s', (_what, lines, wishes) => {
    expect(readAnswer(lines, wishes)).toBe('refused');
  });
});
