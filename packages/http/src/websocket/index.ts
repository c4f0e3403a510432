/**
 * WebSockets (RFC 6455): in a handler, and to a server. A program that does not import this entry loads nothing of it.
 */

export { webSocket, type WebSocketOptions } from './accept.ts';
export { connectWebSocket, type ConnectWebSocketOptions } from './connect.ts';
export { WebSocket, type WebSocketStatistics } from './web-socket.ts';
export type { Message } from './inbox.ts';
export type { WebSocketEnd } from './end.ts';
export { Topic, type TopicOptions } from './topic.ts';
export { WebSocketHandshakeError } from './handshake-error.ts';
export {
  DEFAULT_WEBSOCKET_DEADLINES,
  DEFAULT_WEBSOCKET_LIMITS,
  type Some,
  type WebSocketDeadlines,
  type WebSocketLimits,
} from './options.ts';
export {
  DEFAULT_COMPRESSION,
  type CompressionOptions,
  type CompressionSettings,
} from './compression/compression-options.ts';
export { CloseCode } from './protocol/close-codes.ts';
export { WebSocketError } from './protocol/errors.ts';
export type { WebSocketProtocolLimits } from './protocol/limits.ts';
