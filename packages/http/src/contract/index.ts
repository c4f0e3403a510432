/**
 * One contract for both sides: a request and its responses as schemas, which a server implements, a client calls, and an OpenAPI
 * document describes. A program that imports none of it loads none of it.
 */

export {
  Contract,
  contract,
  type ContractInit,
  type ContractMethod,
  type InputOf,
  type OutputOf,
  type PathRule,
} from './contract.ts';
export type { PathNames } from './path-template.ts';
export type {
  CallInput,
  CallResult,
  ContractAnswer,
  ContractFunction,
  ContractRequest,
} from './contract-types.ts';
export { implement, type Implementation, type ImplementOptions } from './implement.ts';
export { contractHandler, type ContractHandlerOptions } from './contract-handler.ts';
export { call, type CallOptions } from './call.ts';
export {
  openApi,
  type OpenApiDocument,
  type OpenApiInfo,
  type OpenApiOptions,
} from './open-api.ts';
export type { DescribeSchema, JsonSchema } from './json-schema.ts';
