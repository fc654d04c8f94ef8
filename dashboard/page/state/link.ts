import { effect } from '@preact/signals';
import { type Action, RANGES, type ServiceName } from '@redis-messaging/shared/live/protocol';
import { stories } from '../stories/index.ts';
import { openStory, telling } from '../stories/telling.ts';
import { control, whyNoControls } from './actions.ts';
import { shownPublishers, shownSubscribers } from './shown.ts';
import { services } from './store.ts';

/** A setting in the address: its name there, whose it is, and what stands for it when it is not there. */
interface LinkedSetting {
  readonly name: string;
  readonly service: ServiceName;
  readonly action: Extract<Action, keyof typeof RANGES>;
  readonly usual: number;
  /** From the value in the address to that of the control, and back. */
  convert(value: number): number;
}

const same = (value: number) => value;

const SETTINGS: readonly LinkedSetting[] = [
  { name: 'rate', service: 'publisher', action: 'interval', usual: 0.5, convert: (rate) => 1 / rate },
  { name: 'pace', service: 'publisher', action: 'pace', usual: 1, convert: same },
  { name: 'work', service: 'subscriber', action: 'workTime', usual: 0, convert: same },
  { name: 'fail', service: 'subscriber', action: 'failRate', usual: 0, convert: same },
  { name: 'concurrency', service: 'subscriber', action: 'concurrency', usual: 1, convert: same },
];

/** Sets what the address says, once services are there, and opens its story; from then on the address says how things are. */
export function followAddress(): void {
  const query = new URLSearchParams(location.search);
  const end = effect(() => {
    if (services.value.length === 0) return;
    queueMicrotask(async () => {
      end();
      if (whyNoControls() === '') await restore(query);
      const story = stories.find(({ name }) => name === query.get('story'));
      if (story) openStory(story);
      effect(write);
    });
  });
}

async function restore(query: URLSearchParams): Promise<void> {
  for (const { name, service, action, convert } of SETTINGS) {
    const value = convert(Number(query.get(name)));
    const { least, most } = RANGES[action];
    if (query.has(name) && value >= least && value <= most) await control(service, action, value);
  }
}

/** Writes settings that are not as usual, and the story, into the address, which stays the same otherwise. */
function write(): void {
  const publisher = shownPublishers(services.value)[0]?.snapshot;
  const subscriber = shownSubscribers(services.value)[0]?.snapshot;
  const settings: Readonly<Record<string, unknown>> = {
    ...subscriber?.settings,
    ...publisher?.settings, // its pace is everybody's
  };
  const query = new URLSearchParams();
  for (const { name, action, usual, convert } of SETTINGS) {
    const value = settings[action];
    if (typeof value !== 'number' || value <= 0) continue;
    const shown = Number(convert(value).toPrecision(4));
    if (shown !== usual) query.set(name, String(shown));
  }
  if (telling.value) query.set('story', telling.value.story.name);
  const search = query.size > 0 ? `?${query}` : '';
  if (search !== location.search) history.replaceState(null, '', `${location.pathname}${search}${location.hash}`);
}
