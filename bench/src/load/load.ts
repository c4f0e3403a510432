/** What a load generator is asked for and what it tells: the same for every generator. */

/** One kind of exchange, as bytes. */
export interface Exchange {
  /** What is sent. */
  readonly request: Buffer;
  /** What is sent in turn instead, if no request is to be as the one before: of one length, and with the same answer. */
  readonly variants?: readonly Buffer[];
  /** What the body of the answer must be, byte for byte; of a raw protocol, all of the answer. */
  readonly answer: Buffer;
  /** The content coding of the answer, if it has one: `answer` is what it decodes to. */
  readonly coding?: 'gzip' | undefined;
  readonly protocol: 'http' | 'raw';
  /** What is sent first on each connection; the answer to it ends with an empty line. */
  readonly opening?: Buffer | undefined;
}

export interface Load {
  readonly port: number;
  /** Whether the server speaks TLS. Certificates are not checked. */
  readonly tls?: boolean | undefined;
  readonly exchange: Exchange;
  readonly connections: number;
  /** Requests that are sent in one piece before their answers are waited for. */
  readonly pipeline: number;
  readonly seconds: number;
  readonly warmup: number;
  /** Requests a second, whatever the answers do; as fast as answers come when it is not given. */
  readonly rate?: number | undefined;
  /** Ends after so many answers instead of after `seconds`; only the generator in C does. */
  readonly count?: number | undefined;
  /** Opens all connections together, and again so many milliseconds after the last has ended; only the generator in C does. */
  readonly burst?: number | undefined;
  /** Called when the warm-up is over and the measurement begins, and when it has ended. */
  readonly onPhase?: ((phase: 'begin' | 'end') => void) | undefined;
}

export interface LoadResult {
  /** Answers a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Connections that broke, answers that were no 200, and requests that were never answered. */
  readonly errors: number;
  /** Requests that were due and could not be sent in time, at a constant rate. */
  readonly behind?: number;
}

export interface LoadGenerator {
  readonly name: string;
  run(load: Load): Promise<LoadResult>;
}
