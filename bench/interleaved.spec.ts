import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available, interleave, table } from './interleaved.ts';

let directory: string;
beforeAll(() => { directory = mkdtempSync(join(tmpdir(), 'interleaved-')); });
afterAll(() => { rmSync(directory, { recursive: true }); });

describe('interleave', () => {
  it('takes turns, each round beginning with another candidate', async () => {
    const measured = await interleave(['a', 'b', 'c'].map((label) => ({ label, command: `echo ${label} >> order`, setup: `echo before-${label} >> setups` })), 3, directory);
    expect(readFileSync(join(directory, 'order'), 'utf8').split('\n').join('')).toBe('abcbcacab');
    expect(readFileSync(join(directory, 'setups'), 'utf8').trim().split('\n').length).toBe(9);
    expect(measured.map(({ label, timesWall }) => [label, timesWall > 0])).toEqual([['a', true], ['b', true], ['c', true]]);
    expect(measured[0]!.timesWall).toBe(1);
    expect(table(measured).split('\n').length).toBe(4);
  });

  it('gives no numbers for a candidate that fails', async () => {
    await expect(interleave([{ label: 'x', command: 'exit 3' }], 1, directory)).rejects.toThrow('status 3');
  });

  it('says which peers are not here', () => {
    const { here, absent } = available([{ label: 'shell', command: 'true', needs: ['sh'] }, { label: 'peer', command: 'true', needs: ['no-such-program', 'sh'] }]);
    expect([here.map(({ label }) => label), absent]).toEqual([['shell'], ['peer (needs no-such-program)']]);
  });
});
