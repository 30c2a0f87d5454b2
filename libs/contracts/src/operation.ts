import { z } from 'zod';
import { Scope } from './identity.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The gRPC services of plimsoll.v1; also the headings of the API's documentation. */
export const groups = {
  Images: 'Submit images; read what is in them, what is wrong with them and what was decided.',
  Feeds: 'Where advisories come from and how fresh they are.',
  Policies: 'What may sail.',
  Subscriptions: 'Who is told of what, and whether it reached them.',
  Identity: 'Who may do what: login, users, projects, tokens.',
  Platform: 'The platform itself.',
} as const;
export type Group = keyof typeof groups;

/**
 * One thing the public door can do, declared once. The REST route, the gRPC method, the OpenAPI document and the checks of
 * who may call and with what come from here.
 */
export interface Operation<P extends z.ZodRawShape = z.ZodRawShape, Q extends z.ZodRawShape = z.ZodRawShape, B extends z.ZodRawShape = z.ZodRawShape, A extends z.ZodType = z.ZodType> {
  /** OpenAPI's operationId. */
  readonly id: string;
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/projects/{project}/images`. */
  readonly path: string;
  readonly group: Group;
  readonly summary: string;
  readonly description?: string;
  /** What the caller needs: a scope in the project of the path; `signed-in` for any caller we know; `public` for everybody. */
  readonly scope: Scope | 'signed-in' | 'public';
  /** The scope must be granted for every project (`*`), because the act reaches beyond one. */
  readonly everywhere?: boolean;
  readonly params: z.ZodObject<P>;
  readonly query: z.ZodObject<Q>;
  readonly body: z.ZodObject<B>;
  /** The three together: the gRPC request. */
  readonly input: z.ZodObject<P & Q & B>;
  /** Somebody else's body format under these media types: the handler reads it as it came. */
  readonly foreignBody?: readonly string[];
  /** The answer's body; of a stream, one item. */
  readonly answer: A;
  readonly status: 200 | 201 | 202 | 204;
  /** What the answer is when it is not JSON. */
  readonly mediaType?: string;
  /** Server-sent events over HTTP, a server stream over gRPC. */
  readonly streams?: boolean;
  /** The `Location` of what was made. */
  readonly location?: (answer: z.output<A>) => string;
  /** Seconds it may take; 30 where not said. */
  readonly seconds?: number;
  /** The method of the gRPC service named by `group`, or why there is none. */
  readonly rpc: string | { readonly none: string };
}
export type Input<O extends { readonly input: z.ZodType }> = z.output<O['input']>;

type Draft<P extends z.ZodRawShape, Q extends z.ZodRawShape, B extends z.ZodRawShape, A extends z.ZodType> =
  Omit<Operation<P, Q, B, A>, 'params' | 'query' | 'body' | 'input'> & { readonly params?: P; readonly query?: Q; readonly body?: B };

/** Declares an operation. Names of path, query and body must differ: together they are one gRPC message. */
export const operation = <A extends z.ZodType, P extends z.ZodRawShape = {}, Q extends z.ZodRawShape = {}, B extends z.ZodRawShape = {}>(draft: Draft<P, Q, B, A>): Operation<P, Q, B, A> => {
  const { params = {} as P, query = {} as Q, body = {} as B, ...rest } = draft;
  return { ...rest, params: z.object(params), query: z.strictObject(query), body: z.strictObject(body), input: z.object({ ...params, ...query, ...body }) };
};

/** A list in a query: `a,b` or the name twice; in gRPC a repeated field. */
export const listOf = <S extends z.ZodType>(item: S) =>
  z.preprocess((value) => typeof value === 'string' ? value.split(',') : value, z.array(item).min(1).max(50));

/** A yes or no in a query: `true` or `false`; in gRPC a bool. */
export const flag = z.preprocess((value) => value === 'true' ? true : value === 'false' ? false : value, z.boolean());
