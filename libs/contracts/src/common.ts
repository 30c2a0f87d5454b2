import { Digest } from '@plimsoll/inventory';
import { problemKinds } from '@plimsoll/problem';
import { z } from 'zod';

export { Digest };

/** A project's short name: what is owned, permitted and listed together. */
export const Project = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
export type Project = z.output<typeof Project>;

/** One image of one project: the digest says what, the reference says how people call it. */
export const Image = z.object({ project: Project, reference: z.string().max(4096), digest: Digest });
export type Image = z.output<typeof Image>;

/** A large thing kept in the object store, named by its content. `max_payload` is 1 MiB, so messages carry only this. */
export const DocumentRef = z.object({
  digest: Digest,
  /** Bytes of the content, uncompressed. */
  size: z.int().nonnegative(),
  media_type: z.string(),
});
export type DocumentRef = z.output<typeof DocumentRef>;

export const ProblemBody = z.object({
  kind: z.enum(problemKinds as [typeof problemKinds[number], ...typeof problemKinds[number][]]),
  detail: z.string(),
  code: z.string().optional(),
  errors: z.array(z.object({ where: z.string(), what: z.string() })).optional(),
});
export type ProblemBody = z.output<typeof ProblemBody>;

/** RFC 3339 in UTC. */
export const Timestamp = z.iso.datetime();

/** One page of a longer list; the token is opaque and bound to the sort it was made with. */
export const PageRequest = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  page_token: z.string().max(1024).optional(),
});
export type PageRequest = z.output<typeof PageRequest>;

export const pageOf = <S extends z.ZodType>(item: S) => z.object({
  items: z.array(item),
  next_page_token: z.string().optional(),
  total: z.object({ count: z.int().nonnegative(), relation: z.enum(['EXACT', 'AT_LEAST']) }),
});
export interface Page<T> { items: T[]; next_page_token?: string | undefined; total: { count: number; relation: 'EXACT' | 'AT_LEAST' } }
