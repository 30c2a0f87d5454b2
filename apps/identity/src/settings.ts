/** Injection tokens: identity's own settings, and the key-encryption key. */
export const settings = Symbol('identity settings');
export const kek = Symbol('key-encryption key');
