/** The network domain of Node's inspector (Chrome DevTools Protocol), as far as it is used here. */

import { IoError } from '@awaitio/core';

/** `inspector.Network`. Times are in seconds. */
export interface NetworkDomain {
  requestWillBeSent(event: {
    readonly requestId: string;
    readonly timestamp: number;
    readonly wallTime: number;
    readonly request: {
      readonly url: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
    };
  }): void;
  responseReceived(event: {
    readonly requestId: string;
    readonly timestamp: number;
    readonly type: string;
    readonly response: {
      readonly url: string;
      readonly status: number;
      readonly statusText: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly mimeType: string;
      readonly charset: string;
    };
  }): void;
  loadingFinished(event: { readonly requestId: string; readonly timestamp: number }): void;
  loadingFailed(event: {
    readonly requestId: string;
    readonly timestamp: number;
    readonly type: string;
    readonly errorText: string;
  }): void;
}

const FLAG = '--experimental-network-inspection';
const METHODS = ['requestWillBeSent', 'responseReceived', 'loadingFinished', 'loadingFailed'];

/** The domain of this process. @throws `IoError` when this Node has none, or was started without it */
export function networkDomain(): NetworkDomain {
  const found: unknown = inspectorOf()?.Network;
  const isThere = METHODS.every((name) => typeof Reflect.get(Object(found), name) === 'function');
  if (!isThere) {
    throw unavailable(
      'this version of Node has no network inspection: it came with Node 20.18 and 22.6',
    );
  }
  const flags = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  if (!flags.includes(FLAG)) {
    throw unavailable(`start Node with --inspect ${FLAG}, without which the panel shows nothing`);
  }
  return found as NetworkDomain;
}

/** A Node without an inspector has no such module. */
function inspectorOf(): { readonly Network?: unknown } | undefined {
  try {
    return process.getBuiltinModule('node:inspector');
  } catch {
    return undefined;
  }
}

function unavailable(why: string): IoError {
  return new IoError(`showInDevTools: ${why}`, {
    code: 'ERR_NO_NETWORK_INSPECTION',
    operation: 'showInDevTools',
  });
}
