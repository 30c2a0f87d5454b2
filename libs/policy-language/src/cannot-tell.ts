import type { CannotTell, Policy, Rule } from './policy.ts';

type Question = keyof CannotTell;

/** The name of the reason for an image nobody could read. It is always a denial and no exception reaches it. */
export const rejectedRule = 'image-rejected';

/** How each "cannot tell" is noticed and put into words. Rules like any other, so they are excepted and explained alike. */
const questions: Record<Question, Omit<Rule, 'deny' | 'warn' | 'id'> & { readonly is: (policy: Policy) => string }> = {
  partial_inventory: {
    title: 'Parts of the image could not be read',
    is: () => 'inventory.problems > 0',
    message: 'parts of the image that could not be read: {{ inventory.problems }}; packages may be missing from this answer',
    remediation: 'look at the problems of the inventory (plimsoll inventory); repair the image or report the file that cannot be read',
  },
  empty_inventory: {
    title: 'No package was recognised',
    is: () => 'inventory.packages == 0',
    message: 'no package was recognised in this image; nothing found is not the same as nothing wrong',
    remediation: 'build the image so that its package database or lockfiles stay inside, or accept it by an exception for this rule',
  },
  no_advisories: {
    title: 'No advisories are known yet',
    is: () => 'revision.number == 0',
    message: 'no advisory revision has been ingested, so nothing could be matched',
    remediation: 'wait for the first ingest, or start one (plimsoll db update; plimsoll db import where there is no network)',
  },
  stale_advisories: {
    title: 'The advisories are old',
    is: (policy) => `revision.number > 0 && (!has(revision.age) || revision.age > duration("${policy.stale_after_hours}h"))`,
    message: 'the advisories behind this answer were published {{ revision.published_at }}, {{ revision.age }} ago',
    remediation: 'see which source is behind (plimsoll db status) and update it; newer advisories are missing until then',
  },
  undetermined: {
    title: 'Some versions could not be judged',
    is: () => 'findings.undetermined > 0',
    message: 'findings that could not be decided: {{ findings.undetermined }}; a version could not be compared with the advisory',
    remediation: 'look at the findings whose state is undetermined; each says why',
  },
  not_covered: {
    title: 'Some packages are not covered by any advisory source',
    is: () => 'findings.not_covered > 0',
    message: 'packages that no advisory source speaks of: {{ findings.not_covered }} of {{ inventory.packages }}; they are unknown, not clean',
    remediation: 'add a source for them, or move to a release and vendor that publishes advisories',
  },
  unlisted_findings: {
    title: 'A rule looks into a list that is not complete',
    is: () => '!findings.complete',
    message: 'this policy looks at single findings, and {{ findings.listed }} of {{ findings.total + findings.undetermined }} are listed',
    remediation: 'fix the worst findings first, or ask by counts (findings.by_severity) instead of by worst',
  },
};

const idOf = (question: Question): string => question.replaceAll('_', '-');

/** Ids no rule of a policy may take. */
export const reservedRules: ReadonlySet<string> = new Set([rejectedRule, ...Object.keys(questions).map((question) => idOf(question as Question))]);

/** The rules a policy's `cannot_tell` stands for. */
export function cannotTellRules(policy: Policy, looksIntoList: boolean): Rule[] {
  return Object.entries(questions).flatMap(([name, { is, ...words }]) => {
    const answer = policy.cannot_tell[name as Question];
    if (answer === 'allow' || (name === 'unlisted_findings' && !looksIntoList)) return [];
    return [{ id: idOf(name as Question), [answer]: is(policy), ...words }];
  });
}
