import type { Answer, CreateSubscription, ListDeliveries, ListSubscriptions } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { jsonText, say, table } from './terminal.ts';

export const command: Command = {
  usage: '[list | add NAME --webhook URL|--email ADDRESS | delete ID | deliveries | replay DELIVERY]',
  about: 'Who is told of what, and what was sent.',
  options: {
    json, ...platformOptions,
    webhook: { type: 'string', value: 'URL', what: 'add: where to POST' }, email: { type: 'string', multiple: true, value: 'ADDRESS', what: 'add: whom to write to' },
    decision: { type: 'string', value: 'LIST', what: 'add: only these verdicts' }, reference: { type: 'string', value: 'GLOB', what: 'add: only images like this' },
  },
  words: [0, 2],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const [action = 'list', word] = parsed.positionals;
    const show = (value: unknown, text: () => string): number => { say(parsed.flag('json') ? jsonText(value) : text()); return 0; };
    const needed = (): string => { if (word) return word; throw new Problem('invalid', `subscriptions ${action}: which one?`, { code: 'usage' }); };
    switch (action) {
      case 'list': {
        const page = await platform.call<Answer<typeof ListSubscriptions>>('GET', '/v1/projects/{project}/subscriptions', { query: { limit: 500 } });
        return show(page, () => page.items.length ? table([{ title: 'Id' }, { title: 'Name', gives: true }, { title: 'Told by', gives: true }, { title: 'Of', gives: true }],
          page.items.map(({ id, name, channel, filter, paused }) => [id, paused ? `${name} (paused)` : name, channel.kind === 'webhook' ? channel.url : channel.to.join(', '), [...filter.events, ...filter.decisions ?? [], ...filter.reference ? [filter.reference] : []].join(' ')])) : 'Nobody is told yet. Add one with `plimsoll subscriptions add NAME --webhook URL`.');
      }
      case 'add': {
        const webhook = parsed.text('webhook'), email = parsed.texts('email');
        if (!webhook && email.length === 0) throw new Problem('invalid', 'subscriptions add: say where to with --webhook or --email', { code: 'usage' });
        const made = await platform.call<Answer<typeof CreateSubscription>>('POST', '/v1/projects/{project}/subscriptions', {
          body: { name: needed(), channel: webhook ? { kind: 'webhook', url: webhook } : { kind: 'email', to: email }, filter: { decisions: parsed.text('decision')?.split(','), reference: parsed.text('reference') } } });
        return show(made, () => `${made.id}${made.secret ? `\nsecret ${made.secret}  (shown this once; receivers check signatures with it)` : ''}`);
      }
      case 'delete': {
        await platform.call('DELETE', `/v1/projects/{project}/subscriptions/${encodeURIComponent(needed())}`);
        return 0;
      }
      case 'deliveries': {
        const page = await platform.call<Answer<typeof ListDeliveries>>('GET', '/v1/projects/{project}/deliveries', { query: { limit: 100 } });
        return show(page, () => page.items.length ? table([{ title: 'Delivery' }, { title: 'Event' }, { title: 'State' }, { title: 'Tries', align: 'right' }, { title: 'Answer', gives: true }, { title: 'Image', gives: true }],
          page.items.map(({ id, event_type, state, attempts, last_answer, image }) => [id, event_type, state, String(attempts), last_answer ?? '', image?.reference ?? ''])) : 'Nothing was sent yet.');
      }
      case 'replay': {
        await platform.call('POST', `/v1/projects/{project}/deliveries/${encodeURIComponent(needed())}/replay`);
        return 0;
      }
      default: throw new Problem('invalid', `subscriptions ${action}: choose from list, add, delete, deliveries, replay`, { code: 'usage' });
    }
  },
};
