export { serve, HttpServer } from './server.ts';
export type { ServeOptions, ShutdownOptions, ShutdownReport } from './server-options.ts';
export type { ServerStatistics } from './server-observer.ts';
export {
  SERVER_CHANNELS,
  type ConnectionClosedEvent,
  type ConnectionEnd,
  type ConnectionOpenedEvent,
  type DrainedEvent,
  type DrainStartedEvent,
  type EventListener,
  type RefusedEvent,
  type RequestFinishedEvent,
  type RequestStartedEvent,
  type ServerEvent,
} from './server-events.ts';
export { accessLog, type AccessLogOptions } from './access-log.ts';
export { withHealth, type HealthOptions } from './health.ts';
export { readProxyHeader, type ProxyExtension, type ProxyHeader } from './proxy-header.ts';
export type { FetchApplication, FetchExecutionContext, FetchInfo } from './fetch-handler.ts';
export type { ErrorContext, ErrorListener, Handler } from './server-shared.ts';
export { ClientGoneError, type HandlerContext } from './exchange.ts';
export type { Switched } from './server-connection.ts';
export { HttpRequest } from './request.ts';
export { HttpResponse, type ResponseBody, type ResponseInit } from './response.ts';
export { refusal } from './response-refusal.ts';
export { Body, DEFAULT_COLLECT_LIMIT, type CollectOptions } from './body.ts';
export { fileResponse } from './response-file.ts';
export { echo, type EchoOptions } from './echo.ts';
export { DEFAULT_SERVER_DEADLINES, type ServerDeadlines } from './deadlines.ts';
export { Headers } from './protocol/headers.ts';
export type { FieldList, HeadersInput } from './protocol/fields.ts';
export { LocalProtocolError, ProtocolError, RemoteProtocolError } from './protocol/errors.ts';
export { DEFAULT_LIMITS, type ProtocolLimits } from './protocol/limits.ts';
export {
  HttpConnection,
  type RequestHeadInput,
  type ResponseHeadInput,
} from './protocol/connection.ts';
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
} from './protocol/events.ts';
export { HttpClient } from './client.ts';
export {
  DEFAULT_CLIENT_DEADLINES,
  type ClientDeadlines,
  type Connect,
  type HttpClientOptions,
  type RequestBody,
  type RequestOptions,
} from './client-options.ts';
export { ClientResponse } from './client-response.ts';
export type { PoolStatistics } from './client-pool.ts';
export { HttpProblem, type ProblemDetail, type ProblemInit } from './problem.ts';
export type { Schema } from './validation/schema.ts';
