import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { decodeJson, eachDocument, shaped } from './documents.ts';
import { normaliseName } from './ecosystem.ts';
import { scored } from './enrichment.ts';
import { type Parser, type Reading, rejected } from './feed.ts';
import { entryOf, Inexact, stretchOf } from './requirement-ranges.ts';
import { firstLine, severityWord } from './words.ts';

const text = z.string().max(1_000_000), word = z.string().max(1_000);
const Package = z.object({ ecosystem: word, name: word.nullish() });
const vectors = z.object({ vector_string: word.nullish(), vectorString: word.nullish() }).nullish();
const Vulnerability = z.object({
  package: Package.nullish(), severity: word.nullish(),
  vulnerable_version_range: word.nullish(), vulnerableVersionRange: word.nullish(),
  first_patched_version: z.union([word, z.object({ identifier: word })]).nullish(), firstPatchedVersion: z.object({ identifier: word }).nullish(),
});
const nodesOf = <T extends z.ZodType>(of: T) => z.union([z.array(of).max(10_000), z.object({ nodes: z.array(of).max(10_000) }).transform(({ nodes }) => nodes)]).nullish().transform((list) => list ?? []);

/**
 * An advisory as GitHub's API answers: REST `GET /advisories` in snake_case (https://docs.github.com/rest/security-advisories/global-advisories),
 * GraphQL `securityAdvisories` in camelCase (https://docs.github.com/graphql/reference/objects#securityadvisory).
 */
const GithubAdvisory = z.object({
  ghsa_id: word.nullish(), ghsaId: word.nullish(), cve_id: word.nullish(), summary: text.nullish(), description: text.nullish(), severity: word.nullish(),
  identifiers: z.array(z.object({ type: word, value: word })).max(1_000).nullish(),
  references: z.array(z.union([word, z.object({ url: word }).transform(({ url }) => url)])).max(10_000).nullish(),
  published_at: word.nullish(), publishedAt: word.nullish(), updated_at: word.nullish(), updatedAt: word.nullish(), withdrawn_at: word.nullish(), withdrawnAt: word.nullish(),
  cvss_severities: z.object({ cvss_v3: vectors, cvss_v4: vectors }).nullish(), cvssSeverities: z.object({ cvssV3: vectors, cvssV4: vectors }).nullish(), cvss: vectors,
  vulnerabilities: nodesOf(Vulnerability),
});
type GithubAdvisory = z.output<typeof GithubAdvisory>;

/** GitHub's names of registries, and OSV's. */
const ecosystems: Readonly<Record<string, string>> = {
  npm: 'npm', pip: 'PyPI', maven: 'Maven', nuget: 'NuGet', rubygems: 'RubyGems', composer: 'Packagist', go: 'Go', rust: 'crates.io', erlang: 'Hex', pub: 'Pub', swift: 'SwiftURL', actions: 'GitHub Actions',
};

/** Reads pages of GitHub's API: a list of advisories, one alone, or a GraphQL answer with `securityAdvisories`. */
export const parseGithubApi: Parser = (records, { source, ...context }) => eachDocument(records, { source, ...context }, /\.json$/i, function* (name, bytes): Generator<Reading> {
  for (const [place, one] of listOf(decodeJson(name, bytes)).entries()) {
    try {
      yield { kind: 'advisory', advisory: advisoryOf(shaped(GithubAdvisory, one, 'record-not-github', `${name}[${place}] is no advisory of GitHub's API`), source) };
    } catch (error) {
      yield rejected(`${name}[${place}]`, error, JSON.stringify(one));
    }
  }
});

const Answer = z.object({ data: z.object({ securityAdvisories: z.object({ nodes: z.array(z.unknown()) }) }) });

function listOf(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document;
  const answer = Answer.safeParse(document);
  return answer.success ? answer.data.data.securityAdvisories.nodes : [document];
}

function advisoryOf(one: GithubAdvisory, source: string): Advisory {
  const id = shaped(z.string().regex(/^GHSA(?:-[0-9a-z]{4}){3}$/i), one.ghsa_id ?? one.ghsaId, 'record-not-github', 'the id is no GHSA'), severity = severityWord(one.severity ?? undefined);
  const aliases = new Set([...one.cve_id ? [one.cve_id] : [], ...(one.identifiers ?? []).map(({ value }) => value)].filter((name) => name !== id));
  const published = one.published_at ?? one.publishedAt, modified = one.updated_at ?? one.updatedAt, withdrawn = one.withdrawn_at ?? one.withdrawnAt;
  const given = [one.cvss_severities?.cvss_v4, one.cvss_severities?.cvss_v3, one.cvssSeverities?.cvssV4, one.cvssSeverities?.cvssV3, one.cvss].flatMap((score) => score?.vector_string ?? score?.vectorString ?? []);
  return {
    id, key: id, source, aliases: [...aliases], vulnerabilities: [],
    ...(one.summary ? { title: firstLine(one.summary) } : one.description ? { title: firstLine(one.description) } : {}),
    ...(published ? { published } : {}), ...(modified ? { modified } : {}), ...(withdrawn ? { withdrawn } : {}),
    severities: [...new Set(given)].flatMap((vector) => scored(vector) ?? []), ...(severity === undefined ? {} : { severity }),
    references: (one.references ?? []).slice(0, 8), affected: one.vulnerabilities.flatMap(affectedOf),
  };
}

/** `>= 4.3.0, < 4.3.5`, `= 0.2.0`; ranges of one package come as several. */
function affectedOf(one: z.output<typeof Vulnerability>): Affected[] {
  const registry = one.package?.ecosystem.toLowerCase() ?? '';
  if (!one.package?.name || !Object.hasOwn(ecosystems, registry)) return [];
  const ecosystem = ecosystems[registry]!, name = normaliseName(ecosystem, one.package.name), range = one.vulnerable_version_range ?? one.vulnerableVersionRange ?? '';
  const severity = severityWord(one.severity ?? undefined), common = { ecosystem, name, fix_state: one.first_patched_version ?? one.firstPatchedVersion ? 'available' : 'none-yet' } as const;
  try {
    const stretch = stretchOf(ecosystem, range.split(',').map(comparisonOf));
    return [{ ...entryOf(common, stretch === undefined ? [] : [stretch]), ...(severity === undefined ? {} : { severity }) }];
  } catch (error) {
    if (!(error instanceof Inexact)) throw error;
    return [{ ...common, status: 'undetermined', fix_state: 'unknown', vendor_status: error.message.slice(0, 200) }];
  }
}

function comparisonOf(term: string): readonly [operator: string, version: string] {
  const [, operator, version] = /^\s*(>=|<=|>|<|=)\s*(\S+)\s*$/.exec(term) ?? [];
  if (operator === undefined || version === undefined) throw new Inexact(`'${term.trim()}' is no comparison`);
  return [operator, version];
}
