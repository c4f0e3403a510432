/** What the command line asks for. */

import { parseArgs } from 'node:util';

export interface Options {
  /** Names of scenarios, or beginnings of them; empty for all. */
  readonly only: readonly string[];
  /** Names of contestants to take part; empty for all. */
  readonly peers: readonly string[];
  readonly rounds: number;
  /** How long one measurement lasts. */
  readonly seconds: number;
  /** How long a server is under load before it is measured. */
  readonly warmup: number;
  readonly smoke: boolean;
  readonly list: boolean;
  readonly help: boolean;
  /** Whether contestants run for all rounds. */
  readonly keep: boolean;
  /** `auto`: wrk when it is installed. */
  readonly load: 'auto' | 'wrk' | 'c' | 'own';
  /** Whether to write the kept report out of the newest figures, and run nothing. */
  readonly report: boolean;
}

export const USAGE = `pnpm bench [options]

  --only NAME[,NAME]    scenarios whose names begin so (default: all)
  --peers NAME[,NAME]   contestants to compare (default: all that are installed)
  --rounds N            interleaved rounds (default: 5)
  --seconds S           length of one measurement (default: 2)
  --warmup S            load before each measurement (default: 3)
  --keep                start and warm up each server once, by its processor time: on a machine that others use
  --load wrk|c|own      load generator (default: wrk when it is installed; c is faster, own needs nothing)
  --report              run nothing; write the kept report out of the newest figures of each scenario
  --list                name the scenarios and contestants
  --smoke               every scenario once, answers checked, nothing measured well
`;

/** @throws `TypeError` for an option that is not known or makes no sense. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      peers: { type: 'string', default: '' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      warmup: { type: 'string' },
      load: { type: 'string', default: 'auto' },
      report: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const { load, smoke } = values;
  if (load !== 'auto' && load !== 'wrk' && load !== 'c' && load !== 'own') {
    throw new TypeError(`expected --load to be wrk, c or own, got ${load}`);
  }
  return {
    only: names(values.only),
    peers: names(values.peers),
    rounds: positive('rounds', values.rounds, smoke ? 1 : 5),
    seconds: positive('seconds', values.seconds, smoke ? 0.1 : 2),
    warmup: positive('warmup', values.warmup, smoke ? 0.02 : 3),
    // A smoke run shows that the bench works, on machines that have nothing but Node.
    load: smoke ? 'own' : load,
    report: values.report,
    smoke,
    list: values.list,
    help: values.help,
    keep: values.keep,
  };
}

function names(list: string): readonly string[] {
  return list.split(',').filter((name) => name !== '');
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!(value > 0)) throw new TypeError(`expected --${name} to be a number above 0, got ${text}`);
  return value;
}
