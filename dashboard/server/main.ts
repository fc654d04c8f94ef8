/** The live page's server: `npm start` starts it, and the container `dashboard` is it. */
import { onStopSignals } from '@redis-messaging/shared/service/signals';
import { startDashboard } from './dashboard.ts';
import { readSettings } from './settings.ts';

try {
  const dashboard = await startDashboard(readSettings());
  if (!process.connected) console.log(`The live page is at ${dashboard.url}`);
  const stop = () => void dashboard.close().then(() => process.exit(0));
  onStopSignals(stop, () => process.exit(1));
  process.on('disconnect', stop); // npm start is gone
} catch (error) {
  process.stderr.write(`dashboard: cannot start: ${(error as Error).message}\n`);
  process.exit(1);
}
