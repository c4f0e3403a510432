/** A PROXY header as either version carries it, and the error for a malformed one. */

import type { Address } from '@awaitio/core';
import { RemoteProtocolError } from '../protocol/vocabulary/errors.ts';

/** The header that a proxy sends at the beginning of a connection. */
export interface ProxyHeader {
  /** The version of the PROXY protocol. */
  readonly version: 1 | 2;
  /**
   * `proxy`: the connection is relayed for the client in `source` · `local`: it is the proxy's, such as a health check ·
   * `unknown`: the proxy does not know the client's address.
   */
  readonly command: 'proxy' | 'local' | 'unknown';
  /** The client's address, for `proxy`. */
  readonly source: Address | undefined;
  /** The address that the client connected to, for `proxy`. */
  readonly destination: Address | undefined;
  /** The extensions of version 2, in order. */
  readonly extensions: readonly ProxyExtension[];
}

/** An extension (TLV) of version 2, such as 0x01 ALPN, 0x02 authority, 0x05 unique id. */
export interface ProxyExtension {
  /** Its number in section 2.2 of the specification. */
  readonly type: number;
  /** The bytes of its value. */
  readonly value: Uint8Array;
}

/** @param what - What is wrong, as a fixed text: no byte of the header is repeated. */
export function malformed(what: string): RemoteProtocolError {
  return new RemoteProtocolError(`the PROXY header is malformed: ${what}`, 'ERR_PROXY_HEADER', 400);
}
