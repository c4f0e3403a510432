/** Connects to one of several hosts, as `TcpStream.connect` does to one of several addresses (RFC 8305). */

import { summarize } from '../../../net/socket/connect.ts';
import { Race } from '../../../net/socket/happy-eyeballs.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import { ListedWaiter, type WaitOptions } from '../../../waiting/waiter.ts';

/** Milliseconds before the next attempt joins one that neither succeeds nor fails, as in `TcpStream.connect`. */
const ATTEMPT_DELAY = 250;

export interface AnyPlan<Stream> {
  /** What was asked for, for the message: `db:80`. */
  readonly destination: string;
  readonly hosts: readonly string[];
  readonly clock: Clock;
  readonly options: WaitOptions;
  readonly connect: (host: string, signal: AbortSignal) => Promise<Stream>;
}

/** Tries the hosts one after another; the first connection wins. @throws as `SimHost.connect` */
export async function connectAny<Stream extends { reset(): unknown }>(
  plan: AnyPlan<Stream>,
): Promise<Stream> {
  const { clock, connect, destination, hosts, options } = plan;
  const wait = new ListedWaiter<Stream>('connect', clock, options);
  const race = new Race<string, Stream>({
    candidates: hosts,
    clock,
    delay: ATTEMPT_DELAY,
    start: (host, events) => {
      const controller = new AbortController();
      let isOver = false;
      connect(host, controller.signal).then(
        (stream) => {
          if (isOver) stream.reset();
          else events.onConnected(stream);
        },
        (error: unknown) => {
          if (!isOver) events.onFailed(error as Error);
        },
      );
      return {
        cancel: () => {
          isOver = true;
          controller.abort();
        },
      };
    },
    onWon: (stream) => {
      wait.resolve(stream);
    },
    onLost: (errors) => {
      wait.reject(summarize(destination, errors));
    },
  });
  try {
    return await wait.promise;
  } finally {
    race.cancel();
  }
}
