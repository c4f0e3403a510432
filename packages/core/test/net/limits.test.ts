import { describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { TcpStream } from '../../src/index.ts';
import { keep } from '../support/keep.ts';
import { startProgram, type Program } from '../support/program.ts';

interface Report {
  readonly held: number;
  readonly failures: readonly string[];
  readonly cpu: number;
}

async function report(program: Program): Promise<Report> {
  program.say('report');
  return JSON.parse((await program.nextLine()) ?? '') as Report;
}

const DESCRIPTORS = 96;
const FLOOD = 150;
const PAUSE = 250;

describe('a process out of descriptors', () => {
  test('sheds what it cannot take, sleeps, and recovers', async () => {
    const program = keep(startProgram('descriptor-limit', { descriptors: DESCRIPTORS }));
    const port = Number(await program.nextLine());
    const connect = async (): Promise<TcpStream> =>
      keep(await TcpStream.connect({ host: '127.0.0.1', port }, { timeout: 5_000 }));

    const connecting = await Promise.allSettled(Array.from({ length: FLOOD }, connect));
    const clients = connecting.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    // A connection that was shed ends or is reset at once; none hangs.
    const shed = clients.map((client) =>
      client.readable({ timeout: PAUSE }).then(
        () => true,
        () => false,
      ),
    );
    const open = (await Promise.all(shed)).filter((isShed) => !isShed).length;
    const before = await report(program);
    expect(before.held).toBe(open);
    expect(before.held).toBeGreaterThan(DESCRIPTORS / 2);
    expect(before.held).toBeLessThan(DESCRIPTORS);

    // Real time, for what is measured is the processor's time: a loop that spins on an error burns the whole pause.
    await sleep(PAUSE);
    const after = await report(program);
    expect(after.cpu - before.cpu).toBeLessThan(PAUSE / 2);

    program.say('release');
    expect(await program.nextLine()).toBe('released');
    const late = await connect();
    await late.writeAll('still there?');
    for (let now = await report(program); now.held === 0; now = await report(program));
    expect((await report(program)).held).toBe(1);

    program.say('stop');
    expect(await program.ended).toEqual({ code: 0, stderr: '' });
  });
});
