/**
 * The pages of the public API as data: every call with its parameters, and every callback that a program passes in.
 *
 * The tests of hostile arguments and callbacks go through these lists, so that a new public name has to be added to them.
 */
import { readFileSync } from 'node:fs';

/** A parameter as the page writes it. */
export interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
}

/** A function, constructor, method or static method. */
export interface PublicCall {
  /** `copy`, `new Poll`, `Poll.register`, `TcpStream::connect`. */
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly returnsPromise: boolean;
}

/** What one page declares. */
export interface PublicPage {
  readonly calls: readonly PublicCall[];
  /** Members of interfaces and parameters of calls that are functions, such as `ExecutorOptions.onTaskError`. */
  readonly callbacks: readonly string[];
}

const OPEN = '([{<';
const CLOSE = ')]}>';

/** Splits at a separator outside of brackets; the `>` of `=>` closes none. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (OPEN.includes(character)) depth += 1;
    else if (character === '>' && text.charAt(at - 1) === '=') continue;
    else if (CLOSE.includes(character)) depth -= 1;
    else if (character === separator && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function parametersOf(text: string): Parameter[] {
  return (
    split(text, ',')
      // Of a method that may be taken out of its object.
      .filter((part) => part !== 'this: void')
      .map((part) => {
        const [, name = part, mark, type = 'unknown'] =
          /^(\w+)(\?)?:\s*([\s\S]*)$/.exec(part) ?? [];
        return { name, type, isOptional: mark === '?' };
      })
  );
}

/** The parameters and the result of `<T>(a: A, b?: B): R`, or `undefined` for another text. */
function signature(text: string): { parameters: Parameter[]; result: string } | undefined {
  let at = 0;
  if (text.startsWith('<')) at = closing(text, 0) + 1;
  if (text.charAt(at) !== '(') return undefined;
  const end = closing(text, at);
  return {
    parameters: parametersOf(text.slice(at + 1, end)),
    result: text.slice(end + 1).replace(/^:\s*/, ''),
  };
}

/** Where the bracket at `at` is closed. */
function closing(text: string, at: number): number {
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (OPEN.includes(character)) depth += 1;
    else if (character === '>' && text.charAt(index - 1) === '=') continue;
    else if (CLOSE.includes(character)) {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return text.length;
}

/** Types of functions that another page, or Node, declares. */
const FOREIGN = new Set(['Handler', 'LookupFunction']);

/** Named types that are functions. */
const isFunctionType = (type: string, functions: ReadonlySet<string>): boolean =>
  /\([^()]*\)\s*=>/.test(type) ||
  type.split(/[^\w]+/).some((word) => functions.has(word) || FOREIGN.has(word));

export type PackageName = 'core' | 'http';

/** Reads a page of `packages/<name>/api`. */
export function readPage(packageName: PackageName, page: string): PublicPage {
  const file = new URL(`../../../${packageName}/api/${page}.txt`, import.meta.url);
  const text = readFileSync(file, 'utf8');
  const declarations = text.split(/\n(?=export )/).slice(1);
  const functions = new Set<string>();
  for (const declaration of declarations) {
    const [, name, type] =
      /^export type (\w+)(?:<[^=]*>)? = ([\s\S]*);\s*$/.exec(declaration) ?? [];
    if (name !== undefined && type !== undefined && /^\(.*\)\s*=>|\)\s*=>/.test(type)) {
      functions.add(name);
    }
  }
  const calls: PublicCall[] = [];
  const callbacks = new Set<string>();
  const add = (name: string, parameters: readonly Parameter[], result: string): void => {
    // An overload: the longest one has the parameters of the others.
    const before = calls.findIndex((call) => call.name === name);
    const returnsPromise = result.startsWith('Promise<');
    if (before === -1) calls.push({ name, parameters, returnsPromise });
    else if ((calls[before]?.parameters.length ?? 0) < parameters.length) {
      calls[before] = { name, parameters, returnsPromise };
    }
    for (const parameter of parameters) {
      if (isFunctionType(parameter.type, functions)) callbacks.add(`${name}(${parameter.name})`);
    }
  };
  for (const declaration of declarations) {
    const called = /^export declare function (\w+)([\s\S]*);\s*$/.exec(declaration);
    if (called !== null) {
      const [, name = '', rest = ''] = called;
      const parsed = signature(rest);
      if (parsed !== undefined) add(name, parsed.parameters, parsed.result);
      continue;
    }
    const [, kind, owner, body] =
      /^export (?:declare (?:abstract )?)?(class|interface) (\w+)[^\n]*\{\n([\s\S]*)\}\s*$/.exec(
        declaration,
      ) ?? [];
    if (owner === undefined || body === undefined) continue;
    for (const member of split(body, ';')) {
      const [, isStatic, name = '', rest = ''] =
        /^(static )?(?:readonly )?'?([\w~]+|\[Symbol\.\w+\])'?\??([\s\S]*)$/.exec(member) ?? [];
      const parsed = /^(get|private|set) /.test(member) ? undefined : signature(rest);
      if (parsed !== undefined) {
        if (name === 'constructor') add(`new ${owner}`, parsed.parameters, '');
        else {
          add(
            `${owner}${isStatic === undefined ? '.' : '::'}${name}`,
            parsed.parameters,
            parsed.result,
          );
        }
      } else if (kind === 'interface' && isFunctionType(rest, functions)) {
        callbacks.add(`${owner}.${name}`);
      }
    }
  }
  return { calls, callbacks: [...callbacks] };
}
