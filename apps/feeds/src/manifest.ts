import {
  GetFeedsStatus, GetFindings, ImageIndexed, ImageMatched, IngestSource, RevisionPublished,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'feeds',
  does: 'Keeps the advisories, one atomic revision after another, and matches every inventory against them.',
  hears: [ImageIndexed],
  answers: [GetFeedsStatus, GetFindings, IngestSource],
  asks: [],
  says: [ImageMatched, RevisionPublished],
  documents: 'reads',
};
