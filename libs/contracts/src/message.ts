import { z } from 'zod';

/** The six services that publish and answer. A name is also its Postgres schema and its NATS user. */
export const ServiceName = z.enum(['gateway', 'feeds', 'scanner', 'policy', 'identity', 'notifier']);
export type ServiceName = z.output<typeof ServiceName>;

/** Something that happened: past tense, said by its publisher alone, heard by anyone. */
export interface EventContract<S extends z.ZodType = z.ZodType> {
  readonly subject: `evt.${string}.v${number}`;
  readonly publisher: ServiceName;
  readonly body: S;
}

/** Something one service may ask another, answered with a body or a Problem. */
export interface RequestContract<Q extends z.ZodType = z.ZodType, A extends z.ZodType = z.ZodType> {
  readonly subject: `req.${string}.v${number}`;
  readonly answerer: ServiceName;
  readonly body: Q;
  readonly answer: A;
}

/** What arrives. */
export type Body<C extends { readonly body: z.ZodType }> = z.output<C['body']>;
/** What may be handed in: defaults not yet filled. */
export type Draft<C extends { readonly body: z.ZodType }> = z.input<C['body']>;
export type Answer<C extends RequestContract> = z.output<C['answer']>;

/** Declares `evt.<publisher>.<rest>`; `rest` is `<thing>.<happened>.v<N>`. */
export const event = <S extends z.ZodRawShape>(publisher: ServiceName, rest: `${string}.${string}.v${number}`, shape: S): EventContract<z.ZodObject<S>> =>
  ({ subject: `evt.${publisher}.${rest}`, publisher, body: z.object(shape) });

/** Declares `req.<answerer>.<verb-thing>.v<N>`. */
export const request = <Q extends z.ZodRawShape, A extends z.ZodType>(answerer: ServiceName, rest: `${string}.v${number}`, shape: Q, answer: A): RequestContract<z.ZodObject<Q>, A> =>
  ({ subject: `req.${answerer}.${rest}`, answerer, body: z.object(shape), answer });

/** What a service hears, answers, asks, says and stores, declared once: permissions, consumers and docs come from it. */
export interface Manifest {
  readonly name: ServiceName;
  readonly does: string;
  readonly hears: readonly EventContract[];
  readonly answers: readonly RequestContract[];
  readonly asks: readonly RequestContract[];
  readonly says: readonly EventContract[];
  /** How it uses the object store of documents. */
  readonly documents: 'none' | 'reads' | 'writes';
}

/** The durable consumer of one listener: stable, so that a restart goes on where it stopped. */
export const durableName = (service: ServiceName, contract: EventContract): string =>
  `${service}-${contract.subject.slice('evt.'.length).replaceAll('.', '-')}`;
