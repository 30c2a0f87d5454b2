import { describe, expect, it } from 'vitest';
import { verdictHappening, revisionHappening } from '../happening.ts';
import { cloudEvent } from '../cloud-event.ts';
import { letterOf } from './letter.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const verdict = {
  project: 'default', digest, reference: 'registry.example/team/app:1.2', decision: 'deny' as const, input_digest: digest, revision: 17, decided_at: '2026-01-02T03:04:05.000Z',
  policy: { name: 'default', digest }, trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  reasons: [{ rule: 'no-fixable-critical', outcome: 'deny' as const, message: '7 critical findings have a fix', findings: ['CVE-1', 'CVE-2', 'CVE-3', 'CVE-4', 'CVE-5', 'CVE-6', 'CVE-7'], remediation: 'upgrade openssl to 3.0.2-0+deb12u2' }],
};
const letter = (changes: object = {}, previous?: 'allow') => letterOf(cloudEvent(verdictHappening('e1', { verdict: { ...verdict, ...changes }, previous }), '/plimsoll', {}));

describe('a letter about a verdict', () => {
  it('says what, why and what to do', () => {
    const { subject, text } = letter({}, 'allow');
    expect(subject).toBe('[Plimsoll] DENY: registry.example/team/app:1.2 (was allow)');
    expect(text).toBe(`This image must not sail.

Image     registry.example/team/app:1.2
Digest    ${digest}
Project   default
Decision  deny, before that allow
Policy    default
Decided   2026-01-02T03:04:05.000Z, as of feed revision 17
Trace     4bf92f3577b34da6a3ce929d0e0e4736

Why
  - deny by no-fixable-critical: 7 critical findings have a fix (CVE-1, CVE-2, CVE-3, CVE-4, CVE-5, and 2 more)

What to do next
  - upgrade openssl to 3.0.2-0+deb12u2
  - See every finding and its fix: plimsoll report ${digest}
  - Push the mended image: it is judged again by itself.
`);
  });

  it('asks nothing of anybody when the image may sail', () => {
    expect(letter({ decision: 'allow', reasons: [] }).text).toMatch(/No rule of the policy objects[\s\S]*What to do next\n {2}- Nothing\./);
  });

  it('gives a stranger no markup, no line and no header of his own', () => {
    const { subject, text, html } = letter({ reference: 'x\r\nBcc: all@example.org\n\nDecision  allow', reasons: [{ rule: 'r', outcome: 'deny', message: '<script>alert(1)</script><a href="https://evil.example">fix</a>' }] });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(text.match(/^Decision/gm)).toHaveLength(1);
    expect(html).not.toMatch(/<script|<a /);
    expect(html).toContain('&#60;script&#62;');
  });
});

it('a letter about a revision names the blast radius', () => {
  const { subject, text } = letterOf(cloudEvent(revisionHappening('e2', { revision: 18, published_at: '2026-01-02T03:04:05.000Z', touched_images: 1, changes: [{ source: 'debian', added: 3, changed: 2, removed: 0 }] }), '/plimsoll', {}));
  expect(subject).toBe('[Plimsoll] Feed revision 18 touches 1 image');
  expect(text).toContain('debian: 3 added, 2 changed, 0 removed');
});
