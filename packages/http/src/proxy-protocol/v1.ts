/** Version 1 of the PROXY protocol: one line of text (section 2.1 of its specification). */

import { InetAddress } from '@awaitio/core';
import { malformed, type ProxyHeader } from './header.ts';

const HOST: Readonly<Record<string, RegExp>> = {
  TCP4: /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/,
  // With the dotted form of an IPv4 address, which HAProxy sends for a client of a dual-stack socket.
  TCP6: /^[0-9a-fA-F:]{2,39}(?:(?<=:)(?:\d{1,3}\.){3}\d{1,3})?$/,
};

/**
 * Parses a version 1 header.
 *
 * @param line - The line, CRLF included.
 * @throws `RemoteProtocolError` when it is malformed.
 */
export function parseProxyV1(line: string): ProxyHeader {
  if (/^PROXY UNKNOWN(?: [^\r\n]*)?\r\n$/.test(line)) {
    return {
      version: 1,
      command: 'unknown',
      source: undefined,
      destination: undefined,
      extensions: [],
    };
  }
  const parts = /^PROXY (TCP[46]) (\S+) (\S+) (\d+) (\d+)\r\n$/.exec(line);
  if (parts === null) throw malformed('not a version 1 header');
  // The groups of the expression, none of which is optional.
  const [, family, source, destination, sourcePort, destinationPort] = parts as unknown as [
    string,
    'TCP4' | 'TCP6',
    string,
    string,
    string,
    string,
  ];
  return {
    version: 1,
    command: 'proxy',
    source: new InetAddress(checkHost(family, source), portOf(sourcePort)),
    destination: new InetAddress(checkHost(family, destination), portOf(destinationPort)),
    extensions: [],
  };
}

function checkHost(family: 'TCP4' | 'TCP6', host: string): string {
  const isHost =
    (HOST[family] as RegExp).test(host) &&
    (family === 'TCP6'
      ? URL.canParse(`http://[${host}]/`)
      : host.split('.').every((byte) => Number(byte) < 256));
  if (!isHost) throw malformed(`not a ${family} address`);
  return host;
}

function portOf(text: string): number {
  if (!/^(?:0|[1-9]\d{0,4})$/.test(text) || Number(text) > 65_535)
    throw malformed('an invalid port');
  return Number(text);
}
