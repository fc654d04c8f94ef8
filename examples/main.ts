/** `npm run example`: lists the examples; `npm run example -- NAME` runs one, on a Redis as `npm start` would provide it. */
import { once, setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadDotEnv } from '@redis-messaging/shared/service/config';
import { BAD_OPTIONS } from '../local/process/command.ts';
import { INTERRUPTED, stopOnSignals } from '../local/process/stop-on-signals.ts';
import type { Example } from './example.ts';
import { examples } from './index.ts';
import { Stage } from './stage.ts';

/** How long an example may take to end after Ctrl-C: ms. Then its connections are closed, and it gets the same time again. */
const GRACE_MS = 2000;

process.exit(await main(process.argv.slice(2)));

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const example = Object.hasOwn(examples, name) ? examples[name] : undefined;
  if (example) return await play(example, args);
  if (name) process.stderr.write(`"${name}" is not an example; choose one of:\n`);
  const width = Math.max(...Object.keys(examples).map((word) => word.length));
  for (const [word, { about }] of Object.entries(examples)) process.stdout.write(`  ${word.padEnd(width)}  ${about}\n`);
  return name ? BAD_OPTIONS : 0;
}

/** @returns the exit code */
async function play(example: Example, args: readonly string[]): Promise<number> {
  loadDotEnv();
  const failure = new AbortController();
  // An error that nothing awaits ends the example, too.
  process.on('unhandledRejection', (error) => failure.abort(error));
  const interrupted = stopOnSignals(() => {});
  const signal = AbortSignal.any([interrupted, failure.signal]);
  setMaxListeners(0, signal);
  try {
    const stage = await orGiveUp(Stage.open(args, signal), signal);
    try {
      await orGiveUp(example.run(stage), signal, () => stage.clear());
    } finally {
      await stage[Symbol.asyncDispose]();
    }
    return 0;
  } catch (error) {
    if (interrupted.aborted) return INTERRUPTED;
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

/** Waits for the end; once the signal has aborted, with a grace period. @param hurry called when it takes too long */
async function orGiveUp<Result>(running: Promise<Result>, signal: AbortSignal, hurry?: () => void): Promise<Result> {
  const result = await Promise.race([running, givingUp(signal, hurry)]);
  signal.throwIfAborted();
  return result;
}

async function givingUp(signal: AbortSignal, hurry?: () => void): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  await sleep(GRACE_MS);
  hurry?.();
  await sleep(GRACE_MS);
  throw signal.reason;
}
