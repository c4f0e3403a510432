import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { EXCEPTIONS, isExcepted, textsOf, wordsIn } from '../../../scripts/architecture/words.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the words of the repository', () => {
  const found = [...textsOf(root)].flatMap(([path, text]) => wordsIn(path, text));

  test('name who or what is meant', () => {
    const refused = found
      .filter((word) => !EXCEPTIONS.some((exception) => isExcepted(exception, word)))
      .map(({ path, line, word, instead }) => `${path}:${line}: "${word}": ${instead}`);
    expect(refused).toEqual([]);
  });

  test.each(EXCEPTIONS.filter(({ text }) => text !== undefined))(
    'need the exception for $path',
    (exception) => {
      expect(found.some((word) => isExcepted(exception, word))).toBe(true);
    },
  );
});

describe('the rules for words', () => {
  test.each([
    ['// Nobody waits.', 'Nobody'],
    ['/**\n * It is\n * told so.\n */', 'is told'],
    ['a task of its own', 'of its own'],
    ['> a task of its\n> own', 'of its own'],
    ['// the one\n// who asks', 'the one who'],
    ['whoever asks', 'whoever'],
    ['a client who does not read', 'who does not'],
    ['the peer hears it', 'hears'],
  ])('find %j', (text, word) => {
    expect(wordsIn('a.md', `one\n${text}`)).toMatchObject([{ word, text: expect.any(String) }]);
  });

  test.each(['heartbeat', 'a body', 'const told = 1;', 'its own task', 'embodied', 'x-nobody'])(
    'leave %j alone',
    (text) => {
      expect(wordsIn('a.md', text)).toEqual([]);
    },
  );

  test('say where a word stands, and what to say instead', () => {
    expect(wordsIn('a.md', 'one\ntwo\nnobody here\n')).toEqual([
      {
        path: 'a.md',
        line: 3,
        word: 'nobody',
        text: 'nobody here',
        instead: 'name who: a task, the caller, the server',
      },
    ]);
  });
});
