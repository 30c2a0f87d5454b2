import { describe, expect, it } from 'vitest';
import { invalid, Problem, problemKinds } from './index.ts';

describe('Problem', () => {
  it.each(problemKinds)('%s survives a journey as JSON', (kind) => {
    const sent = new Problem(kind, 'what and where', { code: 'some-code', errors: [{ where: 'a', what: 'b' }] });
    const arrived = Problem.fromJSON(JSON.parse(JSON.stringify(sent)));
    expect(arrived).toMatchObject({ kind, detail: 'what and where', code: 'some-code', status: sent.status, retry: sent.retry });
    expect(arrived.errors).toEqual(sent.errors);
  });

  it('keeps the text of a stranger inside', () => {
    const problem = Problem.from(new Error('password=hunter2'));
    expect(JSON.stringify(problem)).not.toContain('hunter2');
    expect(problem).toMatchObject({ kind: 'bug', status: 500, retry: true });
  });

  it.each([null, 'x', { kind: 'toString', detail: 'x' }, { kind: 'invalid' }])('treats %j as a bug', (value) => {
    expect(Problem.fromJSON(value).kind).toBe('bug');
  });

  it('passes a Problem through untouched', () => {
    const problem = invalid('archive-truncated', 'layer 3 ends early');
    expect(Problem.from(problem)).toBe(problem);
  });
});
