import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { type Parser, rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { isCve, severityWord } from './words.ts';

/** A group of problems of one version, https://wiki.archlinux.org/title/Arch_Security_Team, "Arch Vulnerability Group". */
const Group = z.object({
  name: z.string().min(1), packages: z.array(z.string().min(1)).min(1), status: z.string(), severity: z.string().nullish(), type: z.string().nullish(),
  affected: z.string().nullish(), fixed: z.string().nullish(), issues: z.array(z.string()), advisories: z.array(z.string()).nullish(),
});
type Group = z.output<typeof Group>;

/** Reads https://security.archlinux.org/all.json, a list of groups; one advisory each. */
export const parseArch: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    for await (const { key, bytes } of jsonMembers(record, limits)) {
      try {
        yield { kind: 'advisory', advisory: advisoryOf(Group.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))), source) };
      } catch (error) {
        yield rejected(`${record.name}[${key}]`, error, bytes);
      }
    }
  }
};

function advisoryOf(group: Group, source: string): Advisory {
  const severity = severityWord(group.severity ?? undefined);
  return {
    id: group.name, key: group.name, source, aliases: [], vulnerabilities: group.issues.filter(isCve),
    title: `${group.packages.join(', ')}: ${group.type ?? 'vulnerability'}`.slice(0, 200),
    severities: [], ...(severity === undefined ? {} : { severity }),
    references: [`https://security.archlinux.org/${group.name}`, ...(group.advisories ?? []).map((id) => `https://security.archlinux.org/${id}`)].slice(0, 8),
    affected: group.packages.map((name) => ({ ecosystem: 'Arch Linux', name, names: 'binary', ...statusOf(group) })),
  };
}

/** `Testing` means that the repair is there, and not yet in the stable repositories. */
function statusOf({ status, fixed, affected }: Group): Pick<Affected, 'status' | 'ranges' | 'fix_state' | 'vendor_status'> {
  switch (status) {
    case 'Not affected': return { status: 'not-affected', fix_state: 'available' };
    case 'Fixed': case 'Testing':
      if (fixed) return { status: 'affected', ranges: [{ fixed }], fix_state: 'available', ...(status === 'Testing' ? { vendor_status: status } : {}) };
      return { status: 'affected', ...(affected ? { ranges: [{ last_affected: affected }] } : {}), fix_state: 'unknown', vendor_status: status };
    case 'Vulnerable': return { status: 'affected', fix_state: 'none-yet' };
    default: return { status: 'undetermined', fix_state: 'unknown', vendor_status: status };
  }
}
