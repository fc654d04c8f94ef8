/** A service as `docker-compose config` shows it, by either generation. */
export interface RenderedService {
  readonly build?: { readonly context: string; readonly dockerfile?: string };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly privileged?: boolean;
  readonly network_mode?: string;
  readonly pid?: string;
  readonly ipc?: string;
  /** The first generation shows `127.0.0.1:8080:8080/tcp`. */
  readonly ports?: readonly (string | { readonly host_ip?: string })[];
  readonly volumes?: readonly (string | { readonly source?: string })[];
  readonly mem_limit?: string | number;
  readonly pids_limit?: string | number;
  readonly logging?: { readonly driver?: string; readonly options?: Readonly<Record<string, string>> };
}

/** What an image may need to step from root to its own user. Then no program that serves anybody has it. */
const TO_STEP_DOWN = ['SETUID', 'SETGID'];
const SHARED_WITH_HOST = ['privileged', 'network_mode', 'pid', 'ipc'] as const;

/**
 * What a container may do that it need not, or without a bound, in words.
 * @param imageUser the user of its image, or `undefined` if the image's entry point steps down from root
 */
export function excessOf(service: RenderedService, imageUser: string | undefined): string[] {
  const { cap_drop = [], cap_add = [], security_opt = [], ports = [], volumes = [], logging } = service;
  const user = service.user ?? imageUser;
  const allowed = user === undefined ? TO_STEP_DOWN : [];
  const checks: readonly (readonly [isFine: boolean, excess: string])[] = [
    [user === undefined || !/^(root|0)?(:|$)/.test(user), 'is root'],
    [service.read_only === true, 'writes to its file system'],
    [cap_drop.includes('ALL'), 'keeps capabilities'],
    [cap_add.every((name) => allowed.includes(name)), 'is given capabilities'],
    [security_opt.includes('no-new-privileges:true'), 'may gain privileges'],
    ...SHARED_WITH_HOST.map((key) => [!service[key], `has ${key} of the host`] as const),
    [ports.every(isOnLoopback), 'is reachable from other machines'],
    [volumes.every((volume) => !JSON.stringify(volume).includes('docker.sock')), 'commands the engine'],
    [isBound(service.mem_limit), 'has no bound of memory'],
    [isBound(service.pids_limit), 'has no bound of processes'],
    [logging?.driver === 'json-file' && isBound(logging.options?.['max-size']), 'has no bound of its log'],
    [isBound(logging?.options?.['max-file']), 'has no bound of the files of its log'],
  ];
  return checks.flatMap(([isFine, excess]) => (isFine ? [] : [excess]));
}

const isOnLoopback = (port: string | { readonly host_ip?: string }): boolean =>
  typeof port === 'string' ? port.startsWith('127.0.0.1:') : port.host_ip === '127.0.0.1';

const isBound = (limit: string | number | undefined): boolean => Number.parseInt(String(limit), 10) > 0;
