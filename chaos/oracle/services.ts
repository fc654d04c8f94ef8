import type { Evidence, ServiceEvidence, Violation } from '../evidence/evidence.ts';
import type { Instance } from '../service.ts';
import { accountOf } from './accounts.ts';

/** No service may ever have more: bytes. */
const MOST_BYTES = 200 * 1024 * 1024;

/** What is wrong with a service: with the ends, the memory and the accounts of its processes. */
export function* judgeService(service: ServiceEvidence, evidence: Evidence): Generator<Violation> {
  for (const instance of service.instances) {
    const from = instance.startedAt;
    const until = instance.endedAt ?? evidence.endedAt;
    const told = (promise: Violation['promise'], text: string) => ({ promise, text, keys: [], from, until });
    const wrongEnd = endOf(instance);
    if (wrongEnd) yield told('exit', `${service.name} ${wrongEnd}; its last lines:\n${instance.lines.join('\n')}`);
    if (instance.peakBytes >= MOST_BYTES)
      yield told('memory', `${service.name} had ${Math.round(instance.peakBytes / 1024 / 1024)} MB`);
    for (const text of accountOf(service, instance, evidence)) yield told('account', `${service.name}, ${text}`);
  }
}

/**
 * What is wrong with the end of a process: it must run until it is told to stop, and then end with 0 and its table. One that has
 * shared its name may have had to give way, with 1.
 */
function endOf({ exit, endedBy, final, wasShared }: Instance): string | undefined {
  if (endedBy === 'SIGKILL' || (wasShared && (exit === 1 || exit === 0))) return undefined;
  if (endedBy === undefined) return `ended by itself with ${exit}`;
  if (exit !== 0) return `ended with ${exit} after ${endedBy}`;
  return final ? undefined : `ended without its table after ${endedBy}`;
}
