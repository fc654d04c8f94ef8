import { afterEach } from '@jest/globals';
import { ServiceProcess } from '../../testkit/service-process.ts';

const started = new Set<ServiceProcess>();

/** However a test ends, also when it takes too long and never comes to its own tidying up, its services end with it. */
afterEach(async () => {
  const left = [...started];
  started.clear();
  await Promise.all(left.map((service) => service[Symbol.asyncDispose]()));
});

/** Starts a service that ends with the test that starts it, at the latest. */
export function startService(...how: ConstructorParameters<typeof ServiceProcess>): ServiceProcess {
  const service = new ServiceProcess(...how);
  started.add(service);
  return service;
}

/** Starts such a service, and waits until it is ready. */
export async function readyService(...how: ConstructorParameters<typeof ServiceProcess>): Promise<ServiceProcess> {
  const service = startService(...how);
  await service.event('ready');
  return service;
}
