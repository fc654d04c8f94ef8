import { type Answer, REQUESTS, type Request } from '@redis-messaging/shared/live/supervisor';
import type { DemoService } from '../demo-service.ts';
import type { RedisSwitch } from '../keep/redis.ts';
import type { Subscribers } from '../subscribers.ts';
import type { Freezer } from './freezer.ts';

/** What the dashboard can do something to: nothing but what `npm start` has started. */
export interface Supervised {
  readonly publisher: DemoService;
  readonly subscribers: Subscribers;
  /** Each server has one. */
  readonly redis: readonly RedisSwitch[];
  readonly freezer: Freezer;
}

/** Does what the dashboard asks for. Never throws. */
export function answer(request: Request, supervised: Supervised): Answer {
  try {
    execute(request, supervised);
    return { answer: request.request, ok: true };
  } catch (error) {
    return { answer: request.request, ok: false, reason: (error as Error).message };
  }
}

function execute({ do: what, instance, group }: Request, { publisher, subscribers, redis, freezer }: Supervised): void {
  const subscriber = () => there(subscribers.all.find(({ service }) => isInstance(service, instance)));
  const service = () => (isInstance(publisher, instance) ? publisher : subscriber().service);
  if (what === 'kill') subscriber().kill();
  else if (what === 'freeze') freezer.freeze(service().program.process);
  else if (what === 'thaw') freezer.thaw(service().program.process);
  else if (what === 'stop-redis') each(redis, 'stop');
  else if (what === 'start-redis') each(redis, 'start');
  else if (what === 'kill-redis') there(redis.find(({ port }) => String(port) === instance)).kill();
  else if (what === 'add-subscriber') subscribers.add(groupOf(group));
  else if (what === 'remove-subscriber') {
    const removed = subscribers.remove(instance === undefined ? undefined : subscriber());
    freezer.release(removed.service.program.process);
  } else throw new Error(`expected one of ${REQUESTS.join(', ')}`);
}

/** @throws an Error if there is none */
function there<Process>(process: Process | undefined): Process {
  if (!process) throw new Error('nothing of this instance runs here that this can be done to');
  return process;
}

/** All are stopped, or none is. @throws an Error if that is so already, or there is none */
function each(redis: readonly RedisSwitch[], what: 'stop' | 'start'): void {
  if (redis.length === 0) throw new Error('Redis does not run');
  for (const server of redis) server[what]();
}

const isInstance = ({ program, reports }: DemoService, instance: string | undefined): boolean =>
  program.isRunning && instance !== undefined && reports.ready?.instance === instance;

/** @throws an Error if it cannot be a group's name */
function groupOf(group: string | undefined): string | undefined {
  if (group !== undefined && !/^[\w-]{1,40}$/.test(group))
    throw new Error('expected a group of 1 to 40 letters, digits, _ or -');
  return group;
}
