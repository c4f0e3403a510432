export {
  AddressError,
  BrokenError,
  BusyError,
  CertificateError,
  ClosedError,
  FrameError,
  InvalidInputError,
  IoError,
  LimitError,
  TimeoutError,
  TlsError,
  UnexpectedEofError,
  invalidInput,
  type IoErrorOptions,
} from './errors.ts';
export { WOULD_BLOCK, type WouldBlock } from './outcome.ts';
export { Interest, Ready, ReadyBits } from './interest.ts';
export {
  InetAddress,
  PathAddress,
  type Address,
  type AddressLike,
  type HostPort,
  type SocketPath,
} from './address.ts';
export { systemClock, type Clock, type Timer } from './clock.ts';
export { seededRandom, systemRandom, type Random } from './random.ts';
export { deferred, type Deferred } from './deferred.ts';
export {
  LoneWait,
  Wait,
  WaitList,
  type WaitInfo,
  type WaitOptions,
  type WaitOwner,
} from './waiters.ts';
export { traceWaits } from './wait-trace.ts';
export type { Transport, TransportSink } from './transport.ts';
export type { Source, SourceObserver } from './source.ts';
export {
  ByteStream,
  DEFAULT_HIGH_WATER_MARK,
  type CloseOptions,
  type StreamOptions,
} from './byte-stream.ts';
export type { StreamEnd, StreamStatistics } from './stream-core.ts';
export {
  openStreams,
  trackStreams,
  type OpenStream,
  type OpenStreamState,
} from './stream-registry.ts';
export type { DelimitedReadOptions } from './delimited-read.ts';
export type { Take, Taker } from './read-waits.ts';
export type { Writable, WriteOptions } from './write-side.ts';
export { ReadHalf, WriteHalf } from './split.ts';
export type { WebStreams } from './web-streams.ts';
export type { Decoder, FrameInput } from './stream-frame.ts';
export {
  Framed,
  FrameReader,
  FrameWriter,
  type Codec,
  type Encoder,
  type FrameWriteOptions,
} from './codecs/framed.ts';
export { lines, linesCodec, type LinesOptions } from './codecs/lines.ts';
export {
  lengthDelimited,
  lengthDelimitedCodec,
  type LengthDelimitedOptions,
} from './codecs/length-delimited.ts';
export {
  copy,
  copyBidirectional,
  type CopiedBothWays,
  type CopyBidirectionalOptions,
  type CopyOptions,
} from './copy.ts';
export type { Listener, ListenerStatistics } from './listener.ts';
export type { AdmissionOptions, Overflow, OverflowHandler } from './admission.ts';
export { TcpStream, type TcpConnectOptions } from './net/tcp-stream.ts';
export type { TcpAddress, TcpSocketOptions } from './net/tcp-options.ts';
export { TcpListener, type TcpListenOptions } from './net/tcp-listener.ts';
export { UnixStream, type UnixConnectOptions } from './net/unix-stream.ts';
export { UnixListener, type UnixListenOptions } from './net/unix-listener.ts';
export type { UnixAddress } from './net/unix-path.ts';
export type { SocketListenOptions } from './net/socket-listener.ts';
export {
  startTls,
  TlsStream,
  type Certificate,
  type StartTlsClientOptions,
  type StartTlsServerOptions,
  type TlsConnectOptions,
} from './net/tls-stream.ts';
export {
  TlsListener,
  type TlsBindOptions,
  type TlsListenerStatistics,
  type TlsListenOptions,
} from './net/tls-listener.ts';
export type {
  SniCallback,
  TlsClientOptions,
  TlsCredentials,
  TlsServerOptions,
} from './net/tls-options.ts';
export { UdpSocket } from './net/udp-socket.ts';
export type { UdpAddress, UdpOptions, UdpStatistics } from './net/udp-options.ts';
export type { Datagram } from './net/datagram-queue.ts';
export { MemoryListener, type MemoryListenOptions } from './memory-listener.ts';
export { memoryPair, type MemoryPairOptions } from './memory-pair.ts';
export { AddressList } from './net/address-list.ts';
export { acceptLoop, type AcceptLoopOptions } from './accept-loop.ts';
export { Poll } from './poll.ts';
export type { PollEvent, PollOptions, PollStatistics } from './poll-registration.ts';
export { Deadline, DeadlineWheel, type DeadlineOwner } from './deadline.ts';
export { defaultExecutor, Executor } from './executor.ts';
export type { ExecutorOptions, ExecutorReport, ExecutorStatistics } from './executor-options.ts';
export { Task } from './task.ts';
export type {
  TaskContext,
  TaskHold,
  Resettable,
  TaskFunction,
  TaskInfo,
  TaskOptions,
  TaskState,
} from './task-context.ts';
export { TaskGroup, type GroupOptions, type Joined } from './task-group.ts';
export { TaskTracker, type Spawner, type TaskTrackerOptions } from './task-tracker.ts';
export { watchAbort, type AbortRegistration, type AbortWatcher } from './abort-watch.ts';
