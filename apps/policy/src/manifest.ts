import {
  GetPolicy, GetVerdict, ImageMatched, ImageRejected, PushJudged, SetPolicy, VerdictChanged,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'policy',
  does: 'Judges every image: allow, warn or deny, with reasons, replayable.',
  hears: [ImageMatched, ImageRejected],
  answers: [GetVerdict, GetPolicy, SetPolicy],
  asks: [],
  says: [VerdictChanged, PushJudged],
  documents: 'none',
};
