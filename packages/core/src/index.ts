export {
  AddressError,
  BrokenError,
  BusyError,
  CancelledError,
  CertificateError,
  ClosedError,
  FrameError,
  InvalidInputError,
  IoError,
  LimitError,
  TimeoutError,
  type TimedWait,
  TlsError,
  UnexpectedEofError,
} from './vocabulary/errors.ts';
export { WOULD_BLOCK, type WouldBlock } from './vocabulary/would-block.ts';
export { Interest, Ready } from './vocabulary/interest.ts';
export {
  InetAddress,
  PathAddress,
  type Address,
  type AddressLike,
  type HostPort,
  type SocketPath,
} from './vocabulary/address.ts';
export type { Clock, Timer } from './vocabulary/clock.ts';
export { systemClock } from './waiting/system-clock.ts';
export { seededRandom, type Random } from './vocabulary/random.ts';
export type { WaitInfo, WaitOptions } from './waiting/waiter.ts';
export {
  cancelScope,
  moveOnAfter,
  timeout,
  type CancelScope,
  type CancelScopeOptions,
  type ScopeFunction,
  type TimeLimitOptions,
} from './waiting/cancel-scope.ts';
export { traceWaits } from './waiting/wait-trace.ts';
export { ByteStream, type StreamOptions } from './streams/byte-stream.ts';
export type { StreamReader } from './streams/stream-reader.ts';
export type { StreamWriter } from './streams/stream-writer.ts';
export type {
  CloseOptions,
  DuplexStream,
  StreamEnd,
  StreamStatistics,
} from './streams/duplex-stream.ts';
export type { SocketDuplex } from './streams/socket-duplex.ts';
export type { ToNodeOptions } from './streams/to-node.ts';
export {
  openStreams,
  trackStreams,
  type OpenStream,
  type OpenStreamState,
  type TrackedStream,
} from './streams/registry.ts';
export type { DelimitedReadOptions } from './streams/delimited-read.ts';
export type { Consume, ByteConsumer } from './streams/queue/read-waits.ts';
export type { WriteData, WriteOptions } from './streams/stream-writer.ts';
export type { ReadHalf, WriteHalf } from './streams/halves.ts';
export type { WebStreams } from './streams/to-web.ts';
export type { Decoder, FrameInput } from './streams/frame-read.ts';
export { Framed, FrameReader, type Codec } from './codecs/framed.ts';
export { FrameWriter, type Encoder, type FrameWriteOptions } from './codecs/frame-writer.ts';
export { lines, type LinesOptions } from './codecs/lines.ts';
export { lengthDelimited, type LengthDelimitedOptions } from './codecs/length-delimited.ts';
export {
  copy,
  copyBidirectional,
  type BidirectionalCounts,
  type CopyBidirectionalOptions,
  type CopyOptions,
} from './copying/copy.ts';
export type { DrainOptions, Listener, ListenerStatistics } from './listening/listener.ts';
export type { AdmissionOptions, Overflow, OverflowHandler } from './listening/admission.ts';
export { TcpStream, type TcpConnectOptions } from './net/tcp/tcp-stream.ts';
export type { TcpAddress, TcpSocketOptions } from './net/tcp/tcp-options.ts';
export type { KeepAliveProbes } from './net/socket/keep-alive.ts';
export { TcpListener, type TcpListenOptions } from './net/tcp/tcp-listener.ts';
export { UnixStream, type UnixConnectOptions } from './net/unix/unix-stream.ts';
export { UnixListener, type UnixListenOptions } from './net/unix/unix-listener.ts';
export type { UnixAddress } from './net/unix/unix-path.ts';
export type { SocketListenOptions } from './net/socket/socket-listener.ts';
export { startTls, TlsStream, type Certificate } from './net/tls/tls-stream.ts';
export { TlsListener, type TlsListenerStatistics } from './net/tls/tls-listener.ts';
export type { TlsBindOptions, TlsListenOptions } from './net/tls/tls-listen-options.ts';
export type {
  SniCallback,
  StartTlsClientOptions,
  StartTlsServerOptions,
  TlsClientOptions,
  TlsConnectOptions,
  TlsServerOptions,
} from './net/tls/tls-options.ts';
export type { TlsCredentials } from './net/tls/tls-credentials.ts';
export { UdpSocket } from './net/udp/udp-socket.ts';
export type { UdpAddress, UdpOptions } from './net/udp/udp-options.ts';
export type { UdpStatistics } from './net/udp/udp-statistics.ts';
export type { Datagram } from './net/udp/datagram-queue.ts';
export { MemoryListener, type MemoryListenOptions } from './memory/memory-listener.ts';
export { memoryPair, type MemoryPairOptions } from './memory/memory-pair.ts';
export { AddressList } from './net/address-list.ts';
export { acceptLoop, type AcceptLoopOptions } from './tasks/accept-loop.ts';
export { Poll } from './polling/poll.ts';
export type { PollEvent, PollOptions, PollStatistics } from './polling/registration.ts';
export { defaultExecutor, Executor } from './tasks/executor.ts';
export type {
  ExecutorOptions,
  ExecutorReport,
  ExecutorStatistics,
} from './tasks/executor-options.ts';
export type {
  Abortable,
  GroupOptions,
  Joined,
  Spawner,
  Task,
  TaskContext,
  TaskFunction,
  TaskGroup,
  TaskInfo,
  TaskOptions,
  TaskState,
} from './tasks/task-types.ts';
export { TaskTracker, type TaskTrackerOptions } from './tasks/task-tracker.ts';
