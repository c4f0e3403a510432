/** What single pieces cost, without a network: a task on the executor, a message between tasks, a request in the parser. */

import { Child, program } from '../process/child.ts';
import type { Contestant, Scenario } from './scenario.ts';

/** A contestant that is a program which prints nanoseconds. */
function micro(name: string, file: string, ...args: readonly string[]): Contestant {
  return {
    name,
    async round({ seconds }) {
      await using child = new Child(
        [process.execPath, program(`micro/${file}.js`), ...args, String(seconds)],
        { core: 0 },
      );
      const { nanoseconds } = await child.json<{ nanoseconds: number }>();
      return { value: nanoseconds, details: {} };
    },
  };
}

export const spawnTask: Scenario = {
  name: 'spawn',
  title: 'A task on the executor',
  about: 'An async function that does nothing, spawned and awaited, a thousand at a time.',
  unit: 'ns/task',
  better: 'less',
  ours: 'awaitio Executor',
  goals: [],
  contestants: [
    micro('awaitio Executor', 'spawn', 'executor'),
    micro('p-queue', 'spawn', 'queue'),
    micro('plain call', 'spawn', 'call'),
  ],
};

export const channelMessage: Scenario = {
  name: 'channel',
  title: 'A message between two tasks',
  about:
    'One task sends numbers through a channel with room for 64 and awaits each send, another awaits each number. “Two awaits” passes nothing: each task awaits a settled promise per message, which is the least that the engine takes.',
  unit: 'ns/message',
  better: 'less',
  ours: 'awaitio channel',
  goals: [{ against: 'web TransformStream', ratio: 0.5 }],
  contestants: [
    micro('awaitio channel', 'channel', 'channel'),
    micro('awaitio channel, for await', 'channel', 'iterated'),
    micro('web TransformStream', 'channel', 'webStream'),
    micro('two awaits', 'channel', 'awaits'),
  ],
};

function parsing(name: string, what: string): Scenario {
  const ours = 'awaitio connection';
  return {
    name: `parser-${name}`,
    title: `Parsing ${what}`,
    about:
      'One request after another out of memory, each with another head than the one before; “same head” is one request again and again, which is not parsed again. The connection also checks rules and makes an answer’s head.',
    unit: 'ns/request',
    better: 'less',
    ours,
    goals: [],
    contestants: [
      micro(ours, 'parser', 'connection', name, 'varied'),
      micro(`${ours}, same head`, 'parser', 'connection', name, 'same'),
      micro('llhttp alone', 'parser', 'llhttp', name, 'varied'),
      micro("Node's HTTPParser", 'parser', 'node', name, 'varied'),
    ],
  };
}

export const parserSmall: Scenario = parsing('small', 'a small request');
export const parserBrowser: Scenario = parsing('browser', 'a browser’s request');
