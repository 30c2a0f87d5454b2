import { z } from 'zod';
import { shaped } from './documents.ts';

const longestText = 1_000_000, longestVersion = 512, longestId = 200, longestEcosystem = 200, longestName = 1_000, mostEvents = 20_000;

const text = z.string().max(longestText);
const version = z.string().max(longestVersion);
/** OSV writes null for "none" in many places. */
const many = <T extends z.ZodType>(of: T) => z.array(of).nullish();
const extras = z.record(z.string(), z.unknown()).nullish();
const score = z.object({ type: z.string(), score: z.string().nullish() });

/** What is read of an OSV record, https://ossf.github.io/osv-schema/ (1.7); all else is ignored. */
const Osv = z.object({
  id: z.string().min(1).max(longestId),
  modified: text.nullish(), published: text.nullish(), withdrawn: text.nullish(),
  aliases: many(text), upstream: many(text), related: many(text),
  summary: text.nullish(), details: text.nullish(),
  severity: many(score),
  references: many(z.object({ url: text })),
  affected: many(z.object({
    package: z.object({ ecosystem: z.string().max(longestEcosystem).nullish(), name: z.string().max(longestName).nullish() }).nullish(),
    severity: many(score),
    ranges: many(z.object({
      type: z.string().nullish(),
      events: z.array(z.object({ introduced: version.nullish(), fixed: version.nullish(), last_affected: version.nullish(), limit: version.nullish() })).max(mostEvents),
    })),
    versions: many(version),
    ecosystem_specific: extras, database_specific: extras,
  })),
  database_specific: extras, ecosystem_specific: extras,
});
export type OsvRecord = z.output<typeof Osv>;
export type OsvAffected = NonNullable<OsvRecord['affected']>[number];

/** A document that is an OSV record, or Problem `record-not-osv` saying which fields are wrong. */
export const osvRecord = (document: unknown): OsvRecord => isPlainOsv(document) ? document : osvBySchema(document);

/** What the schema says of it. */
export const osvBySchema = (document: unknown): OsvRecord => shaped(Osv, document, 'record-not-osv', 'not an OSV record');

type Json = Readonly<Record<string, unknown>>;

/**
 * True only for documents the schema accepts; of those it doubts, the schema decides. A feed has hundreds of thousands of
 * records, nearly all of them right, and the schema's copy of each costs more than parsing its JSON.
 */
export const isPlainOsv = (document: unknown): document is OsvRecord =>
  isObject(document) && isText(document['id'], longestId) && document['id'] !== ''
  && maybeText(document['modified']) && maybeText(document['published']) && maybeText(document['withdrawn'])
  && maybeTexts(document['aliases']) && maybeTexts(document['upstream']) && maybeTexts(document['related'])
  && maybeText(document['summary']) && maybeText(document['details'])
  && maybeEach(document['severity'], isScore) && maybeEach(document['references'], isReference) && maybeEach(document['affected'], isAffected)
  && maybeExtras(document['database_specific']) && maybeExtras(document['ecosystem_specific']);

const isAffected = (entry: unknown): boolean =>
  isObject(entry) && maybePackage(entry['package']) && maybeEach(entry['severity'], isScore) && maybeEach(entry['ranges'], isRange)
  && maybeEach(entry['versions'], isVersion) && maybeExtras(entry['ecosystem_specific']) && maybeExtras(entry['database_specific']);
const maybePackage = (value: unknown): boolean =>
  isNone(value) || (isObject(value) && maybeText(value['ecosystem'], longestEcosystem) && maybeText(value['name'], longestName));
const isRange = (range: unknown): boolean =>
  isObject(range) && maybeText(range['type'], Infinity) && Array.isArray(range['events']) && range['events'].length <= mostEvents && each(range['events'], isEvent);
const isEvent = (event: unknown): boolean =>
  isObject(event) && maybeText(event['introduced'], longestVersion) && maybeText(event['fixed'], longestVersion)
  && maybeText(event['last_affected'], longestVersion) && maybeText(event['limit'], longestVersion);
const isScore = (value: unknown): boolean => isObject(value) && isText(value['type'], Infinity) && maybeText(value['score'], Infinity);
const isReference = (value: unknown): boolean => isObject(value) && isText(value['url']);
const isVersion = (value: unknown): boolean => isText(value, longestVersion);

const isNone = (value: unknown): value is null | undefined => value === null || value === undefined;
/** What JSON.parse makes of `{}`; one with a member named `constructor` is left to the schema. */
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && value.constructor === Object;
const isText = (value: unknown, longest = longestText): boolean => typeof value === 'string' && value.length <= longest;
const maybeText = (value: unknown, longest = longestText): boolean => isNone(value) || isText(value, longest);
const maybeTexts = (value: unknown): boolean => maybeEach(value, (one) => isText(one));
const maybeExtras = (value: unknown): boolean => isNone(value) || isObject(value);
const maybeEach = (value: unknown, isRight: (one: unknown) => boolean): boolean => isNone(value) || (Array.isArray(value) && each(value, isRight));

function each(list: readonly unknown[], isRight: (one: unknown) => boolean): boolean {
  for (const one of list) if (!isRight(one)) return false;
  return true;
}
