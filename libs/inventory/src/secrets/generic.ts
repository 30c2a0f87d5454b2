import { entropy, isPlaceholder, type SecretRule } from './rule.ts';

const words = ['password', 'passwd', 'passphrase', 'pwd', 'secret', 'token', 'api_key', 'apikey', 'api-key', 'access_key', 'accesskey', 'access-key', 'secret_key', 'secretkey', 'secret-key', 'auth_key', 'encryption_key', 'signing_key', 'secret_key_base', 'credentials'];

/**
 * `name = value` where the name ends in such a word. In source code the value has to be quoted, long and mixed; in settings it may be bare; a
 * variable of the image's own configuration is believed by its name.
 */
export const assignment: SecretRule = {
  rule: 'password', title: 'Password or key', severity: 'medium',
  marks: words,
  pattern: /(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key(?:_base)?|auth_key|encryption_key|signing_key|credentials)["'\]]{0,2}[ \t]{0,8}(?:=>|:=|=|:|(?<=["']),)[ \t]{0,8}("[^"\n\\]{4,128}"|'[^'\n\\]{4,128}'|[^\s"'`,;&|<>()[\]{}\\]{4,128})/iy,
  edge: 0,
  opaque: true,
  accepts(value, _match, { kind }) {
    const isQuoted = /^["']/.test(value), secret = isQuoted ? value.slice(1, -1) : value;
    if (isReference(secret)) return false;
    // A default that everybody knows is a password all the same when the image sets it.
    if (kind === 'configuration') return !/[$<{%]/.test(secret) && !/^(?:true|false|null|none|yes|no|\d{1,3})$/i.test(secret);
    if (isPlaceholder(secret) || isMadeUp(secret)) return false;
    switch (kind) {
      case 'settings': return secret.length >= 8 && isMixed(secret) && entropy(secret) >= 2.5 && !isSentence(secret);
      case 'code': return isQuoted && secret.length >= 10 && (isMixed(secret, 3) || /^[0-9a-f]{32,64}$/.test(secret)) && entropy(secret) >= 3 && !isSentence(secret) && !isIdentifier(secret);
    }
  },
};

/** `<password>…</password>` of Maven's settings and its like. */
export const xmlElement: SecretRule = {
  rule: 'xml-password', title: 'Password in XML', severity: 'medium',
  marks: ['<password>', '<passphrase>', '<secret>', '<token>', '<apikey>'],
  pattern: /<(?:password|passphrase|secret|token|apikey)>([^<\n]{8,128})<\//iy,
  edge: 0,
  accepts: (secret) => !isPlaceholder(secret) && !isReference(secret) && !isMadeUp(secret) && isMixed(secret) && !isSentence(secret),
};

/** A value that says where the secret is instead of being it: a path, a variable, a call, an address. */
const isReference = (text: string): boolean => /^(?:[/.~@$%!&*#{[<]|[a-z_]+=|file:|https?:|env[.:[]|process\.|os\.|vault:|secret:|arn:|op:\/\/|sops|ref\+)|[()]|\bgetenv\b|::/.test(text);

/** Words people write where a password will be. */
export const isMadeUp = (secret: string, user?: string): boolean =>
  secret === user || isPlaceholder(secret) || /^(?:user(?:name)?|pass(?:w(?:or)?d)?|pw|pwd|secret|token|test(?:ing)?\d*|demo|admin|root|(?:proxy|user|my|db|your|the)?pass|null|none|undefined|true|false|empty|default|string|hidden|mypass(?:word)?|my-?secret(?:-\w+)?|s3cr3t|p@ssw0rd|hunter2|key|value|required|optional|basic|bearer)$/i.test(secret) || /(?:password|passwd|secret|token|api_?key)$/i.test(secret);

const isMixed = (text: string, kinds = 2): boolean => /\d/.test(text) && [/\d/, /[a-z]/, /[A-Z]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length >= kinds;
const isSentence = (text: string): boolean => /[a-z]{3,} [a-z]{2,}/i.test(text);
/** `some_name.of.things-1`: words and few digits. */
const isIdentifier = (text: string): boolean => text.split(/[_.\-/: ]+/).every((part) => /^(?:[A-Za-z]+\d{0,3}|\d{1,4}|v\d+)$/.test(part));

