import type { Source } from './sources.ts';
import { parseVex, type StatementParser } from './vex.ts';

/** One publication of suppliers' statements; fields as those of `Source`. */
export interface StatementSource extends Pick<Source, 'id' | 'title' | 'urls' | 'list' | 'interval' | 'floor' | 'sign'> {
  readonly parse: StatementParser;
}

const hours = 60 * 60;

/** What suppliers say of vulnerabilities in their products, one line each. */
export const statementSources: readonly StatementSource[] = [
  // Documents that are given by hand: OpenVEX, CycloneDX or CSAF.
  { id: 'vex', title: 'VEX documents of suppliers', floor: 1, interval: 24 * hours, parse: parseVex, urls: [],
    sign: /^\s*\{[^]*"(?:csaf_version"|@context"\s*:\s*"https:\/\/openvex\.dev|bomFormat"\s*:\s*"CycloneDX"[^]*"vulnerabilities")/ },
  { id: 'vexhub', title: 'VEX Hub', floor: 10_000, interval: 12 * hours, parse: parseVex, urls: ['https://github.com/aquasecurity/vexhub/archive/refs/heads/main.tar.gz'] },
  // Most speak of devices, which no image holds: they are counted as bound to nothing.
  { id: 'cisa-csaf', title: 'CISA advisories (CSAF)', floor: 1, interval: 24 * hours, parse: parseVex, urls: ['https://github.com/cisagov/CSAF/archive/refs/heads/develop.tar.gz'] },
];

/** The entry with this id. */
export const statementSourceOf = (id: string): StatementSource | undefined => statementSources.find((source) => source.id === id);
