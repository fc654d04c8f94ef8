import { startServer } from '../bench-process.ts';

/** A server of the live page. */
export interface DashboardServer {
  /** The page's address, with the token for controls. */
  readonly url: URL;
  stop(): Promise<void>;
}

/** Starts one, as a process, for the Redis at this port of the loopback address. @param measuredMs for how long it is measured */
export async function startDashboardServer(port: number, measuredMs = 0): Promise<DashboardServer> {
  const env = { REDIS_HOST: '127.0.0.1', REDIS_PORT: port, DASHBOARD_PORT: 0 };
  const server = startServer('dashboard/server/main.ts', env, measuredMs);
  const { url } = await server.report('listening');
  return { url: new URL(url), stop: () => server.stop() };
}
