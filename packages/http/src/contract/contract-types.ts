/** What the two sides of a contract give and get. */

import type { Headers } from '../protocol/vocabulary/headers.ts';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import type { HandlerContext } from '../message/handler.ts';
import type { HttpRequest } from '../message/request.ts';
import type { Schema } from '../message/schema.ts';
import type { Contract, ContractInit, InputOf, OutputOf } from './contract.ts';
import type { PathNames } from './path-template.ts';

type InitOf<C> = C extends Contract<infer I> ? I : never;
/** The schema of a part, or `undefined`. */
type Part<I, Name extends string> = I extends {
  readonly [N in Name]: infer S extends Schema<unknown>;
}
  ? S
  : undefined;
type StatusOf<I extends ContractInit> = keyof I['responses'] & number;
type PathOf<I extends ContractInit> = PathNames<I['path']>;

/** Names without `undefined` are required. */
type Optional<Name extends string, T> = [T] extends [undefined]
  ? { readonly [N in Name]?: undefined }
  : // Nothing of it has to be given.
    {} extends T
    ? { readonly [N in Name]?: T | undefined }
    : { readonly [N in Name]: T };
type Required<Name extends string, T> = [T] extends [undefined]
  ? { readonly [N in Name]?: undefined }
  : { readonly [N in Name]: T };

/** What a client gives to a call: the parameters of the path, the query and the body, where the contract has them. */
export type CallInput<C> = Optional<'params', SentParams<InitOf<C>>> &
  Optional<'query', InputOf<Part<InitOf<C>, 'query'>>> &
  Required<'body', InputOf<Part<InitOf<C>, 'body'>>>;
type SentParams<I extends ContractInit> = [PathOf<I>] extends [never]
  ? undefined
  : Part<I, 'params'> extends Schema<unknown>
    ? InputOf<Part<I, 'params'>>
    : { readonly [Name in PathOf<I>]: string | number | bigint | boolean };

/** What a client gets: one of the responses of the contract, distinguished by `status`. */
export type CallResult<C> = ResultsOf<InitOf<C>>[StatusOf<InitOf<C>>];
type ResultsOf<I extends ContractInit> = {
  readonly [Status in StatusOf<I>]: {
    readonly status: Status;
    /** As the schema of this status makes it. */
    readonly body: OutputOf<I['responses'][Status]>;
    readonly headers: Headers;
  };
};

/** What a server gets: the parts of the request, as the schemas make them. */
export interface ContractRequest<C> {
  readonly params: ReceivedParams<InitOf<C>>;
  /** `undefined` without a schema: see `request.query()`. */
  readonly query: OutputOf<Part<InitOf<C>, 'query'>>;
  /** `undefined` without a schema: the body of `request` is then unread. */
  readonly body: OutputOf<Part<InitOf<C>, 'body'>>;
  readonly request: HttpRequest;
}
type ReceivedParams<I extends ContractInit> =
  Part<I, 'params'> extends Schema<unknown>
    ? OutputOf<Part<I, 'params'>>
    : { readonly [Name in PathOf<I>]: string };

/** What a server gives: one of the responses of the contract. */
export type ContractAnswer<C> = AnswersOf<InitOf<C>>[StatusOf<InitOf<C>>];
type AnswersOf<I extends ContractInit> = {
  readonly [Status in StatusOf<I>]: {
    readonly status: Status;
    readonly headers?: HeadersInput | undefined;
  } & Required<'body', InputOf<I['responses'][Status]>>;
};

/**
 * What implements a contract. A conditional type, since the compiler then knows the contract before it looks at the function, and
 * takes `status: 200` as 200 and not as a number.
 */
export type ContractFunction<C> =
  C extends Contract<infer I>
    ? (
        request: ContractRequest<Contract<I>>,
        context: HandlerContext,
      ) => ContractAnswer<Contract<I>> | Promise<ContractAnswer<Contract<I>>>
    : never;
