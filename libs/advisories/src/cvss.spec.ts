import { describe, expect, it } from 'vitest';
import { scoreCvss, severityOf } from './cvss.ts';

// Scores from the specifications' own examples (v2 guide 3.3, v3.1 and v4.0 example documents) and from FIRST's calculators.
describe('scoreCvss', () => {
  it.each([
    ['AV:N/AC:L/Au:N/C:N/I:N/A:C', 7.8, 'high'],
    ['(AV:N/AC:L/Au:N/C:C/I:C/A:C)', 10, 'high'],
    ['AV:L/AC:H/Au:N/C:C/I:C/A:C', 6.2, 'medium'],
    ['CVSS:2.0/AV:N/AC:L/Au:N/C:N/I:N/A:N', 0, 'low'],
    ['CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N', 6.4, 'medium'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8, 'critical'],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10, 'critical'],
    ['CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N', 3.1, 'low'],
    ['CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:N/I:N/A:N', 0, 'none'],
    ['CVSS:3.1/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N', 9.8, 'critical'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', 10, 'critical'],
    ['CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 7.3, 'high'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N', 8.8, 'high'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N/E:P', 7.8, 'high'],
    ['CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N', 0, 'none'],
  ])('%s is %d, %s', (vector, score, severity) => {
    expect(scoreCvss(vector)).toMatchObject({ score, severity });
  });

  it('takes time and place in where the vector says them', () => {
    expect(scoreCvss('AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H')).toMatchObject({ base: 7.8, temporal: 6.4, environmental: 9.2 });
    expect(scoreCvss('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U')).toMatchObject({ base: 9.8, temporal: 7.8, score: 9.8 });
    expect(scoreCvss('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H')).not.toHaveProperty('temporal');
  });

  it('never goes below zero', () => {
    expect(scoreCvss('AV:L/AC:H/Au:M/C:N/I:P/A:N/E:POC/RL:TF/RC:UC/CDP:ND/TD:H/CR:ND/IR:L/AR:L').environmental).toBe(0);
    // Below zero on the way, above it at the end.
    expect(scoreCvss('AV:L/AC:H/Au:M/C:N/I:P/A:N/E:F/RL:W/RC:C/CDP:H/TD:H/CR:ND/IR:L/AR:ND')).toMatchObject({ base: 0.8, temporal: 0.7, environmental: 4.9 });
  });

  it.each([
    ['', 'cvss-malformed'],
    ['high', 'cvss-malformed'],
    ['CVSS:5.0/AV:N', 'cvss-version-unknown'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H', 'cvss-metric-missing'],
    ['CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'cvss-metric-twice'],
    ['CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'cvss-metric-unknown'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/XX:Y', 'cvss-metric-unknown'],
    ['CVSS:3.1/toString:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'cvss-metric-unknown'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/', 'cvss-malformed'],
    ['CVSS:4.0/AC:L/AV:N/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', 'cvss-metric-order'],
    [`CVSS:3.1/${'A'.repeat(600)}`, 'cvss-malformed'],
  ])('refuses %j as %s', (vector, code) => {
    expect(() => scoreCvss(vector)).toThrow(expect.objectContaining({ code }));
  });
});

it.each([[10, 'critical'], [9, 'critical'], [8.9, 'high'], [7, 'high'], [6.9, 'medium'], [4, 'medium'], [3.9, 'low'], [0.1, 'low'], [0, 'negligible']])('%d is %s', (score, severity) => {
  expect(severityOf(score)).toBe(severity);
});
