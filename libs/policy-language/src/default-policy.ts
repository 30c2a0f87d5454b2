import { loadPolicy, type CompiledPolicy } from './check.ts';

/** The policy of a project that has none of its own. It asks counts only, so it says the same however few findings are listed. */
export const defaultPolicyText = `# The policy of a project that has none of its own.
# deny: what can be repaired today and is severe, and what nobody could read.
# warn: what should be repaired, and what nobody can tell.
name: default
description: Critical findings with a fix and unreadable images stop an image; everything else that matters warns.

cannot_tell:
  partial_inventory: deny
  empty_inventory: warn
  no_advisories: deny
  stale_advisories: warn
  undetermined: warn
  not_covered: warn
  unlisted_findings: warn
stale_after_hours: 168

rules:
  - id: critical-with-fix
    title: Critical findings that a fix exists for
    severity: critical
    deny: findings.fixable.critical > 0
    about: finding.severity == "critical" && finding.fixable
    message: "critical findings with a fix: {{ findings.fixable.critical }}"
    remediation: upgrade the named packages to their fixed versions, or rebuild on a newer base image, and push again

  - id: critical-without-fix
    title: Critical findings without a fix
    severity: critical
    warn: findings.by_severity.critical > findings.fixable.critical
    about: finding.severity == "critical" && !finding.fixable
    message: "critical findings without a fix: {{ findings.by_severity.critical - findings.fixable.critical }}"
    remediation: remove the package if the image does not need it; otherwise record an exception with an end date and watch for the fix

  - id: high-with-fix
    title: High findings that a fix exists for
    severity: high
    warn: findings.fixable.high > 0
    about: finding.severity == "high" && finding.fixable
    message: "high findings with a fix: {{ findings.fixable.high }}"
    remediation: upgrade the named packages with the next build

  - id: unrated-findings
    title: Findings nobody has rated
    severity: unknown
    warn: findings.by_severity.unknown > 0
    about: finding.severity == "unknown"
    message: "findings without a severity: {{ findings.by_severity.unknown }}; unrated is not harmless"
    remediation: read the advisories named and judge them, or wait for their rating

  - id: root-user
    title: The image runs as root
    severity: medium
    warn: image.runs_as_root
    message: the image sets no user but root, so a break-out starts with every right
    remediation: add a USER line with a numeric id other than 0 to the Dockerfile
`;

let compiled: CompiledPolicy | undefined;

/** The default policy, ready to evaluate; compiled when first asked for, since most commands never judge. */
export const defaultPolicy = (): CompiledPolicy => (compiled ??= loadPolicy(defaultPolicyText));
