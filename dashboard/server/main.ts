/** The live page's server: `npm start` starts it, and the container `dashboard` is it. */
import { onStopSignals } from '@redis-messaging/shared/service/signals';
import { startDashboard } from './dashboard.ts';
import { readSettings } from './settings.ts';

try {
  const settings = readSettings();
  const dashboard = await startDashboard(settings);
  if (settings.isInContainer)
    console.log(
      `The live page is at http://ADDRESS/${new URL(dashboard.url).hash}; \`docker-compose port dashboard ${dashboard.port}\` tells ADDRESS`,
    );
  else if (!process.connected) console.log(`The live page is at ${dashboard.url}`);
  const stop = () => void dashboard.close().then(() => process.exit(0));
  onStopSignals(stop, () => process.exit(1));
  process.on('disconnect', stop); // npm start is gone
} catch (error) {
  process.stderr.write(`dashboard: cannot start: ${(error as Error).message}\n`);
  process.exit(1);
}
