import { describe, expect, test } from '@jest/globals';
import { Roster } from './roster.ts';

describe('a roster', () => {
  test('shows its members, oldest first, each with a number', () => {
    const roster = new Roster<string>();
    const members = ['a', 'b', 'c'].map((name) => ({ name }));
    for (const member of members) roster.add(member, ({ name }, id) => `${id} ${name}`);
    expect([...roster]).toEqual(['1 a', '2 b', '3 c']);
    expect(members).toHaveLength(3);
  });

  /** A member with a view that closes over it, as those that a constructor makes beside other functions. */
  class Closing {
    readonly text = 'x'.repeat(1_000);
    readonly size: () => number;

    constructor(roster: Roster<object>) {
      const { length } = this.text;
      this.size = () => this.text.length;
      roster.add(this, (_member, id) => ({ id, length }));
    }
  }

  test.each<[string, (roster: Roster<object>) => void]>([
    ['a plain one', (roster) => roster.add({ text: 'x'.repeat(1_000) }, (member) => member)],
    ['one whose view closes over it', (roster) => new Closing(roster)],
  ])('keeps no member alive: %s', async (_name, add) => {
    const roster = new Roster<object>();
    const addMany = (): void => {
      for (let count = 0; count < 1_000; count += 1) add(roster);
    };
    addMany();
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // What a weak reference was made for in this turn is kept until its end.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    expect([...roster]).toHaveLength(0);
  });
});
