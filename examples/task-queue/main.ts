import { isBlocked } from '../blocked.ts';
import type { Example } from '../example.ts';

const QUEUE = 'task_queue';
const MAILS = ['mail 1', 'mail 2', 'mail 3', 'mail 4', 'mail 5'];
const TASKS = ['big report', ...MAILS];
/** How long a worker waits for work before it ends: s. 0 would wait forever, and never check anything else. */
const WAIT_SECONDS = 1;

/** A producer puts tasks on a list; each goes to one worker that is free. */
export const taskQueue: Example = {
  about: 'a list as a task queue: workers share the load, and a slow task holds up nobody else',

  async run({ connect, own, until, say, signal }) {
    await own(QUEUE);
    const producer = await connect('producer');

    // RPOP returns at once, even without a task. A worker that polls with it asks either too often or too late.
    const poller = await connect('poller');
    say('poller', `RPOP: ${await poller.rPop(QUEUE)}; it would have to ask again and again`);
    await producer.lPush(QUEUE, 'first task');
    say('poller', `RPOP: ${await poller.rPop(QUEUE)}`);

    // BRPOP waits in Redis until there is a task. It blocks its connection meanwhile, so a worker has one of its own.
    const waiter = await connect('waiter');
    const brpop = waiter
      .brPop(QUEUE, 5)
      .then((taken) => say('waiter', `BRPOP: ${taken?.element}, as soon as it was there`));
    await until('the waiter to wait', () => isBlocked(producer, 'waiter'));
    say('waiter', 'waits in Redis');
    await producer.lPush(QUEUE, 'second task');
    await brpop;

    // In at the left, out at the right: first in, first out. One command takes many.
    await producer.lPush(QUEUE, TASKS);
    say('producer', `pushed ${TASKS.length} tasks  ${bar(await producer.lLen(QUEUE))}`);

    const inProgress = new Map<string, () => void>();
    const done: Record<string, string[]> = {};

    async function worker(name: string): Promise<void> {
      const connection = await connect(name);
      const finished: string[] = [];
      done[name] = finished;
      while (!signal.aborted) {
        const taken = await connection.brPop(QUEUE, WAIT_SECONDS);
        if (!taken) return; // nothing for a while
        // From here on, this process has the only copy: see `npm run example -- orders-stream` for what to do about it.
        say(name, `takes ${taken.element.padEnd(10)}   ${bar(await connection.lLen(QUEUE))}`);
        await work(taken.element);
        finished.push(taken.element);
      }
    }

    /** Simulated work. It ends when the code below says so, not by the clock, so that the output always has the same order. */
    async function work(task: string): Promise<void> {
      await new Promise<void>((end) => {
        inProgress.set(task, end);
        signal.addEventListener('abort', () => end(), { once: true });
      });
    }
    const isTaken = (task: string) => until(`${task} to be taken`, () => inProgress.has(task));
    const finish = (task: string) => inProgress.get(task)?.();

    const workers: Promise<void>[] = [];
    for (const [index, task] of TASKS.slice(0, 3).entries()) {
      workers.push(worker(`worker-${index + 1}`));
      await isTaken(task);
    }
    // Nothing distributes the tasks: a worker that is done takes the next one. Worker 1 is busy with the big report all the time.
    for (const [index, mail] of MAILS.entries()) {
      finish(mail);
      const next = MAILS[index + 2];
      if (next) await isTaken(next);
    }
    finish('big report');
    await Promise.all(workers);

    for (const [name, tasks] of Object.entries(done)) say(name, `did ${tasks.join(', ')}`);
  },
};

/** The length of the queue, as a bar. */
function bar(length: number): string {
  return `[${'#'.repeat(length).padEnd(TASKS.length, '.')}] ${length} waiting`;
}
