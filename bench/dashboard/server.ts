import { startServer } from '../bench-process.ts';

/** A server of the live page. */
export interface DashboardServer {
  /** The page's address, with the token for controls. */
  readonly url: URL;
  stop(): Promise<void>;
}

/** Starts one, as a process, for the Redis at this port of the loopback address. */
export async function startDashboardServer(port: number): Promise<DashboardServer> {
  const server = startServer('dashboard/server/main.ts', {
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: port,
    DASHBOARD_PORT: 0,
  });
  const { url } = await server.report('listening');
  return { url: new URL(url), stop: () => server.stop() };
}
