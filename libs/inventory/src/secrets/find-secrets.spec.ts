import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSecrets } from './find-secrets.ts';
import type { Place } from './rule.ts';
import { secretRules } from './rules.ts';
import { withoutSecrets } from './secrets-of-image.ts';

/** Random letters of a fixed seed: no token stands in this file, so that nobody's scanner finds one here. */
function letters(count: number, alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', seed = 7): string {
  let state = seed, text = '';
  for (let i = 0; i < count; i++) { state = (Math.imul(state, 1103515245) + 12345) >>> 0; text += alphabet[(state >>> 16) % alphabet.length]; }
  return text;
}
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', hex = '0123456789abcdef', base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
function withChecksum(prefix: string): string {
  const body = letters(30);
  let sum = crc32(body), text = '';
  for (let i = 0; i < 6; i++) { text = base62[sum % 62]! + text; sum = Math.floor(sum / 62); }
  return prefix + body + text;
}
const pem = (kind: string, headers = ''): string => `-----BEGIN ${kind}-----\n${headers}${letters(64)}\n${letters(64, undefined, 9)}\n-----END ${kind}-----\n`;
const jwt = (payload: object, alg = 'HS256'): string => [{ alg, typ: 'JWT' }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + `.${letters(43)}`;

const cases: readonly (readonly [rule: string, text: string, kind?: Place['kind']])[] = [
  ['aws-access-key', `key = "AKIA${letters(16, upper)}"`], ['aws-access-key', `ASIA${letters(16, upper)}\n`],
  ['aws-secret-key', `aws_secret_access_key = ${letters(40)}`, 'settings'], ['aws-secret-key', `"SecretAccessKey": "${letters(38)}+/"`],
  ['gcp-api-key', `AIza${letters(35)}`], ['azure-account-key', `AccountName=x;AccountKey=${letters(86)}==;`],
  ['github-token', withChecksum('ghp_')], ['github-token', `https://${withChecksum('ghs_')}@github.com/a/b`], ['github-token-unproven', `ghp_${letters(36)}`],
  ['github-fine-grained-token', `github_pat_${letters(22)}_${letters(59)}`], ['gitlab-token', `glpat-${letters(20)}`],
  ['slack-token', `xoxb-${letters(12, '0123456789')}-${letters(24)}`], ['slack-webhook', `https://hooks.slack.com/services/T${letters(8, upper)}/B${letters(8, upper)}/${letters(24)}`],
  ['stripe-key', `sk_live_${letters(24)}`], ['stripe-test-key', `sk_test_${letters(24)}`],
  ['npm-token', `//registry.npmjs.org/:_authToken=${withChecksum('npm_')}`, 'settings'], ['npmrc-auth', `//npm.example.org/:_authToken=${letters(36)}`, 'settings'],
  ['pypi-token', `pypi-AgEIcHlwaS5vcmc${letters(80)}`], ['docker-hub-token', `dckr_pat_${letters(27)}`],
  ['docker-auth', `{"auths": {"r.example": {"auth": "${Buffer.from(`robot:${letters(12)}`).toString('base64')}"}}}`],
  ['private-key', pem('RSA PRIVATE KEY')], ['private-key', pem('PRIVATE KEY')], ['private-key', pem('OPENSSH PRIVATE KEY').replace(/\n/, '\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz\n')],
  ['private-key', `{"type": "service_account", "private_key": "${pem('PRIVATE KEY').replaceAll('\n', '\\n')}"}`], ['private-key', pem('PGP PRIVATE KEY BLOCK', 'Version: GnuPG v2\n\n')],
  ['encrypted-private-key', pem('ENCRYPTED PRIVATE KEY')], ['encrypted-private-key', pem('RSA PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n')],
  ['putty-key', `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: a\nPublic-Lines: 1\n${letters(60)}\nPrivate-Lines: 1\n${letters(48)}\n`],
  ['jwt', `Authorization: Bearer ${jwt({ sub: 'alice', iss: 'login' })}`], ['netrc', `machine git.acme.dev login ci password ${letters(14)}`, 'settings'],
  ['kubeconfig-key', `    client-key-data: LS0tLS1CRUdJTi${letters(100)}`, 'settings'], ['url-password', `postgres://shop:${letters(12)}@db.internal:5432/shop`], ['url-password', `REDIS_URL=redis://:${letters(12)}@cache:6379`, 'settings'],
  ['openai-user-key', `sk-${letters(20)}T3BlbkFJ${letters(20, undefined, 3)}`], ['telegram-token', `bot ${letters(10, '123456789')}:AA${letters(33)}`], ['azure-client-secret', `${letters(3)}8Q~${letters(34)}`], ['terraform-token', `${letters(14)}.atlasv1.${letters(65)}`], ['twilio-key', `TWILIO_API_KEY=SK${letters(32, hex)}`],
  ['discord-webhook', `https://discord.com/api/webhooks/${letters(18, '0123456789')}/${letters(68)}`], ['authorization-header', `curl -H 'Authorization: Basic ${Buffer.from(`bob:${letters(12)}`).toString('base64')}'`], ['authorization-header', `Authorization: Bearer ${letters(40)}`],
  ['vault-token', `hvs.${letters(90)}`], ['sendgrid-key', `SG.${letters(22)}.${letters(43)}`], ['digitalocean-token', `dop_v1_${letters(64, hex)}`], ['shopify-token', `shpat_${letters(32, hex)}`],
  ['password', `db.password=${letters(12)}`, 'settings'], ['password', 'DB_PASSWORD: "Tr0ub4dor&3x"', 'settings'], ['password', `const apiKey = '${letters(24)}!';`], ['password', `export SECRET_KEY_BASE=${letters(64, hex)}`, 'settings'],
  ['password', 'spring.datasource.password=Pr0duct10nPass', 'settings'], ['password', "define('DB_PASSWORD', 'gR8kd92mQ!x')"], ['password', "apiKey: 'a8f5f167f44f4964e6c998dee827110c'"],
  ['password', 'MYSQL_ROOT_PASSWORD=root', 'configuration'], ['xml-password', `<server><password>${letters(14)}</password></server>`],
];

const found = (text: string, kind: Place['kind'] = 'code'): string[] => findSecrets(Buffer.from(text), { kind }).map(({ rule }) => rule.rule);

it.each(cases)('%s in %s', (rule, text, kind) => {
  expect(found(`first line\n${text}\nlast line`, kind)).toEqual([rule]);
});

it('has a case for the rules people meet most', () => {
  const tried = new Set(cases.map(([rule]) => rule));
  expect(secretRules.filter(({ rule }) => !tried.has(rule)).length).toBeLessThan(secretRules.length / 2);
});

describe('what is no secret', () => {
  it.each<[string, Place['kind']]>([
    ['aws_access_key_id = AKIAIOSFODNN7EXAMPLE', 'settings'], ['password = changeme', 'settings'], ['password: ${DB_PASSWORD}', 'settings'], ['password={{ .Values.password }}', 'settings'], ['DB_PASSWORD=$DB_PASSWORD', 'configuration'],
    ['token: <your token>', 'settings'], ['api_key = "YOUR_API_KEY_1234"', 'code'], ['password_file=/run/secrets/db1', 'settings'], ['password=/run/secrets/db1', 'settings'], ['const token = getToken2("a")', 'code'], ['secret: !vault 123abc', 'settings'],
    ['https://user:password@example.com/', 'code'], ['http://abc:xyz@example.com', 'code'], ['postgres://user:${PASSWORD}@host/db', 'settings'], ['password: "Enter your password 1"', 'code'], ['max_token=12345678', 'settings'],
    [jwt({ sub: '1234567890', name: 'John Doe' }), 'code'], [jwt({ sub: 'a' }, 'none'), 'code'], ['-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n', 'code'], ['-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n', 'code'],
    ['-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----', 'code'], ['"-----BEGIN PRIVATE KEY-----" marks the start', 'code'], ['sk_live_xxxxxxxxxxxxxxxxxxxxxxxx', 'code'], ['ghp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'code'], ['"auth": "c29tZXRoaW5n"', 'code'],
    ['password := os.Getenv("PASSWORD_1")', 'code'], ['this._password = s._password;', 'code'], ['"password": "^1.2.3"', 'code'], ['', 'settings'], ['AKI', 'settings'],
  ])('%s', (text, kind) => {
    expect(found(text, kind)).toEqual([]);
  });
});

it('one secret is told once, by the rule that knows more', () => {
  expect(found(`GITHUB_TOKEN=${withChecksum('ghp_')}`, 'configuration')).toEqual(['github-token']);
});

it('no text makes it slow, and no secret stays in a text that was cleaned', () => {
  const piece = fc.oneof(fc.constantFrom('password=', 'token: "', '://a:b@', 'eyJhbGciOi', '-----BEGIN RSA PRIVATE KEY-----\n', 'AKIA', 'machine a login b password ', '"auth": "', ' ', '\n', 'é', '\\n'), fc.string({ maxLength: 40 }), ...cases.slice(0, 12).map(([, text]) => fc.constant(text)));
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
    const text = pieces.join(''), secrets = findSecrets(Buffer.from(text), { kind: 'configuration' }), clean = withoutSecrets(text);
    for (const { value, rule } of secrets) if (rule.edge === undefined && value.length >= 20) expect(clean).not.toContain(Buffer.from(value, 'latin1').toString());
  }), { numRuns: 300 });
  for (const mark of secretRules.flatMap(({ marks }) => marks)) findSecrets(Buffer.from(mark.repeat(100_000 / mark.length)), { kind: 'configuration' });
}, 30_000);
