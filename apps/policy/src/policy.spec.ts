import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { askOver, connectNats, jetstreamOf, type Ask } from '@plimsoll/bus';
import { CreateException, GetFindings, GetPolicy, GetVerdict, ImageMatched, ImageRejected, ListExceptions, PushJudged, ReplayPolicy, RevokeException, SetPolicy, VerdictChanged, type Answer, type Body, type EventContract } from '@plimsoll/contracts';
import { canonical, defaultPolicy, loadPolicy, type Decision, type PolicyInput } from '@plimsoll/policy-language';
import { startService, type RunningService } from '@plimsoll/service';
import { Metrics } from '@plimsoll/telemetry';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { manifest } from './manifest.ts';
import { PolicyModule } from './policy.module.ts';
import { replay } from './replay-policy.ts';
import { aFinding, aMatch, aPolicy, aRejection, digestOf, summaryOf } from './samples.spec-helper.ts';

let bench: TestBench;
let service: RunningService;
let sql: Client;
let ask: Ask;

const start = (): Promise<RunningService> => startService({ manifest, module: PolicyModule, env: bench.env('policy') });

beforeAll(async () => {
  process.env['PLIMSOLL_POLICY_POLL_MS'] = '50';
  process.env['PLIMSOLL_POLICY_BATCH'] = '5';
  bench = await testBench();
  sql = await bench.postgres.admin();
  ask = askOver(bench.admin);
  bench.admin.subscribe('evt.policy.>', { callback: (_, message) => said.set(message.headers!.get('Nats-Msg-Id'), { subject: message.subject, body: message.json() }) });
  await bench.admin.flush();
  service = await start();
});
afterAll(async () => {
  await service?.stop();
  await sql?.end();
  await bench?.close();
});

/** What the service said so far, each event once however often its relay had to send it. */
const said = new Map<string, { subject: string; body: unknown }>();
const bodies = <C extends EventContract>(contract: C) => [...said.values()].flatMap(({ subject, body }) => (subject === contract.subject ? [body as Body<C>] : []));
const changes = (project: string) => bodies(VerdictChanged).filter(({ verdict }) => verdict.project === project);
const decisions = (project: string) => changes(project).map(({ previous = 'none', verdict: { decision } }) => `${previous} → ${decision}`);
const judged = (push: string | undefined) => bodies(PushJudged).filter((event) => event.push === push);

const rows = async <T>(query: string, values: unknown[] = []): Promise<T[]> => (await sql.query(query, values)).rows as T[];
const until = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 15_000, interval: 20 });

/** Says it and waits for the answer to its push. */
async function push(contract: typeof ImageMatched | typeof ImageRejected, body: Body<typeof ImageMatched> | Body<typeof ImageRejected>): Promise<Body<typeof PushJudged>> {
  await bench.say(contract, body as never);
  return until(() => { const [event] = judged(body.push); expect(event).toBeDefined(); return event!; });
}
/** Starts work and holds it within its commit, before it can write history, while something else happens. */
async function heldWithinCommit(work: () => Promise<unknown>, meanwhile: () => Promise<unknown>): Promise<void> {
  const holder = await bench.postgres.admin();
  try {
    await holder.query('begin; lock table policy.verdict_history in share mode');
    await work();
    await until(async () => expect(await rows(`select pid from pg_stat_activity where usename = 'svc_policy' and wait_event_type = 'Lock' and query like 'insert into verdict_history%'`)).not.toHaveLength(0));
    await meanwhile();
  } finally {
    await holder.end();
  }
}
/** Every connection of the service ends: what it was doing is as if its process had died. */
const kill = () => sql.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'svc_policy'`);

const matched = (match: Body<typeof ImageMatched>) => push(ImageMatched, match);
const rejected = (rejection: Body<typeof ImageRejected>) => push(ImageRejected, rejection);
const settled = (project: string) => until(async () => expect(await rows('select image from policy.verdicts where project = $1 and due_at <= now()', [project])).toEqual([]));
const verdictOf = (project: string, number = 1) => ask(GetVerdict, { project, digest: digestOf(number) });
const image = (project: string, number = 1) => ({ project, digest: digestOf(number), reference: `registry.example/team/app:${number}` });
const critical = [aFinding()];

describe('a matched image', () => {
  it('gets a verdict; it is said once per change, and to each push', async () => {
    const project = 'matched';
    const first = await matched(aMatch({ image: image(project), worst: critical }));
    expect(first.verdict).toMatchObject({ project, digest: digestOf(1), decision: 'deny', revision: 7, policy: { name: 'default' }, reasons: [{ rule: 'critical-with-fix', severity: 'critical', findings: ['CVE-2029-0001'] }] });
    await matched(aMatch({ image: image(project), worst: critical }));
    await matched(aMatch({ image: image(project), revision: 8 }));
    await bench.say(ImageMatched, aMatch({ image: image(project), revision: 9, push: null, problems: 1 }));
    await until(() => expect(decisions(project)).toEqual(['none → deny', 'deny → allow', 'allow → deny']));
    const [last] = changes(project).slice(-1);
    expect(last!.push).toBeUndefined();
  });

  it('is judged once by one event, however often that comes', async () => {
    const match = aMatch({ image: image('twice') });
    const id = await bench.say(ImageMatched, match);
    await until(() => expect(judged(match.push)).toHaveLength(1));
    // JetStream drops a double of its own accord; a replay of a dead letter comes under another message id.
    const again = headers();
    again.set('Plimsoll-Event-Id', id);
    await jetstreamOf(bench.admin).publish(ImageMatched.subject, JSON.stringify(match), { headers: again, msgID: 'replayed' });
    await matched(aMatch({ image: image('twice', 2) }));
    expect(judged(match.push)).toHaveLength(1);
    expect(await rows(`select id from policy.inbox where id = $1`, [id])).toHaveLength(1);
  });

  it('gets its verdict once also when the work is killed within its commit', async () => {
    const project = 'killed-match', match = aMatch({ image: image(project), worst: critical });
    await heldWithinCommit(() => bench.say(ImageMatched, match), kill);
    expect(await rows('select image from policy.verdicts where project = $1', [project])).toEqual([]);
    await until(() => expect(judged(match.push)).toHaveLength(1));
    expect(decisions(project)).toEqual(['none → deny']);
  });

  it('is not judged again from what it was while it is being judged from what it is', async () => {
    const project = 'meanwhile';
    await matched(aMatch({ image: image(project) }));
    await sql.query(`update policy.verdicts set due_at = now() + interval '300 ms' where project = $1`, [project]);
    await heldWithinCommit(() => bench.say(ImageMatched, aMatch({ image: image(project), worst: critical, revision: 8, push: null })), () => Promise.race([sleep(1_000),
      until(async () => expect(await rows(`select pid from pg_stat_activity where usename = 'svc_policy' and wait_event_type = 'Lock' and query like '%insert into verdicts%'`)).not.toHaveLength(0))]));
    await settled(project);
    expect(await verdictOf(project)).toMatchObject({ decision: 'deny', revision: 8, input: { revision: { number: 8 } } });
  });

  it('keeps its verdict when an older revision comes late, and that push is answered with it', async () => {
    const project = 'older';
    await matched(aMatch({ image: image(project), worst: critical, revision: 9 }));
    const { verdict } = await matched(aMatch({ image: image(project), revision: 8 }));
    expect(verdict).toMatchObject({ decision: 'deny', revision: 9 });
    expect(decisions(project)).toEqual(['none → deny']);
  });

  it('is one row however many pushes come at once', async () => {
    const project = 'at-once';
    const pushes = Array.from({ length: 12 }, (_, index) => aMatch({ image: image(project), worst: index % 2 ? critical : [], revision: 20 + index }));
    await Promise.all(pushes.map(matched));
    expect(await verdictOf(project)).toMatchObject({ decision: 'deny', revision: 31 });
    for (const { push: id } of pushes) expect(judged(id)).toHaveLength(1);
    const told = changes(project);
    for (const [index, { previous }] of told.entries()) expect(previous).toBe(told[index - 1]?.verdict.decision);
  });

  it('carries the trace of its push, also when it changes without one', async () => {
    const trace = (project: string) => rows<{ trace_id: string | null }>('select trace_id from policy.verdicts where project = $1', [project]);
    await matched(aMatch({ image: image('traced') }));
    await sql.query(`update policy.verdicts set trace_id = 'of the push' where project = 'traced'`);
    await bench.say(ImageMatched, aMatch({ image: image('traced'), push: null, worst: critical, revision: 8 }));
    await until(() => expect(decisions('traced')).toHaveLength(2));
    expect(await trace('traced')).toEqual([{ trace_id: 'of the push' }]);
    expect(changes('traced')[1]!.verdict.trace_id).toBe('of the push');
  });
});

describe('a rejected image', () => {
  it('is denied and stays denied, also where its digest was never known', async () => {
    const project = 'rejected';
    const { verdict } = await rejected(aRejection({ project, digest: undefined, target: 'registry.example/gone:1' }));
    expect(verdict).toMatchObject({ decision: 'deny', reference: 'registry.example/gone:1', reasons: [{ rule: 'image-rejected', message: /layer 3 ends early/ }] });
    expect(verdict).not.toHaveProperty('digest');
    const found = await ask(GetVerdict, { project, reference: 'registry.example/gone:1' });
    expect(found).toMatchObject({ decision: 'deny', input: { kind: 'rejected', problem: { code: 'layer-truncated' } }, history: [{ decision: 'deny', cause: 'rejection' }] });
    await ask(SetPolicy, { project, document: aPolicy('warn: findings.total > 3'), author: 'ann' });
    await settled(project);
    expect(decisions(project)).toEqual(['none → deny']);
  });

  it('takes turns with a match of the same digest by time', async () => {
    const project = 'turns';
    const push1 = await matched(aMatch({ image: image(project) }));
    expect(push1.verdict.decision).toBe('allow');
    expect((await rejected(aRejection({ project }))).verdict.decision).toBe('deny');
    expect((await matched(aMatch({ image: image(project), revision: 3 }))).verdict.decision).toBe('allow');
    expect(decisions(project)).toEqual(['none → allow', 'allow → deny', 'deny → allow']);
  });

  it('does not undo what was said after it', async () => {
    const project = 'late';
    await matched(aMatch({ image: image(project) }));
    await sql.query(`update policy.verdicts set said_at = now() + interval '1 hour' where project = $1`, [project]);
    expect((await rejected(aRejection({ project }))).verdict.decision).toBe('allow');
    expect(decisions(project)).toEqual(['none → allow']);
  });

  it('is what an image becomes whose facts no policy can read', async () => {
    const labels = { note: 'x'.repeat(20_000) };
    const { verdict } = await matched(aMatch({ image: image('unreadable'), configuration: { labels } }));
    expect(verdict).toMatchObject({ decision: 'deny', digest: digestOf(1), reasons: [{ rule: 'image-rejected', message: /image.labels.note/ }] });
  });
});

describe('a policy', () => {
  it('is the built-in one until somebody sets one; a wrong one is refused with every mistake', async () => {
    expect(await ask(GetPolicy, { project: 'policies' })).toMatchObject({ name: 'default', digest: defaultPolicy().digest });
    const wrong = ask(SetPolicy, { project: 'policies', document: 'name: bad\nrules:\n  - {id: a, title: A, deny: findings.totl > 0}\n  - {id: b, title: B, warn: nothing}\n', author: 'ann' });
    await expect(wrong).rejects.toMatchObject({ kind: 'invalid', code: 'policy-invalid', errors: [{ where: /rules\[0\] a/ }, { where: /rules\[1\] b/ }] });
    expect((await ask(GetPolicy, { project: 'policies' })).name).toBe('default');
    const document = aPolicy('deny: findings.total > 3');
    expect(await ask(SetPolicy, { project: 'policies', document, author: 'ann' })).toEqual({ name: 'strict', digest: loadPolicy(document).digest });
    expect(await ask(GetPolicy, { project: 'policies' })).toMatchObject({ name: 'strict', document, author: 'ann' });
  });

  it('judges every image of its project again, and says what changed; images of others stay', async () => {
    const project = 'again';
    for (let number = 1; number <= 12; number++) await matched(aMatch({ image: image(project, number), packages: number }));
    await matched(aMatch({ image: image('elsewhere'), packages: 12 }));
    await ask(SetPolicy, { project, document: aPolicy('deny: inventory.packages > 8'), author: 'ann' });
    await until(() => expect(decisions(project).filter((change) => change === 'allow → deny')).toHaveLength(4));
    await settled(project);
    expect(decisions(project)).toHaveLength(12 + 4);
    expect(await verdictOf(project, 3)).toMatchObject({ decision: 'allow', policy: { name: 'strict' } });
    expect(await verdictOf(project, 9)).toMatchObject({ decision: 'deny', history: [{ decision: 'deny', cause: 'policy', policy_digest: loadPolicy(aPolicy('deny: inventory.packages > 8')).digest }, { decision: 'allow', cause: 'match' }] });
    expect(decisions('elsewhere')).toEqual(['none → allow']);
    expect(await rows('select project from policy.policies where project = $1', [project])).toHaveLength(1);
  });

  it('judges each image once more and no oftener when it is killed in between', async () => {
    const project = 'killed', many = 23;
    await Promise.all(Array.from({ length: many }, (_, index) => matched(aMatch({ image: image(project, index + 1) }))));
    await heldWithinCommit(() => ask(SetPolicy, { project, document: aPolicy('deny: inventory.packages > 8'), author: 'ann' }), kill);
    expect(decisions(project)).toHaveLength(many);
    await until(() => expect(decisions(project).filter((change) => change === 'allow → deny')).toHaveLength(many));
    await settled(project);
    expect(new Set(changes(project).slice(many).map(({ verdict }) => verdict.digest)).size).toBe(many);
    expect(await rows('select id from policy.verdict_history where project = $1', [project])).toHaveLength(2 * many);
  });

  it('reaches also an image that is just being judged by the one before', async () => {
    const project = 'race', document = aPolicy('deny: inventory.packages > 8');
    let set: Promise<unknown> | undefined;
    await heldWithinCommit(() => bench.say(ImageMatched, aMatch({ image: image(project) })), async () => {
      set = ask(SetPolicy, { project, document, author: 'ann' });
      const waits = until(async () => expect(await rows(`select pid from pg_stat_activity where usename = 'svc_policy' and wait_event = 'advisory'`)).not.toHaveLength(0));
      await Promise.race([set, waits]);
    });
    await set;
    await until(async () => expect(await rows('select policy_digest from policy.verdicts where project = $1', [project])).toEqual([{ policy_digest: loadPolicy(document).digest }]));
    await until(() => expect(decisions(project)).toEqual(['none → allow', 'allow → deny']));
  });

  it('is judged by again when an upgrade brings another built-in one', async () => {
    const project = 'upgraded';
    await matched(aMatch({ image: image(project) }));
    await service.stop();
    await sql.query(`update policy.verdicts set policy_digest = 'sha256:older' where project = $1`, [project]);
    service = await start();
    await until(async () => expect(await rows('select policy_digest from policy.verdicts where project = $1', [project])).toEqual([{ policy_digest: defaultPolicy().digest }]));
  });
});

describe('an exception', () => {
  const asked = { reason: 'the code is not reachable', requested_by: 'bob', approved_by: 'ann' };
  const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();

  it('changes the verdict when it comes and at the instant it ends, though nobody pushes', async () => {
    const project = 'ends';
    await matched(aMatch({ image: image(project), worst: critical }));
    const end = inSeconds(2);
    const created = await ask(CreateException, { project, scope: {}, finding: 'CVE-2029-0001', until: end, ...asked });
    expect(created).toMatchObject({ project, scope: {}, finding: 'CVE-2029-0001', state: 'active', requested_by: 'bob', approved_by: 'ann' });
    await until(() => expect(decisions(project)).toEqual(['none → deny', 'deny → allow']));
    expect(await verdictOf(project)).toMatchObject({ decision: 'allow', excepted: [{ rule: 'critical-with-fix', excepted_by: [created.id] }], exceptions: [{ id: created.id, state: 'applied', approved_by: 'ann' }] });
    await until(() => expect(decisions(project)).toEqual(['none → deny', 'deny → allow', 'allow → deny']));
    const after = await verdictOf(project);
    expect(Date.parse(after.decided_at)).toBeGreaterThanOrEqual(Date.parse(end));
    expect(after).toMatchObject({ exceptions: [{ id: created.id, state: 'expired' }], history: [{ cause: 'time' }, { cause: 'exceptions' }, { cause: 'match' }] });
    expect(await ask(ListExceptions, { project, state: 'expired' })).toMatchObject({ items: [{ id: created.id, state: 'expired' }], total: { count: 1, relation: 'EXACT' } });
  });

  it('speaks of its digest or names only, and ends when it is revoked', async () => {
    const project = 'scoped';
    for (const number of [1, 2]) await matched(aMatch({ image: image(project, number), worst: critical }));
    const { id } = await ask(CreateException, { project, scope: { digest: digestOf(2) }, rule: 'critical-with-fix', until: inSeconds(3600), ...asked });
    await until(async () => expect((await verdictOf(project, 2)).decision).toBe('allow'));
    expect((await verdictOf(project, 1)).decision).toBe('deny');
    expect(await ask(RevokeException, { project, id, revoked_by: 'ann' })).toMatchObject({ state: 'revoked', revoked_by: 'ann' });
    await until(async () => expect((await verdictOf(project, 2)).decision).toBe('deny'));
    await expect(ask(RevokeException, { project: 'another', id, revoked_by: 'eve' })).rejects.toMatchObject({ kind: 'missing', code: 'exception-missing' });
  });

  it.each<[string, Partial<Body<typeof CreateException>>, string]>([
    ['neither a finding nor a rule', {}, 'exception-invalid'],
    ['both', { finding: 'CVE-1', rule: 'root-user' }, 'exception-invalid'],
    ['a package of a rule', { rule: 'root-user', package: 'openssl' }, 'exception-invalid'],
    ['an end in the past', { finding: 'CVE-1', until: inSeconds(-1) }, 'exception-over'],
    ['an end that never comes', { finding: 'CVE-1', until: '2999-01-01T00:00:00Z' }, 'exception-too-long'],
    ['a rule that is not there', { rule: 'root-usr' }, 'exception-rule-unknown'],
    ['an image nobody could read', { rule: 'image-rejected' }, 'exception-rule-unknown'],
  ])('is refused for %s', async (_, wrong, code) => {
    await expect(ask(CreateException, { project: 'refused', until: inSeconds(60), ...asked, ...wrong })).rejects.toMatchObject({ kind: 'invalid', code });
  });

  it('is listed page by page, the newest first', async () => {
    for (let index = 0; index < 5; index++) await ask(CreateException, { project: 'listed', finding: `CVE-${index}`, until: inSeconds(60), ...asked });
    const seen: (string | undefined)[] = [];
    for (let token: string | undefined, page: Answer<typeof ListExceptions> | undefined; !page || token; token = page.next_page_token) {
      page = await ask(ListExceptions, { project: 'listed', limit: 2, ...(token && { page_token: token }) });
      seen.push(...page.items.map(({ finding }) => finding));
    }
    expect(seen).toEqual(['CVE-4', 'CVE-3', 'CVE-2', 'CVE-1', 'CVE-0']);
    await expect(ask(ListExceptions, { project: 'listed', page_token: 'bm9uc2Vuc2U' })).rejects.toMatchObject({ code: 'page-token-invalid' });
  });
});

describe('an exception for a finding that the match did not list', () => {
  const listed = Array.from({ length: 200 }, (_, index) => aFinding({ id: `CVE-${1000 + index}`, severity: 'medium', score: 5 }));
  const beyond = aFinding({ id: 'CVE-2000', severity: 'low', score: 1 });
  const summary = summaryOf([...listed, beyond]);
  const document = aPolicy('deny: findings.by_severity.low > 0');
  const asked = { finding: 'CVE-2000', until: new Date(Date.now() + 3_600_000).toISOString(), reason: 'r', requested_by: 'bob', approved_by: 'ann' };
  let feeds: NatsConnection | undefined;
  afterAll(() => feeds?.close());

  it('takes nothing out while the feeds are away, and the finding once they answer', async () => {
    const project = 'unlisted';
    await ask(SetPolicy, { project, document, author: 'ann' });
    expect((await matched(aMatch({ image: image(project), worst: listed, summary }))).verdict.decision).toBe('deny');
    const { id } = await ask(CreateException, { project, ...asked });
    await until(async () => expect(await verdictOf(project)).toMatchObject({ decision: 'deny', exceptions: [{ id, state: 'unseen' }] }));

    feeds = await connectNats({ url: bench.nats.url, name: 'feeds', seed: bench.secrets.nats['feeds']!.seed });
    feeds.subscribe(GetFindings.subject, { callback: (_, message) => {
      const { id: wanted } = message.json<Body<typeof GetFindings>>();
      const { package: name, version, purl, ...rest } = beyond;
      const finding = { ...rest, aliases: [], advisory: rest.id, source: 'debian', package: { name, version, purl, type: 'deb' }, proof: { ecosystem: 'Debian:12', name, version, scheme: 'dpkg', advisory: rest.id, source: 'debian', because: 'in-range' } };
      // The feeds find by alias too: the second is not the one that was meant.
      message.respond(JSON.stringify({ items: wanted === beyond.id ? [finding, { ...finding, id: 'CVE-2001', severity: 'high', aliases: [beyond.id] }] : [], total: { count: 2, relation: 'EXACT' }, revision: 9, summary }));
    } });
    await feeds.flush();
    await sql.query('update policy.verdicts set due_at = now() where project = $1', [project]);
    await until(async () => expect(await verdictOf(project)).toMatchObject({ decision: 'allow', exceptions: [{ id, state: 'applied' }], input: { looked_up: ['CVE-2000'] } }));
    expect(((await verdictOf(project)).input as { worst: unknown[] }).worst).toHaveLength(201);

    // A match asks for it at once.
    expect((await matched(aMatch({ image: image(project), worst: listed, summary, revision: 8 }))).verdict.decision).toBe('allow');
    // Feeds that counted otherwise speak of other findings.
    const more = { ...summary, total: summary.total + 1, by_severity: { ...summary.by_severity, low: 2 } };
    expect((await matched(aMatch({ image: image(project), worst: listed, summary: more, revision: 9 }))).verdict.decision).toBe('deny');
    expect(await verdictOf(project)).toMatchObject({ exceptions: [{ id, state: 'unseen' }], input: { looked_up: [] } });
  });
});

describe('what was decided', () => {
  it('is told with what was seen, and its history', async () => {
    const project = 'told';
    await sql.query(`insert into policy.verdict_history (project, image, outcome, reasons, policy_digest, input_digest, revision, cause, decided_at)
      select $1, $2, 'deny', '[]', $2, $2, number, 'match', now() from generate_series(1, 60) as number`, [project, digestOf(1)]);
    await matched(aMatch({ image: image(project), revision: 100 }));
    const verdict = await verdictOf(project);
    expect(verdict).toMatchObject({ decision: 'allow', revision: 100, input: { kind: 'image', revision: { number: 100 }, inventory: { packages: 100 } } });
    expect(verdict.history.map(({ revision }) => revision)).toEqual([100, ...Array.from({ length: 49 }, (_, index) => 60 - index)]);
    await expect(verdictOf(project, 2)).rejects.toMatchObject({ kind: 'missing', code: 'verdict-missing' });
    await expect(ask(GetVerdict, { project })).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('is reached again, byte for byte, from what was kept', async () => {
    const stored = await rows<{ project: string; decision: string; input: string; input_digest: string }>('select project, decision::text, input::text, input_digest from policy.verdicts');
    const documents = new Map((await rows<{ project: string; document: string }>('select distinct on (project) project, document from policy.policies order by project, id desc')).map(({ project, document }) => [project, document]));
    expect(stored.length).toBeGreaterThan(50);
    for (const { project, decision, input, input_digest } of stored) {
      expect(input_digest).toBe(`sha256:${createHash('sha256').update(input).digest('hex')}`);
      const policy = documents.has(project) ? loadPolicy(documents.get(project)!) : defaultPolicy();
      expect(canonical(replay(policy, { decision: JSON.parse(decision) as Decision, input: JSON.parse(input) as PolicyInput }))).toBe(decision);
    }
  });

  it('is compared with what another policy would say, and nothing is written', async () => {
    const before = await rows('select project, image, decision::text, due_at from policy.verdicts order by 1, 2');
    const { document } = await ask(GetPolicy, { project: 'again' });
    expect(await ask(ReplayPolicy, { project: 'again', document })).toMatchObject({ images: 12, changed: 0, other_reasons: 0, changes: [], first: [] });
    const looser = await ask(ReplayPolicy, { project: 'again', document: aPolicy('warn: inventory.packages > 10', 'looser') });
    expect(looser).toMatchObject({ policy: { name: 'looser' }, images: 12, changed: 4, changes: [{ then: 'deny', now: 'allow', images: 2 }, { then: 'deny', now: 'warn', images: 2 }] });
    expect(looser.first.map(({ digest, now, rules }) => [digest, now, rules])).toEqual([[digestOf(9), 'allow', []], [digestOf(10), 'allow', []], [digestOf(11), 'warn', ['only-rule']], [digestOf(12), 'warn', ['only-rule']]]);
    await expect(ask(ReplayPolicy, { project: 'again', document: 'name: x' })).rejects.toMatchObject({ kind: 'invalid' });
    expect(await rows('select project, image, decision::text, due_at from policy.verdicts order by 1, 2')).toEqual(before);
  });

  it('is counted', async () => {
    const text = await service.get(Metrics).registry.metrics();
    expect(text).toMatch(/plimsoll_policy_verdicts_total\{decision="deny",service="policy"\} [1-9]/);
    expect(text).toMatch(/plimsoll_policy_evaluation_seconds_count\{service="policy"\} [1-9]/);
    expect(text).toMatch(/plimsoll_policy_rejudge_backlog\{service="policy"\} 0/);
  });
});
