// With `node --import`, before a service: loads all that it consists of, tells the parent process what the configuration says, and
// holds the service until the parent sends the environment that it lacks. So the services load side by side, while Redis starts, and
// still begin one after the other.
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

let isOver = false;
const word = new Promise((resolve) => {
  process.once('message', ({ env }) => resolve(env));
  for (const name of ['disconnect', 'SIGINT', 'SIGTERM'])
    process.once(name, () => {
      isOver = true;
      resolve();
    });
});

// Before tsx, because packages that are loaded already cost it nothing: a fifth of a second of CPU time.
await Promise.all(['redis', 'pino', 'pino-pretty', 'prom-client', 'dotenv'].map((name) => import(name)));
await import('tsx');
const { catchStopSignals } = await import('@redis-messaging/shared/service/signals');
catchStopSignals(); // from here on for the service, too

const { readFacts } = await import('./facts.ts');
if (process.connected) process.send({ event: 'facts', facts: readFacts() }, () => {}); // Redis starts while we load the rest

const folder = dirname(process.argv[1]); // such as publisher/src
await import('@redis-messaging/shared/service/service');
await import(pathToFileURL(join(folder, `${basename(dirname(folder))}.ts`)));

const env = await word;
if (isOver) process.exit(0); // nothing has begun
Object.assign(process.env, env);
