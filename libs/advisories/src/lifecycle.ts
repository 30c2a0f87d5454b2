import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import { decodeJson, eachDocument, shaped } from './documents.ts';
import { type FeedRecord, type ParseContext, rejected } from './feed.ts';

/** Dates as publishers give them, `2026-06-30`. */
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);

/** How long one release of something is looked after. What is not known is not there. */
export const Lifecycle = z.object({
  /** As https://endoflife.date names it: `debian`, `nodejs`. */
  product: z.string().min(1),
  /** `12`, `22.04`, `3.18`. */
  release: z.string().min(1),
  /** The ecosystem whose packages the release has, as advisories name it: `Debian:12`; none for what is no distribution. */
  ecosystem: z.string().optional(),
  source: z.string(),
  released: day.optional(),
  /** Last day with fixes for everybody. */
  ends: day.optional(),
  /** Whether that is over, where the publisher says it besides or instead of the day; as of the publication. */
  ended: z.boolean().optional(),
  /** Last day of what must be paid or asked for besides (LTS, ESM, ELS). */
  extended_ends: day.optional(),
});
export type Lifecycle = z.output<typeof Lifecycle>;

export type LifecycleReading = { readonly kind: 'lifecycle'; readonly lifecycle: Lifecycle } | ReturnType<typeof rejected>;
export type LifecycleParser = (records: AsyncIterable<FeedRecord>, context: ParseContext) => AsyncIterable<LifecycleReading>;

const text = z.string().max(10_000), name = z.union([text.min(1), z.number()]).transform(String);
/** A day, or whether it is past. */
const dayOr = z.union([z.string().max(40), z.boolean()]).nullish();

/** A release in `/api/v1/products/…` and in the older `/api/PRODUCT.json`: https://endoflife.date/docs/api/v1/. */
const Release = z.object({
  name: name.nullish(), cycle: name.nullish(), releaseDate: text.nullish(),
  eolFrom: text.nullish(), isEol: z.boolean().nullish(), eoesFrom: text.nullish(), eol: dayOr, extendedSupport: dayOr,
});
const Product = z.object({ name: text.min(1), releases: z.array(z.unknown()).max(10_000) });

/** Distributions by their names there, and the ecosystem of a release. Adding one is one line. */
const distributions: Readonly<Record<string, (release: string) => string>> = {
  debian: (release) => `Debian:${release}`, ubuntu: (release) => `Ubuntu:${release}`, 'alpine-linux': (release) => `Alpine:v${release}`, alpine: (release) => `Alpine:v${release}`,
  almalinux: (release) => `AlmaLinux:${release}`, 'rocky-linux': (release) => `Rocky Linux:${release}`, rhel: (release) => `Red Hat:enterprise_linux:${release}`,
  'oracle-linux': (release) => `Oracle Linux:${release}`, 'amazon-linux': (release) => `Amazon Linux:${release}`, fedora: (release) => `Fedora:${release}`, photon: (release) => `Photon OS:${release}`,
  'azure-linux': (release) => `Azure Linux:${release}`, mageia: (release) => `Mageia:${release}`, opensuse: (release) => `openSUSE:Leap ${release}`,
  sles: (release) => `SUSE:Linux Enterprise Server ${release.replace(/\.(\d+)$/, ' SP$1')}`,
};

/** Reads endoflife.date: all products in one file, one product, or the older form of a file a product, named after it. */
export const parseEndOfLife: LifecycleParser = (records, context) => eachDocument(records, context, /\.json$|^[^.]+$/i, function* (file, bytes) {
  const document = decodeJson(file, bytes);
  for (const { product, releases } of productsOf(file, document)) {
    for (const [place, one] of releases.entries()) {
      const record = `${file} ${product}[${place}]`;
      try {
        yield { kind: 'lifecycle', lifecycle: lifecycleOf(product, shaped(Release, one, 'record-not-lifecycle', record), record, context.source) } as const;
      } catch (error) {
        yield rejected(record, error, JSON.stringify(one));
      }
    }
  }
});

function productsOf(file: string, document: unknown): { product: string; releases: readonly unknown[] }[] {
  if (Array.isArray(document)) return [{ product: file.split('/').at(-1)!.replace(/\.json$/i, '').replace(/^\d+-/, ''), releases: document }];
  const { result } = shaped(z.object({ result: z.union([z.array(Product).max(100_000), Product]) }), document, 'record-not-lifecycle', `${file} is not endoflife.date's`);
  return [result].flat().map((one) => ({ product: one.name, releases: one.releases }));
}

function lifecycleOf(product: string, one: z.output<typeof Release>, record: string, source: string): Lifecycle {
  const release = one.name ?? one.cycle;
  if (release === undefined || release === null) throw invalid('record-not-lifecycle', `${record} has no name`);
  const ends = dayOf(one.eolFrom ?? one.eol), extended = dayOf(one.eoesFrom ?? one.extendedSupport), released = dayOf(one.releaseDate);
  const ecosystem = Object.hasOwn(distributions, product) ? distributions[product]!(release) : undefined;
  const ended = one.isEol ?? (typeof one.eol === 'boolean' ? one.eol : undefined);
  return {
    product, release, ...(ecosystem === undefined ? {} : { ecosystem }), source, ...(released === undefined ? {} : { released }),
    ...(ends === undefined ? {} : { ends }), ...(ended === undefined ? {} : { ended }), ...(extended === undefined ? {} : { extended_ends: extended }),
  };
}

const dayOf = (value: string | boolean | null | undefined): string | undefined => typeof value === 'string' && day.safeParse(value).success ? value : undefined;
