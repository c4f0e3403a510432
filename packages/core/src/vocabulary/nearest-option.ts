/**
 * The option that a wrong name was probably meant to be: a slip of the keys, a name in the wrong place, or the name that
 * another library has for it. Runs only to word an error.
 */

/** The names of a bag of options; one that is a bag itself has its own names in `options`. */
export type OptionNames = Readonly<Record<string, object>>;

/**
 * Other libraries' names (node, undici, axios, fetch, fastify, tokio, netty, p-queue, p-retry, ws, busboy, cors), and what they are called here.
 * Only names that the call takes are suggested, the first of them first.
 */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  abortsignal: ['signal'],
  allowheaders: ['allowedHeaders'],
  allowmethods: ['methods'],
  agent: ['connect'],
  alpnprotocols: ['alpn'],
  bodylimit: ['limits.bodyBytes', 'limit'],
  bodysize: ['limits.bodyBytes'],
  bodytimeout: ['deadlines.body', 'deadlines.bodyGrace'],
  buffersize: ['capacity'],
  byteorder: ['endian'],
  ca: ['tls.ca'],
  cert: ['tls.cert'],
  connecttimeout: ['deadlines.connect', 'timeout'],
  connection: ['headers'],
  deadline: ['timeout', 'deadlines.total'],
  delimiter: ['lineEnd'],
  eol: ['lineEnd'],
  exposeheaders: ['exposedHeaders'],
  fieldnamesize: ['limits.nameBytes'],
  fieldsize: ['limits.partBytes'],
  filesize: ['limits.partBytes'],
  followredirects: ['maxRedirects'],
  forceclosetimeout: ['grace'],
  graceperiod: ['grace'],
  gracefultimeout: ['grace'],
  headerstimeout: ['deadlines.headers'],
  highwatermark: ['readHighWaterMark', 'writeHighWaterMark'],
  hostname: ['host'],
  idletimeout: ['deadlines.idle'],
  keepalivetimeout: ['deadlines.idle'],
  keygenerator: ['key'],
  logger: ['onEvent', 'write'],
  max: ['burst'],
  maxattempts: ['attempts', 'retry.attempts'],
  maxbodylength: ['limits.bodyBytes'],
  maxbodysize: ['limits.bodyBytes'],
  maxconcurrency: ['concurrency', 'maxConcurrentRequests'],
  maxcontentlength: ['limits.bodyBytes'],
  maxeventloopdelay: ['maxDelay'],
  maxframelength: ['limit'],
  maxheadersize: ['limits.headerBytes'],
  maxheaderscount: ['limits.headerCount'],
  maxlength: ['limit'],
  maxqueue: ['maxPending'],
  maxrequestspersocket: ['maxRequestsPerConnection'],
  maxredirections: ['maxRedirects'],
  maxretries: ['attempts', 'retry.attempts'],
  maxsize: ['limit'],
  maxsockets: ['maxConnectionsPerOrigin'],
  message: ['detail'],
  mintimeout: ['backoff'],
  permessagedeflate: ['compression'],
  persecond: ['rate'],
  poolsize: ['maxConnectionsPerOrigin', 'concurrency'],
  queuesize: ['maxPending'],
  recvbuffersize: ['receiveBufferSize'],
  rejectunauthorized: ['tls.rejectUnauthorized'],
  requestcert: ['clientCertificates'],
  requestspersecond: ['rate'],
  requesttimeout: ['deadlines.headers', 'deadlines.total'],
  retries: ['attempts', 'retry.attempts'],
  reuseaddr: ['reuseAddress'],
  separator: ['lineEnd'],
  size: ['capacity'],
  snicallback: ['sni'],
  statuscode: ['status'],
  statusmessage: ['reason'],
  statustext: ['reason'],
  tcpnodelay: ['noDelay'],
  timeout: [
    'deadlines.total',
    'deadlines.handler',
    'handshakeTimeout',
    'grace',
    'deadline',
    'patience',
  ],
  timeoutms: ['timeout', 'deadlines.total', 'grace'],
  upgrade: ['headers'],
  validate: ['check'],
  windowms: ['rate'],
};

/** How many slips a name may have: half of a short name would be another word. */
const MOST_SLIPS = 2;

/**
 * The option that `name` was probably meant to be, with its path; `undefined` when none is near.
 *
 * @param name - The unknown name.
 * @param path - The bag that it stands in: empty, or `deadlines`.
 * @param known - All options of the call.
 */
export function nearestOption(name: string, path: string, known: OptionNames): string | undefined {
  const prefix = path === '' ? '' : `${path}.`;
  const all = pathsOf(known, '');
  // Names of the same bag first: of two that are equally near, the first is taken.
  const paths = [
    ...all.filter((one) => parentOf(one) === path),
    ...all.filter((one) => parentOf(one) !== path),
  ];
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let slips = Math.min(MOST_SLIPS, Math.ceil(wanted.length / 2) - 1) + 1;
  for (const one of paths) {
    const count = distance(wanted, lastOf(one).toLowerCase());
    // An option of another bag is suggested for exactly its name.
    if (parentOf(one) !== path && count > 0) continue;
    if (count < slips) [nearest, slips] = [one, count];
  }
  if (nearest !== undefined) return nearest;
  const key = wanted.replaceAll(/[^a-z]/g, '');
  const aliases = Object.hasOwn(ALIASES, key) ? (ALIASES[key] ?? []) : [];
  return aliases.flatMap((alias) => [prefix + alias, alias]).find((alias) => all.includes(alias));
}

function pathsOf(known: OptionNames, prefix: string): string[] {
  return Object.entries(known).flatMap(([name, rule]) => {
    const { options } = rule as { readonly options?: OptionNames };
    const below = options === undefined ? [] : pathsOf(options, `${prefix}${name}.`);
    return [prefix + name, ...below];
  });
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** Optimal string alignment: characters inserted, removed, replaced, or exchanged with their neighbour. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_SLIPS) return Infinity;
  let older: number[] = [];
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min(
        (before[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (before[j - 1] as number) + (isSame ? 0 : 1),
      );
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isExchanged) least = Math.min(least, (older[j - 2] as number) + 1);
      row.push(least);
    }
    [older, before] = [before, row];
  }
  return before[b.length] as number;
}
