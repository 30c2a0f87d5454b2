import { expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, problems, record, records } from './feeds.spec-helper.ts';
import { parseVictims } from './victims.ts';

const read = (text: string, name = 'database/java/2014/1.yaml') => all(parseVictims(records(record(name, text)), { source: 'victims', limits: defaultFeedLimits }));
const java = (...versions: string[]) => `cve: 2014-0001\ntitle: x\ncvss_v2: 6.8\naffected:\n  - groupId: org.acme\n    artifactId: it\n    version:\n${versions.map((one) => `      - "${one}"\n`).join('')}    fixedin:\n      - ">=9"\n`;

it.each<[string[], object]>([
  [['<=3.1.3,3.1', '<=2.0.5,2.0'], { ranges: [{ introduced: '3.1', last_affected: '3.1.3' }, { introduced: '2.0', last_affected: '2.0.5' }] }],
  [['<=4.6.3', '>=2.5'], { ranges: [{ introduced: '2.5', last_affected: '4.6.3' }] }],
  [['==1.2.3'], { ranges: [{ introduced: '1.2.3', last_affected: '1.2.3' }] }],
  [['>=2.5.0,2.5'], { ranges: [{ introduced: '2.5.0', fixed: '2.6' }] }],
  [['about 3'], { status: 'undetermined', vendor_status: expect.stringContaining('about 3') }],
])('%j', async (versions, expected) => {
  expect(advisories(await read(java(...versions)))).toMatchObject([{ id: 'CVE-2014-0001', key: 'java/CVE-2014-0001', severity: 'medium', affected: [{ ecosystem: 'Maven', name: 'org.acme:it', ...expected }] }]);
});

it('Python packages are named as PyPI compares names', async () => {
  expect(advisories(await read('---\ncve: 2014-0002\ntitle: x\naffected:\n  - name: Some_Thing\n    version: ["<=2.3.1"]\n', 'x/database/python/2014/2.yaml'))).toMatchObject([{ affected: [{ ecosystem: 'PyPI', name: 'some-thing', ranges: [{ last_affected: '2.3.1' }], fix_state: 'none-yet' }] }]);
});

it.each([['cve: [', 'record-malformed'], ['cve: nothing\n', 'record-not-victims']])('%j is set aside as %s', async (text, code) => {
  expect(problems(await read(text))).toEqual([`${code} database/java/2014/1.yaml`]);
});
