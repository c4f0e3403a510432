import { describe, expect, test } from '@jest/globals';
import { ChangeWriter } from './live.ts';
import type { Inspection } from './looking/model.ts';

/** A socket of which only this matters. */
interface Socket {
  readonly id: string;
  readonly bytesRead: number;
}
const socket = (id: string, bytesRead: number): Socket => ({ id, bytesRead });

const state = (sockets: readonly Socket[]): Inspection =>
  ({
    format: 'awaitio-inspection',
    version: 1,
    now: 5,
    sockets,
    tasks: [],
    requests: [],
    routes: [],
  }) as unknown as Inspection;

describe('the live states of a reader', () => {
  test('are whole at first, then what has changed and what has gone', () => {
    const writer = new ChangeWriter();
    const first = JSON.parse(writer.write(state([socket('k1', 1), socket('k2', 2)])));
    expect(first).toMatchObject({
      type: 'state',
      now: 5,
      sockets: { set: [{ id: 'k1' }, { id: 'k2' }], gone: [] },
    });
    const second = JSON.parse(writer.write(state([socket('k2', 3), socket('k3', 0)])));
    expect(second).toMatchObject({
      type: 'change',
      sockets: {
        set: [
          { id: 'k2', bytesRead: 3 },
          { id: 'k3', bytesRead: 0 },
        ],
        gone: ['k1'],
      },
      tasks: { set: [], gone: [] },
    });
    const third = JSON.parse(writer.write(state([socket('k2', 3), socket('k3', 0)])));
    expect(third.sockets).toEqual({ set: [], gone: [] });
  });
});
