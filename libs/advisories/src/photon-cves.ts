import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { severityOf } from './cvss.ts';
import { type Parser, rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { isCve } from './words.ts';

const Entry = z.object({ cve_id: z.string(), pkg: z.string().min(1), cve_score: z.coerce.number().nullish(), aff_ver: z.string(), res_ver: z.string(), status: z.string() });
type Entry = z.output<typeof Entry>;

/** Reads https://packages.vmware.com/photon/photon_cve_metadata/cve_data_photon5.0.json and its like, one file a release: one advisory per problem and built package. */
export const parsePhotonCves: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/cve_data[^/]*\.json$/i.test(record.name)) continue;
    for await (const { key, bytes } of jsonMembers(record, limits)) {
      try {
        yield { kind: 'advisory', advisory: advisoryOf(Entry.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))), record.name, source) };
      } catch (error) {
        yield rejected(`${record.name}[${key}]`, error, bytes);
      }
    }
  }
};

function advisoryOf(entry: Entry, file: string, source: string): Advisory {
  const { cve_id: id, pkg: name, cve_score: score } = entry;
  // Besides CVEs there are names of Black Duck and of nobody (`BDSA-2025-13833`, `UNK-1`).
  if (!/^[A-Z]+-\d/.test(id)) throw invalid('record-id-unreadable', `'${id.slice(0, 100)}' names no problem`);
  const release = /photon(\d+(?:\.\d+)?)/i.exec(file)?.[1] ?? /\.ph(\d+)$/.exec(entry.res_ver)?.[1];
  if (release === undefined) throw invalid('record-release-unknown', `${id} of ${name} does not say of which release it is`);
  const ecosystem = `Photon OS:${release.includes('.') ? release : `${release}.0`}`;
  return {
    id, key: `${id}/${name}@${ecosystem}`, source, aliases: [], vulnerabilities: [], severities: [],
    references: isCve(id) ? [`https://nvd.nist.gov/vuln/detail/${id}`] : [],
    affected: [{ ecosystem, name, names: 'binary', ...statusOf(entry), ...(score ? { severity: severityOf(score) } : {}) }],
  };
}

function statusOf({ status, res_ver: fixed, aff_ver: affected }: Entry): Pick<Affected, 'status' | 'ranges' | 'fix_state' | 'vendor_status'> {
  switch (status) {
    case 'Not Affected': return { status: 'not-affected', fix_state: 'available' };
    case 'Fixed':
      if (!/^\d/.test(fixed)) throw invalid('record-malformed', `fixed in '${fixed.slice(0, 100)}'`);
      return { status: 'affected', ranges: [{ fixed }], fix_state: 'available' };
    default:
      // What is open has no version that resolves it; all are affected when that is what it says.
      return /^all versions/.test(affected) ? { status: 'affected', fix_state: 'none-yet', vendor_status: status } : { status: 'undetermined', fix_state: 'unknown', vendor_status: status };
  }
}
