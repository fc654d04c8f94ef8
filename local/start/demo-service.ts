import type { ServiceReport } from '@redis-messaging/shared/service/reporting';
import type { Environment } from '../process/environment.ts';
import { type Launched, launch } from '../process/launch.ts';
import { serviceCommand } from '../process/node-command.ts';
import { hasColours, printLine } from '../process/print-line.ts';

/** One of the demo's two services, running. */
export interface DemoService {
  readonly name: string;
  readonly program: Launched;
  /** The last report of each kind. */
  readonly reports: Partial<Record<ServiceReport['event'], ServiceReport>>;
}

/** Starts a service from source, configured as this process is; each of its lines goes to standard output behind its name. */
export function startDemoService(name: string, env: Environment): DemoService {
  const reports: DemoService['reports'] = {};
  const program = launch({
    command: serviceCommand(name),
    env: { ...process.env, ...env, ...(hasColours() && { FORCE_COLOR: '1' }) },
    onLine: (line) => printLine(name, line),
    onMessage: (report: ServiceReport) => {
      reports[report.event] = report;
    },
  });
  return { name, program, reports };
}
