import {
  CreateSubscription, DeleteSubscription, DeliveryFailed, ListDeliveries, ListSubscriptions, NotificationDelivered, ReplayDelivery, RevisionPublished, VerdictChanged,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'notifier',
  does: 'Tells the people who subscribed, once each, and keeps the receipts.',
  hears: [VerdictChanged, RevisionPublished],
  answers: [CreateSubscription, ListSubscriptions, DeleteSubscription, ListDeliveries, ReplayDelivery],
  asks: [],
  says: [NotificationDelivered, DeliveryFailed],
  documents: 'none',
};
