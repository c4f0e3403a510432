export { serve, HttpServer } from './server/server.ts';
export {
  DEFAULT_SERVER_LIMITS,
  type ServeOptions,
  type ServerLimits,
  type ShutdownOptions,
} from './server/options.ts';
export type { ServerStatistics } from './server/observer.ts';
export {
  SERVER_CHANNELS,
  type ConnectionClosedEvent,
  type ConnectionEnd,
  type ConnectionOpenedEvent,
  type DrainedEvent,
  type DrainStartedEvent,
  type ErrorContext,
  type ErrorListener,
  type EventListener,
  type RefusedEvent,
  type RequestFinishedEvent,
  type RequestStartedEvent,
  type ServerEvent,
  type ShutdownReport,
} from './server/events.ts';
export { accessLog, type AccessLogOptions } from './server/access-log.ts';
export { withHealth, type HealthOptions } from './handlers/health.ts';
export { readProxyHeader } from './proxy-protocol/read-header.ts';
export type { ProxyExtension, ProxyHeader } from './proxy-protocol/header.ts';
export type {
  FetchApplication,
  FetchExecutionContext,
  FetchInfo,
} from './adapters/fetch-handler.ts';
export {
  ClientGoneError,
  type Handler,
  type HandlerContext,
  type Switched,
  type UpgradeOptions,
} from './message/handler.ts';
export { HttpRequest } from './message/request.ts';
export { HttpResponse, type ResponseBody, type ResponseInit } from './message/response.ts';
export { errorResponse } from './message/error-response.ts';
export { Body, type Bytes } from './message/body.ts';
export { DEFAULT_COLLECT_LIMIT, type CollectOptions } from './message/collect-options.ts';
export { echo, type EchoOptions } from './handlers/echo.ts';
export { DEFAULT_SERVER_DEADLINES, type ServerDeadlines } from './driver/deadlines.ts';
export { Headers } from './protocol/vocabulary/headers.ts';
export type { FieldList, HeadersInput } from './protocol/vocabulary/fields.ts';
export {
  LocalProtocolError,
  ProtocolError,
  RemoteProtocolError,
} from './protocol/vocabulary/errors.ts';
export { DEFAULT_LIMITS, type ProtocolLimits } from './protocol/vocabulary/limits.ts';
export { HttpConnection } from './protocol/checked-connection.ts';
export type { RequestHeadInput, ResponseHeadInput } from './protocol/head-input.ts';
export {
  NEED_DATA,
  PAUSED,
  type ConnectionClosed,
  type ConnectionEvent,
  type Data,
  type EndOfMessage,
  type HttpVersion,
  type RequestHead,
  type ResponseHead,
} from './protocol/vocabulary/events.ts';
export { HttpClient } from './client/client.ts';
export {
  DEFAULT_CLIENT_DEADLINES,
  DEFAULT_CLIENT_LIMITS,
  type ClientDeadlines,
  type ClientLimits,
} from './client/connections/deadlines.ts';
export {
  failedRequestOf,
  type FailedRequest,
  type RequestPhase,
} from './client/connections/failure.ts';
export {
  CLIENT_CHANNELS,
  type ClientConnectionClosedEvent,
  type ClientConnectionOpenedEvent,
  type ClientEvent,
  type ClientRequestFinishedEvent,
  type ClientRequestStartedEvent,
  type ClientResponseStartedEvent,
  type ObservedRequest,
} from './client/connections/events.ts';
export type { ProgressListener, TransferProgress } from './client/connections/outgoing-request.ts';
export type { HttpClientOptions } from './client/options.ts';
export type { ClientRequest, Middleware, NextRequest } from './client/middleware.ts';
export type { ClientRetryOptions } from './client/retry-options.ts';
export { followEvents } from './client/follow-events.ts';
export type { FollowEventsOptions } from './client/follow-options.ts';
export type { ServerSentEvent } from './client/content/server-sent-events.ts';
export { createFetch, type CreateFetchOptions } from './adapters/create-fetch.ts';
export type { BodyFunction, BodyValue, RequestBody } from './client/content/request-body.ts';
export type { RequestOptions } from './client/request-options.ts';
export {
  HttpStatusError,
  ResponseJsonError,
  ResponseSchemaError,
} from './client/response-errors.ts';
export { ClientResponse } from './client/response.ts';
export type { Auth } from './client/routes/credentials.ts';
export type { Entries } from './client/routes/query.ts';
export type { Connect, ConnectUnix } from './client/routes/route.ts';
export type { ClientTlsOptions } from './client/routes/tls-options.ts';
export type { PoolStatistics } from './client/connections/pool.ts';
export { HttpProblem, type ProblemDetail, type ProblemInit } from './message/problem.ts';
export type { Schema } from './message/schema.ts';
export { TRACING_CHANNELS } from './tracing/channels.ts';
export type {
  ClientConnectionTrace,
  ClientRequestTrace,
  ServerConnectionTrace,
  ServerRequestTrace,
  WebSocketTrace,
} from './tracing/contexts.ts';
