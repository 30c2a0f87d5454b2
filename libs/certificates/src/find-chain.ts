import { type Certificate } from './certificate.ts';
import { type ChainQuestion, type Refusal, refusalOf } from './check-chain.ts';
import { sameName } from './distinguished-name.ts';

export interface ChainSearch extends ChainQuestion {
  readonly leaf: Certificate;
  /** What the peer sent beside it, in any order; trusted for nothing. */
  readonly intermediates: readonly Certificate[];
  readonly roots: readonly Certificate[];
  /** Certificates between leaf and anchor; default 8. */
  readonly maxDepth?: number | undefined;
  /** Signatures checked before giving up; default 64. Certificates crossed in a mesh would otherwise cost without end. */
  readonly maxSignatures?: number | undefined;
}

export type ChainAnswer =
  | { readonly valid: true; /** Leaf first, anchor last. */ readonly chain: readonly Certificate[] }
  | { readonly valid: false; readonly refusal: Refusal };

/**
 * Looks for a chain from the leaf to a root that RFC 5280 section 6 accepts, trying every way there is.
 * Of several refusals the one found deepest is told: it is nearest to what was meant.
 */
export const findChain = ({ leaf, intermediates, roots, maxDepth = 8, maxSignatures = 64, ...question }: ChainSearch): ChainAnswer => {
  let signatures = 0, best = { depth: -1, refusal: refusal('no-issuer', leaf, 'no issuer of it is known') };
  const refused = (depth: number, found: Refusal): void => { if (depth > best.depth) best = { depth, refusal: found }; };

  const climb = (chain: readonly Certificate[]): readonly Certificate[] | undefined => {
    const top = chain.at(-1)!;
    for (const isAnchor of [true, false]) {
      if (!isAnchor && chain.length > maxDepth) { refused(chain.length, refusal('limit-depth', top, `more than ${maxDepth} certificates stand between leaf and root`)); return undefined; }
      for (const issuer of likelyIssuers(top, isAnchor ? roots : intermediates)) {
        if (chain.some((seen) => Buffer.compare(seen.spki, issuer.spki) === 0 && sameName(seen.subject, issuer.subject))) continue;
        if (++signatures > maxSignatures) { refused(Infinity, refusal('limit-signatures', leaf, `no chain within ${maxSignatures} signatures`)); return undefined; }
        if (!top.isSignedBy(issuer.publicKey)) { refused(chain.length - 1, refusal('no-issuer', top, `it is not signed by ${issuer.subject.text}`)); continue; }
        const longer = [...chain, issuer];
        if (!isAnchor) {
          const found = climb(longer);
          if (found !== undefined) return found;
          continue;
        }
        const broken = refusalOf(longer, question);
        if (broken === undefined) return longer;
        refused(longer.length + maxDepth, broken);  // a whole chain that breaks a rule says more than a way that leads nowhere
      }
    }
    refused(chain.length - 1, refusal('no-issuer', top, `its issuer ${top.issuer.text} is not known`));
    return undefined;
  };

  const chain = climb([leaf]);
  return chain === undefined ? { valid: false, refusal: best.refusal } : { valid: true, chain };
};

/** Those of the right name, and first those of the right key identifier. */
const likelyIssuers = (certificate: Certificate, candidates: readonly Certificate[]): Certificate[] => {
  const keyId = certificate.extensions.authorityKeyId;
  const isLikely = (candidate: Certificate) => keyId !== undefined && candidate.extensions.subjectKeyId !== undefined && Buffer.compare(keyId, candidate.extensions.subjectKeyId) === 0 ? 0 : 1;
  return candidates.filter((candidate) => sameName(candidate.subject, certificate.issuer)).sort((a, b) => isLikely(a) - isLikely(b));
};

const refusal = (code: Refusal['code'], { subject }: Certificate, detail: string): Refusal => ({ code, detail, subject: subject.text });
