/** Connects sockets by name, address or path, for every kind of stream over a socket. */

import {
  connect as connectSocket,
  isIP,
  type LookupFunction,
  type NetConnectOpts,
  type Socket,
} from 'node:net';
import type { Clock } from '../../vocabulary/clock.ts';
import { openFrom, siteOfOpening } from '../../streams/registry.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { AddressError, BrokenError, IoError } from '../../vocabulary/errors.ts';
import { ListedWaiter, type WaitOptions } from '../../waiting/waiter.ts';
import type { AddressList } from '../address-list.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import {
  candidatesOf,
  interleave,
  Race,
  type Attempt,
  type AttemptEvents,
  type Candidate,
} from './happy-eyeballs.ts';
import { callLookup } from '../call-lookup.ts';
import { nodeDns } from '../lazy-builtins.ts';
import { HandleTransport } from './handle-transport.ts';
import { usesSharedReads } from './shared-buffer.ts';
import type { SocketCarrier, SocketKind } from './socket-carrier.ts';
import { SocketTransport } from './socket-transport.ts';
import { handleOf, leaveHandle, ownBindings } from './stream-handle.ts';

/** A connected socket and its carrier. */
interface Connected {
  readonly socket: Socket;
  readonly carrier: SocketCarrier;
}

/** Which addresses of a name are tried, and in which order. */
export interface CandidateOptions {
  readonly lookup?: LookupFunction | undefined;
  readonly family?: 4 | 6 | undefined;
  readonly autoSelectFamily?: boolean | undefined;
  readonly blockList?: AddressList | undefined;
  readonly localAddress?: { readonly host?: string; readonly port?: number } | undefined;
}

interface ConnectPlan<S> {
  readonly kind: SocketKind;
  /** The destination, for error messages. */
  readonly destination: string;
  /** Resolves it to the addresses to try. */
  readonly resolve: () => Promise<readonly NetConnectOpts[]>;
  readonly options: WaitOptions & { readonly clock?: Clock | undefined };
  /** Milliseconds until the next address is tried beside one that does not answer. */
  readonly delay: number;
  /** Makes the stream. It must not wait: events of the socket follow at once. The socket has the addresses, and nothing else may be done with it. */
  readonly open: (carrier: SocketCarrier, socket: Socket) => S;
}

/**
 * Connects to the first address that answers.
 *
 * @throws as `TcpStream.connect`; nothing is left open then.
 */
export async function connectFirst<S>(plan: ConnectPlan<S>): Promise<S> {
  const { clock = systemClock } = plan.options;
  const wait = new ListedWaiter<S>('connect', clock, plan.options);
  const site = siteOfOpening();
  let race: Race<NetConnectOpts, Connected> | undefined;
  let isOver = false;
  const begin = (candidates: readonly NetConnectOpts[]): void => {
    if (isOver) return;
    race = new Race<NetConnectOpts, Connected>({
      candidates,
      clock,
      delay: plan.delay,
      start: (target, events) => attempt(plan.kind, target, events),
      onWon: ({ carrier, socket }) => {
        wait.resolve(openFrom(site, () => plan.open(carrier, socket)));
      },
      onLost: (errors) => {
        wait.reject(summarize(plan.destination, errors));
      },
    });
  };
  plan.resolve().then(begin, (error: unknown) => {
    wait.reject(translateError(error, 'connect'));
  });
  try {
    return await wait.promise;
  } finally {
    isOver = true;
    race?.cancel();
  }
}

/** One socket that tries to connect. Where its handle can be used, the socket is left behind once it has. */
function attempt(
  kind: SocketKind,
  target: NetConnectOpts,
  events: AttemptEvents<Connected>,
): Attempt {
  const bindings = ownBindings();
  const transport = bindings === undefined ? new SocketTransport(kind) : undefined;
  const sharing = transport !== undefined && usesSharedReads() ? transport : undefined;
  const socket = connectSocket({
    ...target,
    allowHalfOpen: true,
    ...(sharing === undefined ? {} : { onread: sharing.sharedRead() }),
  } as NetConnectOpts);
  let error: IoError | undefined;
  const onConnect = (): void => {
    socket.off('close', onClose);
    socket.off('error', onError);
    const handle = bindings === undefined ? undefined : handleOf(socket);
    if (bindings !== undefined && handle !== undefined) {
      events.onConnected({ socket, carrier: new HandleTransport(kind, handle, bindings) });
      leaveHandle(socket);
      return;
    }
    const carrier = transport ?? new SocketTransport(kind);
    carrier.attach(socket, sharing !== undefined);
    events.onConnected({ socket, carrier });
  };
  // Stays on a socket that did not connect: a late error must not reach the process as an uncaught exception.
  const onError = (cause: Error): void => {
    error ??= translateError(cause, 'connect');
  };
  const onClose = (): void => {
    socket.off('connect', onConnect);
    events.onFailed(error ?? closedEarly());
  };
  socket.on('error', onError);
  socket.once('connect', onConnect);
  socket.once('close', onClose);
  return {
    cancel: () => {
      socket.off('connect', onConnect);
      socket.off('close', onClose);
      socket.destroy();
    },
  };
}

function closedEarly(): BrokenError {
  return new BrokenError('connect: the socket was closed before it was connected', {
    code: 'ERR_CONNECTION_GONE',
    operation: 'connect',
  });
}

/** One error for all attempts: the class and code of the first failure, and the messages of all. */
export function summarize(destination: string, errors: readonly Error[]): IoError {
  const first = errors[0] as IoError;
  if (errors.length === 1) return first;
  // The advice behind a reason is the same for each address, and is left to `cause`.
  const reasons = errors
    .map(({ message }) => message.replace(/^connect: /, '').replace(/;[^;]*$/, ''))
    .join('; ');
  const message = `connect: no address of ${destination} could be reached: ${reasons}`;
  const options = {
    code: first.code,
    operation: 'connect',
    cause: new AggregateError(errors, message),
  };
  if (first instanceof AddressError) return new AddressError(message, options);
  if (first instanceof BrokenError) return new BrokenError(message, options);
  return new IoError(message, options);
}

/**
 * Resolves a host to its addresses, in the order in which to try them.
 *
 * @throws `AddressError`: the name has no address; or none of them may be used (`ERR_IP_BLOCKED`), or none is of the
 * requested family (`EAFNOSUPPORT`).
 */
export async function findCandidates(
  host: string,
  options: CandidateOptions,
): Promise<readonly Candidate[]> {
  const found = isIP(host) === 0 ? await lookUp(host, options) : candidatesOf([host]);
  const from = options.localAddress?.host;
  const family = options.family ?? (from === undefined ? 0 : isIP(from));
  const usable = family === 0 ? found : found.filter((candidate) => candidate.family === family);
  if (usable.length === 0) {
    throw new AddressError(
      `connect: ${host} has no ${family === 0 ? 'IP' : `IPv${family}`} address`,
      {
        code: found.length === 0 ? 'ENOTFOUND' : 'EAFNOSUPPORT',
        operation: 'connect',
      },
    );
  }
  const { blockList } = options;
  const allowed =
    blockList === undefined ? usable : usable.filter(({ address }) => !blockList.hasHost(address));
  if (allowed.length === 0) {
    const blocked = usable.map(({ address }) => address).join(', ');
    throw new AddressError(`connect: every address of ${host} is on the block list: ${blocked}`, {
      code: 'ERR_IP_BLOCKED',
      operation: 'connect',
    });
  }
  return options.autoSelectFamily === false ? allowed.slice(0, 1) : interleave(allowed);
}

/** Calls the resolver, which may give one address, as `dns.lookup` does, or all. */
async function lookUp(host: string, options: CandidateOptions): Promise<Candidate[]> {
  const { ADDRCONFIG, lookup: systemLookup } = nodeDns();
  const lookup = options.lookup ?? systemLookup;
  const found = { all: true, family: options.family ?? 0, hints: ADDRCONFIG };
  return candidatesOf(await callLookup(lookup, host, found));
}
