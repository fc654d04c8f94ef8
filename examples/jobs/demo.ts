import type { Scene } from '../example.ts';
import type { JobView } from './queue.ts';
import { type Settings, System } from './system.ts';
import { Visitor } from './visitor.ts';

const SECONDS = 1;
const HOSTILE = '<img src=x onerror=alert(1)>.mp4';

const isDone = ({ state }: JobView) => state === 'done';

/** What a user would do with two browsers and a terminal. */
export async function play({ say, signal }: Scene, settings: Omit<Settings, 'say'>): Promise<void> {
  await using system = await System.start({ ...settings, seconds: SECONDS, say() {} });
  const worker = await system.startWorker();
  say('system', 'two API processes behind one address, one worker');

  using ann = await Visitor.arrive(system.url, signal);
  using ben = await Visitor.arrive(system.url, signal);
  const tabs = [await ann.open(), await ann.open()];
  say('ann', `opens the page in two tabs, which reach ${tabs.sort().join(' and ')}`);
  await ben.open();
  say('ben', 'opens the page, too');

  say('ann', `uploads holiday.mp4, and is answered ${await ann.upload('holiday.mp4')} at once`);
  await ann.sees('holiday.mp4', isDone);
  const percents = new Set(ann.seen.map(({ progress }) => progress));
  say('ann', `sees it get done: ${[...percents].join(', ')} %`);
  signal.throwIfAborted();

  say('ann', `uploads flaky.mp4: ${await ann.upload('flaky.mp4')}`);
  const { error } = await ann.sees('flaky.mp4', ({ state }) => state === 'retrying');
  say('ann', `sees that it is retried: ${error}`);
  say('ann', `sees it done in attempt ${(await ann.sees('flaky.mp4', isDone)).attempt}`);
  signal.throwIfAborted();

  say('ann', `uploads ${HOSTILE}: ${await ann.upload(HOSTILE)}`);
  await ann.sees(HOSTILE, ({ progress }) => progress >= 30);
  ann.close();
  say('ann', `closes the page while ${worker.name} is in the middle of it`);
  worker.process.kill('SIGKILL');
  await worker.ended;
  say('system', `${worker.name} is killed; an announcement now would have no subscribers`);
  await system.startWorker();
  signal.throwIfAborted();

  await ann.open();
  say('ann', `opens the page again: the queue knows of ${ann.jobs.length} videos`);
  const { name, attempt, worker: by } = await ann.sees(HOSTILE, isDone);
  say('ann', `sees ${name} done in attempt ${attempt}, by ${by}`);

  say('ben', `has seen ${ben.seen.length} videos: Ann's are hers alone`);
}
