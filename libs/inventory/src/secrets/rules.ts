import { hasChecksum, isBasicAuth, isSignedToken } from './checksums.ts';
import { assignment, isMadeUp, xmlElement } from './generic.ts';
import { entropy, type SecretRule } from './rule.ts';

/** A token of one vendor: a fixed prefix and a shape, with no letter or digit on either side, unless the shape itself looks at what stands in front of it. */
const token = (rule: string, title: string, severity: SecretRule['severity'], marks: readonly string[], shape: string, accepts?: SecretRule['accepts']): SecretRule =>
  ({ rule, title, severity, marks, pattern: new RegExp(`${shape.startsWith('(?<=') ? '' : '(?<![A-Za-z0-9_])'}(?:${shape})(?![A-Za-z0-9_])`, 'y'), accepts: accepts ?? ((secret) => entropy(secret) >= 3) });

/** Every kind of secret that is looked for. To add one: one line. Where the publisher says what a token looks like, that is the source of its shape. */
export const secretRules: readonly SecretRule[] = [
  token('aws-access-key', 'AWS access key', 'critical', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}'),
  { rule: 'aws-secret-key', title: 'AWS secret access key', severity: 'critical', marks: ['secret_access_key', 'secretaccesskey', 'aws_secret', 'secret_key'], pattern: /(?:aws_secret|secret)_?(?:access_?)?key["']?\s*(?:=>|:=|[:=])\s*["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/iy, accepts: (secret) => entropy(secret) >= 4 && /[A-Z]/.test(secret) && /[a-z]/.test(secret) && /\d/.test(secret) },
  token('gcp-api-key', 'Google API key', 'high', ['AIza'], 'AIza[0-9A-Za-z_-]{35}'),
  token('gcp-oauth-secret', 'Google OAuth client secret', 'high', ['GOCSPX-'], 'GOCSPX-[A-Za-z0-9_-]{28}'),
  { rule: 'azure-account-key', title: 'Azure account key', severity: 'critical', marks: ['AccountKey=', 'SharedAccessKey='], pattern: /(?:Account|SharedAccess)Key=([A-Za-z0-9+/]{43,86}={1,2})/iy, accepts: (secret) => entropy(secret) >= 4 },
  token('azure-client-secret', 'Azure client secret', 'critical', ['8Q~', '7Q~'], '(?<=[A-Za-z0-9_~.-]{3})[78]Q~[A-Za-z0-9_~.-]{31,34}'),
  token('github-token', 'GitHub token', 'critical', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], 'gh[pousr]_[A-Za-z0-9]{36}', hasChecksum),
  token('github-token-unproven', 'Text like a GitHub token, with a wrong checksum', 'medium', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], 'gh[pousr]_[A-Za-z0-9]{36}', (secret) => !hasChecksum(secret) && entropy(secret) >= 3.5),
  token('github-fine-grained-token', 'GitHub fine-grained token', 'critical', ['github_pat_'], 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  token('gitlab-token', 'GitLab token', 'critical', ['glpat-', 'glptt-', 'gldt-', 'glrt-', 'glcbt-', 'glsoat-', 'glft-', 'glimt-', 'glagent-'], 'gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent)-[A-Za-z0-9_.-]{20,64}'),
  token('slack-token', 'Slack token', 'critical', ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xapp-'], 'xox[abeprs]-[A-Za-z0-9-]{10,250}|xapp-\\d-[A-Za-z0-9-]{20,250}'),
  { rule: 'slack-webhook', title: 'Slack webhook', severity: 'high', marks: ['hooks.slack.com/services/'], pattern: /hooks\.slack\.com\/services\/(T[A-Za-z0-9_]{6,}\/B[A-Za-z0-9_]{6,}\/[A-Za-z0-9_]{20,})/y },
  token('stripe-key', 'Stripe secret key', 'critical', ['sk_live_', 'rk_live_'], '[sr]k_live_[0-9a-zA-Z]{16,247}'),
  token('webhook-secret', 'Webhook signing secret', 'medium', ['whsec_'], 'whsec_[A-Za-z0-9+/]{24,}={0,2}'),
  token('stripe-test-key', 'Stripe test key', 'low', ['sk_test_', 'rk_test_'], '[sr]k_test_[0-9a-zA-Z]{16,247}'),
  token('npm-token', 'npm token', 'critical', ['npm_'], 'npm_[A-Za-z0-9]{36}', hasChecksum),
  token('npm-token-unproven', 'Text like an npm token, with a wrong checksum', 'medium', ['npm_'], 'npm_[A-Za-z0-9]{36}', (secret) => !hasChecksum(secret) && entropy(secret) >= 3.8 && /\d/.test(secret) && /[A-Z]/.test(secret)),
  { rule: 'npmrc-auth', title: 'Password or token of an npm registry', severity: 'high', marks: ['_authToken', '_auth', '_password'], pattern: /(?<![A-Za-z0-9])_(?:authToken|auth|password)\s*=\s*["']?([A-Za-z0-9+/=_.-]{8,})/y, accepts: (_secret, _match, { kind }) => kind !== 'code' },
  token('pypi-token', 'PyPI token', 'critical', ['pypi-AgE'], 'pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,}'),
  token('rubygems-token', 'RubyGems token', 'critical', ['rubygems_'], 'rubygems_[a-f0-9]{48}'),
  token('nuget-key', 'NuGet key', 'critical', ['oy2'], 'oy2[a-z0-9]{43}', (secret) => entropy(secret) >= 3.5),
  token('crates-token', 'crates.io token', 'critical', ['cio'], 'cio[A-Za-z0-9]{32}', (secret) => entropy(secret) >= 4 && /\d/.test(secret)),
  token('docker-hub-token', 'Docker Hub token', 'critical', ['dckr_pat_', 'dckr_oat_'], 'dckr_[po]at_[A-Za-z0-9_-]{27,}'),
  { rule: 'docker-auth', title: 'Password of a container registry', severity: 'high', edge: 0, marks: ['"auth"', '"identitytoken"'], pattern: /"(?:auth|identitytoken)"\s*:\s*"([A-Za-z0-9+/._-]{8,}={0,2})"/iy, accepts: (secret, match) => /^"identity/i.test(match) || isBasicAuth(secret) },
  { rule: 'private-key', title: 'Private key', severity: 'critical', marks: ['BEGIN RSA PRIV', 'BEGIN EC PRIV', 'BEGIN DSA PRIV', 'BEGIN OPENSSH PRIV', 'BEGIN PRIVATE KEY', 'BEGIN PGP PRIV', 'BEGIN ANY PRIV'], window: 6000, opaque: true, pattern: /(?<=-----)BEGIN (?:(?!ENCRYPTED)[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|[\s"'+,>|\\])*(?:[A-Za-z-]+: [^\n\\]{1,100}(?:\\[rn]|\s)+)*([A-Za-z0-9+/=]{40,}(?:(?:\\[rn]|[\s"'+,\\])*[A-Za-z0-9+/=]{4,})*)/y, edge: 0, accepts: (secret, match) => !/Proc-Type: 4,ENCRYPTED/.test(match) && entropy(secret.slice(0, 400)) >= 3 },
  { rule: 'encrypted-private-key', title: 'Private key under a passphrase', severity: 'medium', marks: ['BEGIN ENCRYPTED PRIV', 'BEGIN RSA PRIV', 'BEGIN EC PRIV', 'BEGIN DSA PRIV'], window: 6000, opaque: true, pattern: /(?<=-----)BEGIN (?:ENCRYPTED |(?=[A-Z]+ PRIVATE KEY-----\s{1,4}Proc-Type: 4,ENC)[A-Z]+ )PRIVATE KEY-----(?:\\[rn]|[\s"'+,>|\\])*(?:[A-Za-z-]+: [^\n\\]{1,100}(?:\\[rn]|\s)+)*([A-Za-z0-9+/=]{40,}(?:(?:\\[rn]|[\s"'+,\\])*[A-Za-z0-9+/=]{4,})*)/y, edge: 0 },
  { rule: 'putty-key', title: 'PuTTY private key', severity: 'critical', marks: ['PuTTY-User-Key-File-'], window: 4000, pattern: /PuTTY-User-Key-File-\d: \S+\s+Encryption: none[\s\S]{1,3600}?Private-Lines: \d+\s+([A-Za-z0-9+/=]{20,})/y, edge: 0 },
  token('age-key', 'age secret key', 'critical', ['AGE-SECRET-KEY-1'], 'AGE-SECRET-KEY-1[0-9A-Z]{58}'),
  { rule: 'jwt', title: 'JSON Web Token', severity: 'medium', marks: ['eyJhbGciOi', 'eyJ0eXAiOi', 'eyJraWQiOi'], window: 4096, pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}/y, accepts: isSignedToken },
  { rule: 'netrc', title: 'Password in a .netrc', severity: 'high', marks: ['machine '], pattern: /machine\s+\S{1,200}\s+login\s+\S{1,100}\s+password\s+["']?([^\s"']{3,200})/y, edge: 0, accepts: (secret, _match, { kind }) => kind !== 'code' && !isMadeUp(secret) },
  { rule: 'kubeconfig-key', title: 'Client key of a Kubernetes cluster', severity: 'critical', marks: ['client-key-data'], window: 400, pattern: /client-key-data["']?\s*:\s*["']?(LS0tLS1CRUdJTi[A-Za-z0-9+/=]{40,})/y },
  { rule: 'url-password', title: 'Password in a URL', severity: 'high', marks: ['s://', 'p://', 'l://', 'b://', 'v://', 'h://'], pattern: /[a-z]:\/\/[^\s:@/"'<>`{}$()]{0,64}:([!-~](?:(?!["'<>`{}$()\\@/:])[!-~]){2,127})@[A-Za-z0-9[][\w.-]*/iy, edge: 0, accepts: (secret, match, { kind }) => !isMadeUp(secret, match.slice(match.indexOf('://') + 3).split(':')[0]!) && !/@(?:\w+\.)*(?:example|test|invalid|localhost)\b/i.test(match) && (kind !== 'code' || secret.length >= 8 || /\d/.test(secret)) },
  token('vault-token', 'HashiCorp Vault token', 'critical', ['hvs.', 'hvb.', 'hvr.'], 'hv[sbr]\\.[A-Za-z0-9_-]{24,300}'),
  token('terraform-token', 'Terraform Cloud token', 'critical', ['.atlasv1.'], '(?<=[A-Za-z0-9]{14})\\.atlasv1\\.[A-Za-z0-9_=-]{60,70}'),
  token('sendgrid-key', 'SendGrid key', 'high', ['SG.'], 'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}', (secret) => entropy(secret) >= 4.2 && /\d/.test(secret)),
  token('mailgun-key', 'Mailgun key', 'high', ['key-'], 'key-[0-9a-f]{32}'),
  token('digitalocean-token', 'DigitalOcean token', 'critical', ['dop_v1_', 'doo_v1_', 'dor_v1_'], 'do[opr]_v1_[a-f0-9]{64}'),
  token('openai-key', 'OpenAI key', 'high', ['sk-proj-', 'sk-svcacct-', 'sk-admin-'], 'sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}'),
  token('openai-user-key', 'OpenAI key', 'high', ['T3BlbkFJ'], '(?<=sk-[A-Za-z0-9]{20})T3BlbkFJ[A-Za-z0-9]{20}'),
  token('anthropic-key', 'Anthropic key', 'high', ['sk-ant-'], 'sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{80,120}'),
  token('huggingface-token', 'Hugging Face token', 'high', ['hf_'], 'hf_[A-Za-z]{34}', (secret) => entropy(secret) >= 4),
  token('shopify-token', 'Shopify token', 'critical', ['shpat_', 'shpss_', 'shpca_', 'shppa_'], 'shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}'),
  token('databricks-token', 'Databricks token', 'critical', ['dapi'], 'dapi[a-f0-9]{32}(?:-\\d)?', (secret) => entropy(secret) >= 3),
  token('doppler-token', 'Doppler token', 'critical', ['dp.pt.', 'dp.st.'], 'dp\\.[ps]t\\.[A-Za-z0-9.]{40,}'),
  token('grafana-token', 'Grafana token', 'high', ['glsa_', 'glc_'], 'glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_eyJ[A-Za-z0-9+/=]{30,}'),
  token('newrelic-key', 'New Relic key', 'high', ['NRAK-'], 'NRAK-[A-Z0-9]{27}'),
  token('dynatrace-token', 'Dynatrace token', 'high', ['dt0c01.'], 'dt0c01\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}'),
  token('atlassian-token', 'Atlassian token', 'high', ['ATATT3', 'ATCTT3'], 'AT[AC]TT3[A-Za-z0-9_=-]{100,}'),
  token('pulumi-token', 'Pulumi token', 'critical', ['pul-'], 'pul-[a-f0-9]{40}'),
  token('planetscale-token', 'PlanetScale token', 'critical', ['pscale_'], 'pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,64}'),
  token('supabase-token', 'Supabase token', 'high', ['sbp_'], 'sbp_[a-f0-9]{40}'),
  token('telegram-token', 'Telegram bot token', 'high', [':AA'], '(?<=[^0-9][0-9]{8,10}):AA[A-Za-z0-9_-]{33}'),
  token('linear-key', 'Linear key', 'high', ['lin_api_'], 'lin_api_[A-Za-z0-9]{40}'),
  { rule: 'twilio-key', title: 'Twilio key', severity: 'high', marks: ['twilio'], pattern: /twilio\w{0,20}["']?\s*[:=]\s*["']?(SK[0-9a-f]{32})(?![0-9a-f])/iy },
  { rule: 'discord-webhook', title: 'Discord webhook', severity: 'high', marks: ['/api/webhooks/'], pattern: /\/api\/webhooks\/\d{17,20}\/([A-Za-z0-9_-]{60,80})/y },
  { rule: 'authorization-header', title: 'Password or token in an Authorization header', severity: 'medium', edge: 0, marks: ['authorization'], pattern: /authorization["']?\s*[:=]\s*["']?(?:basic|bearer|token)\s+([A-Za-z0-9+/=_.~-]{12,200})/iy, accepts: (secret, match) => /basic\s/i.test(match) ? isBasicAuth(secret) && !isMadeUp(Buffer.from(secret, 'base64').toString('latin1').split(':')[1]!) : entropy(secret) >= 3.7 && /\d/.test(secret) && /[A-Z]/.test(secret) },
  xmlElement,
  assignment,
];

/** What a rule of that name finds: `pgpass` is no pattern of a text but of a file. */
export const describeRule = (name: string): Pick<SecretRule, 'title' | 'severity'> | undefined =>
  name === 'pgpass' ? { title: 'Password in a .pgpass', severity: 'high' } : secretRules.find(({ rule }) => rule === name);
