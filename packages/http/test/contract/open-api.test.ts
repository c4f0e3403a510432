/** OpenAPI documents of contracts. */
import { describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { z } from 'zod';
import type { Schema } from '../../src/index.ts';
import { contract, openApi, type Contract } from '../../src/contract/index.ts';
import { addItem, getItem, Item, listItems, removeItem } from './items.ts';

const INFO = { title: 'Shop', version: '1.0.0' };

/** The document of contracts, which is valid by the schema of OpenAPI 3.1, and whose references all lead somewhere. */
async function documentOf(
  contracts: readonly Contract[],
  options?: Parameters<typeof openApi>[2],
  isValidated = true,
): Promise<Record<string, unknown>> {
  const document = openApi(contracts, INFO, options);
  const plain = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
  expect(document).toStrictEqual(plain);
  if (!isValidated) return plain;
  expect(await new Validator().validate(structuredClone(plain))).toEqual({ valid: true });
  for (const [, reference = ''] of JSON.stringify(plain).matchAll(/"\$ref":"#([^"]*)"/g)) {
    const steps = reference.slice(1).split('/');
    const found = steps.reduce<unknown>((at, step) => Object(at)[step] as unknown, plain);
    expect([reference, typeof found]).toEqual([reference, 'object']);
  }
  return plain;
}

const at = (document: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((value, step) => Object(value)[step] as unknown, document);

describe('the OpenAPI document of contracts', () => {
  test('has each with its parameters, its body and its responses', async () => {
    const document = await documentOf([listItems, addItem, getItem, removeItem]);
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: INFO,
      paths: {
        '/items': {
          get: {
            operationId: 'listItems',
            summary: 'Lists items.',
            parameters: [
              { name: 'page', in: 'query' },
              { name: 'tag', in: 'query' },
            ],
            responses: {
              200: {
                description: 'OK',
                content: {
                  'application/json': {
                    schema: {
                      properties: { items: { items: { $ref: '#/components/schemas/Item' } } },
                    },
                  },
                },
              },
            },
          },
          post: {
            requestBody: {
              required: true,
              content: {
                'application/json': {
                  schema: {
                    properties: { bought: { type: 'string', format: 'date-time' } },
                    required: ['name'],
                  },
                },
              },
            },
            responses: {
              201: {
                content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } },
              },
            },
          },
        },
        '/items/{id}': { get: { parameters: [{ name: 'id', in: 'path', required: true }] } },
        '/items/{name}': {
          delete: {
            parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
            responses: { 204: { description: 'No Content' } },
          },
        },
      },
      components: { schemas: { Item: { required: ['id', 'name'] } } },
    });
    const get = at(document, 'paths', '/items', 'get');
    // A default: it need not be sent.
    expect(at(get, 'parameters', '0')).not.toHaveProperty('required');
    expect(at(get, 'responses', 'default')).toEqual({
      description: 'A problem (RFC 9457)',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    });
    expect(at(document, 'paths', '/items/{name}', 'delete', 'responses', '204')).toEqual({
      description: 'No Content',
    });
  });

  test('has schemas that refer to themselves among its components', async () => {
    interface Tree {
      readonly name: string;
      readonly children?: readonly Tree[] | undefined;
    }
    const Tree: z.ZodType<Tree> = z.object({
      name: z.string(),
      get children() {
        return z.array(Tree).optional();
      },
    });
    const plant = contract({
      method: 'POST',
      path: '/trees',
      body: Tree,
      responses: { 200: z.object({ tree: Tree, others: z.array(Tree) }) },
    });
    const document = await documentOf([plant]);
    const schema = at(
      document,
      'paths',
      '/trees',
      'post',
      'requestBody',
      'content',
      'application/json',
      'schema',
    );
    const name = /^#\/components\/schemas\/(.*)$/.exec(String(at(schema, '$ref')))?.[1] ?? '';
    expect(at(document, 'components', 'schemas', name)).toMatchObject({
      properties: { children: { items: { $ref: `#/components/schemas/${name}` } } },
    });
    expect(JSON.stringify(document)).not.toContain('$defs');
  });

  test('keeps two schemas of one name apart, and shares one that comes twice', async () => {
    const Other = z.object({ other: z.boolean() }).meta({ id: 'Item2' });
    const odd = {
      '~standard': jsonSchema({ $defs: { Item: { type: 'null' } }, $ref: '#/$defs/Item' }),
    };
    const reading = contract({
      method: 'GET',
      path: '/a',
      responses: { 200: z.tuple([Item, Item, Other]), 201: odd, 202: Item },
    });
    const document = await documentOf([reading, getItem]);
    const schemas = at(document, 'components', 'schemas') as object;
    expect(Object.keys(schemas).toSorted()).toEqual(['Item', 'Item2', 'Item3', 'Problem']);
    expect(at(schemas, 'Item3')).toEqual({ type: 'null' });
  });

  test('leaves what only looks like a reference as it is', async () => {
    const data = { $ref: '#/$defs/x' };
    const schema = {
      type: 'object',
      properties: { $ref: { type: 'string' }, default: { $ref: '#/$defs/x' } },
      examples: [data],
      default: data,
      enum: [data],
      $defs: { x: { const: data } },
    };
    const odd = contract({
      method: 'GET',
      path: '/a',
      responses: { 200: { '~standard': jsonSchema(schema) } },
    });
    // The validator takes the property for a reference.
    const document = await documentOf([odd], {}, false);
    expect(
      at(document, 'paths', '/a', 'get', 'responses', '200', 'content', 'application/json'),
    ).toEqual({
      schema: {
        type: 'object',
        properties: { $ref: { type: 'string' }, default: { $ref: '#/components/schemas/x' } },
        examples: [data],
        default: data,
        enum: [data],
      },
    });
    expect(at(document, 'components', 'schemas', 'x')).toEqual({ const: data });
  });

  test('says where it is served, and what else a contract says', async () => {
    const old = contract({
      method: 'GET',
      path: '/old',
      description: 'As it was.',
      tags: ['shop'],
      deprecated: true,
      responses: { 204: null },
    });
    const servers = [{ url: 'https://shop.example/v1', description: 'the real one' }];
    const document = await documentOf([old], { servers });
    expect(document).toMatchObject({
      servers,
      paths: {
        '/old': { get: { description: 'As it was.', tags: ['shop'], deprecated: true } },
      },
    });
  });
});

/** The interface of a schema that has this JSON Schema. */
function jsonSchema(described: unknown): Schema<unknown>['~standard'] {
  const standard = {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) => ({ value }),
  } as const;
  return { ...standard, jsonSchema: { input: () => described } } as Schema<unknown>['~standard'];
}

describe('a schema that JSON Schema cannot hold', () => {
  const dated = contract({ method: 'GET', path: '/a', responses: { 200: z.date() } });
  const plain = contract({
    method: 'GET',
    path: '/a',
    responses: {
      200: { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } },
    },
  });

  test.each([
    ['one of zod', dated],
    ['one of a library without JSON Schema', plain],
  ] as const)('is an error that says where: %s', (_name, one) => {
    expect(() => openApi([one], INFO)).toThrow(
      'openApi: expected a schema that has a JSON Schema in the answer 200 of GET /a, got one that has none; give `describe`',
    );
  });

  test('is described by the program', async () => {
    const describe_ = () => ({ type: 'string', format: 'date-time' });
    const document = await documentOf([dated], { describe: describe_ });
    expect(JSON.stringify(document)).toContain('date-time');
  });

  test('and a query that is no object are refused', () => {
    const odd = contract({
      method: 'GET',
      path: '/a',
      query: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
      responses: { 204: null },
    });
    expect(() => openApi([odd], INFO)).toThrow(
      'openApi: expected `query` to be described as an object',
    );
  });

  test('and two contracts with one method and path are refused', () => {
    expect(() => openApi([listItems, listItems], INFO)).toThrow(
      'openApi: expected `contracts[1]` to be one contract for GET /items',
    );
  });
});
