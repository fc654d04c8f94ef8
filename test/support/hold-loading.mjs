import { existsSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';

// With `node --import`: makes the file HOLD_LOADING when the program begins to load what a service consists of, and goes on when the
// file is gone.
if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  if (url.endsWith('/service/service.js')) {
    writeFileSync(process.env.HOLD_LOADING, '');
    while (existsSync(process.env.HOLD_LOADING)) await sleep(20);
  }
  return await next(url, context);
}
