import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultPolicy, evaluate, loadPolicy, readInput } from './index.ts';
import { aFinding, anInput, noon } from './input.fixture.ts';

const sample = (file: string) => loadPolicy(readFileSync(new URL(`../samples/${file}`, import.meta.url), 'utf8'));

describe('the samples', () => {
  it.each<[string, Record<string, unknown>, string, string[]]>([
    ['production.yaml', {}, 'allow', []],
    ['production.yaml', { worst: [aFinding({ severity: 'high' })] }, 'deny', ['severe-with-fix']],
    ['production.yaml', { worst: [aFinding({ fix_state: 'none-yet' })] }, 'deny', ['old-critical']],
    ['production.yaml', { worst: [aFinding({ fix_state: 'none-yet', published: '2029-12-20T00:00:00Z' })] }, 'allow', []],
    ['production.yaml', { image: { reference: 'docker.io/library/nginx:latest' } }, 'deny', ['registry', 'floating-tag']],
    ['production.yaml', { image: { user: 'root' }, inventory: { packages: 0 } }, 'deny', ['empty-inventory', 'root-user']],
    ['observe.yaml', { worst: [aFinding()] }, 'warn', ['critical']],
    ['observe.yaml', { revision: null }, 'warn', ['no-advisories']],
    ['owned-images.json', {}, 'warn', ['owner-label']],
    ['owned-images.json', { image: { labels: { 'com.example.team': 'Ada' } } }, 'warn', ['team-name']],
    ['owned-images.json', { image: { labels: { 'com.example.team': 'team-web' }, created: '2029-01-01T00:00:00Z' } }, 'warn', ['old-image']],
    ['owned-images.json', { image: { labels: { 'com.example.team': 'team-web' } }, inventory: { os: { id: 'debian', version_id: '10', name: 'Debian' } } }, 'deny', ['distribution']],
    // testing and unstable have no version: "cannot tell" is a denial, by name.
    ['owned-images.json', { image: { labels: { 'com.example.team': 'team-web' } }, inventory: { os: { id: 'debian', name: 'Debian sid' } } }, 'deny', ['distribution']],
    ['owned-images.json', { image: { labels: { 'com.example.team': 'team-web' } }, worst: [aFinding({ fix_state: 'end-of-life' })] }, 'warn', ['end-of-life']],
  ])('%s on %j: %s', (file, change, decision, rules) => {
    const judged = evaluate(sample(file), readInput(anInput(change)), noon);
    expect({ decision: judged.decision, rules: judged.reasons.map(({ rule }) => rule) }).toEqual({ decision, rules });
    for (const { message } of judged.reasons.filter(({ outcome }) => outcome !== 'error')) expect(message).not.toMatch(/is not known/);
  });

  it('stay far below the limits', () => {
    for (const policy of [defaultPolicy(), ...['production.yaml', 'observe.yaml', 'owned-images.json'].map(sample)]) expect(policy.cost).toBeLessThan(1_000_000);
  });
});
