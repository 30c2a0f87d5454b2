import {
  FindInventory, ImageIndexed, ImagePushed, ImageRejected,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'scanner',
  does: 'Turns a pushed image into an inventory of everything inside it.',
  hears: [ImagePushed],
  answers: [FindInventory],
  asks: [],
  says: [ImageIndexed, ImageRejected],
  documents: 'writes',
};
