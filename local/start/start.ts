/** `npm start`: the local twin of `docker-compose up`. Redis, subscriber and publisher, with one combined log. */
import { catchStopSignals } from '@redis-messaging/shared/service/signals';
import { loadDemoService } from './demo-service.ts';
import { answerArguments, CLUSTER } from './help.ts';

process.exitCode = answerArguments(process.argv.slice(2)) ?? (await start());

async function start(): Promise<number> {
  catchStopSignals(); // a stop may come before all else is loaded
  // First of all: loading them takes longest. They begin when Redis is there.
  const services = { subscriber: loadDemoService('subscriber'), publisher: loadDemoService('publisher') };
  const { runDemo } = await import('./demo.ts');
  return await runDemo(services, process.argv.includes(CLUSTER));
}
