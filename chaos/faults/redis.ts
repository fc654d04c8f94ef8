import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../testkit/until.ts';
import { type System, USER } from '../system.ts';
import { type Fault, nothing, oneOf } from './fault.ts';

/** The commands that move messages: to lose the right to one of them may leave a move half done. */
const MOVING = [
  ...['rpush', 'lpush', 'blpop', 'lpop', 'blmove', 'lmove', 'ltrim', 'lrem', 'del'],
  ...['xadd', 'xack', 'xreadgroup', 'xautoclaim', 'xclaim', 'xlen', 'publish', 'spublish'],
];
/** Others; none that a connection is made with, without which a service gives up for good. */
const OTHERS = [
  ...['eval', 'lrange', 'lpos', 'llen', 'lindex', 'sadd', 'smembers', 'set', 'exists', 'hget', 'hmget', 'hset'],
  ...['hincrby', 'hgetall', 'xpending', 'xinfo', 'xtrim', 'xrange', 'subscribe', 'ssubscribe', 'ping'],
];
/** No Redis listens here, so a replica of it gets no data, and keeps its own. */
const NOWHERE = ['127.0.0.1', '1'];
const SNAPSHOT_MS = 5000;
const ANSWER_MS = 500;
const START_MS = 10_000;

const config = (system: System, name: string, value: string) => async () =>
  void (await system.insist((admin) => admin.configSet(name, value)));

/** CLIENT PAUSE, which ends by itself. */
function pause(mode: 'ALL' | 'WRITE'): Fault {
  return {
    name: `pause-${mode.toLowerCase()}`,
    about: `CLIENT PAUSE … ${mode}`,
    lasts: [500, 9000],
    async inject(system, _random, ms) {
      await system.ask((admin) => admin.clientPause(ms, mode));
      return {
        what: `CLIENT PAUSE ${ms} ${mode}`,
        starves: system.subscribers.map(({ name }) => name),
        undo: nothing,
      };
    },
  };
}

export const pauseAll = pause('ALL');
export const pauseWrites = pause('WRITE');

export const rights: Fault = {
  name: 'rights',
  about: 'the services lose the right to a command',
  lasts: [500, 5000],
  async inject(system, random) {
    const command = oneOf(random(3) === 0 ? OTHERS : MOVING, random);
    await system.ask((admin) => admin.aclSetUser(USER, `-${command}`));
    return {
      what: `no right to ${command.toUpperCase()}`,
      undo: async () => void (await system.insist((admin) => admin.aclSetUser(USER, `+${command}`))),
    };
  },
};

export const readOnly: Fault = {
  name: 'read-only',
  about: 'Redis becomes a replica that takes no writes',
  lasts: [500, 5000],
  async inject(system) {
    await system.ask((admin) => admin.sendCommand(['REPLICAOF', ...NOWHERE]));
    return {
      what: 'read-only',
      undo: async () => void (await system.insist((admin) => admin.sendCommand(['REPLICAOF', 'NO', 'ONE']))),
    };
  },
};

export const memory: Fault = {
  name: 'memory',
  about: 'the memory of Redis is full, with noeviction',
  lasts: [500, 5000],
  async inject(system) {
    await system.ask((admin) => admin.configSet('maxmemory', '1'));
    return { what: 'maxmemory 1 byte', undo: config(system, 'maxmemory', '0') };
  },
};

export const noSnapshot: Fault = {
  name: 'misconf',
  about: 'Redis refuses writes because it could not save a snapshot',
  lasts: [500, 5000],
  async inject(system) {
    const undo = config(system, 'save', '');
    try {
      await system.ask((admin) => admin.configSet('save', '3600 1'));
      await system.ask((admin) => admin.sendCommand(['BGSAVE'])).catch(() => {}); // one may be under way
      for (const deadline = performance.now() + SNAPSHOT_MS; ; await sleep(20)) {
        if ((await system.ask((admin) => admin.info('persistence'))).includes('rdb_last_bgsave_status:err')) break;
        if (performance.now() > deadline) throw new Error('the snapshot does not fail');
      }
    } catch (error) {
      await undo();
      throw error;
    }
    return { what: 'MISCONF: no snapshot can be saved', undo };
  },
};

let guests = 0;

export const flush: Fault = {
  name: 'flush',
  about:
    'FLUSHALL, then SIGKILL of a further subscriber at work, for good: only if --only names it; what is made after it must be handled',
  lasts: [200, 1000],
  deletes: true,
  isExtra: true,
  async inject(system, random) {
    const guest = system.slowSubscriber(`guest-${++guests}`, oneOf(system.subscribers, random));
    guest.start();
    try {
      await until('the further subscriber to be ready', () => guest.current.isReady, START_MS);
      await system.ask((admin) => admin.flushAll());
    } catch (error) {
      await guest.end('SIGKILL');
      throw error;
    }
    return { what: `FLUSHALL, then SIGKILL of ${guest.name}`, undo: () => guest.end('SIGKILL') };
  },
};

export const busy: Fault = {
  name: 'busy',
  about: 'a script that does not end, until SCRIPT KILL',
  lasts: [300, 2500],
  async inject(system) {
    let hasEnded = false;
    const ended = () => {
      hasEnded = true;
    };
    system.other.eval('while true do end').then(ended, ended);
    return {
      what: 'a script that does not end',
      // It may not even have begun, if clients pause.
      async undo() {
        while (!((await scriptKill(system.port)).includes('NOTBUSY') && hasEnded)) await sleep(50);
      },
    };
  },
};

/**
 * Sends SCRIPT KILL by a connection of its own: one on which a command waits for the end of a pause is not read while the script
 * runs, and a script that was waiting for it, too, never ends. @returns the answer; nothing, if there is none soon
 */
async function scriptKill(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write('SCRIPT KILL\r\n'));
  try {
    const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(ANSWER_MS) });
    return String(answer);
  } catch {
    return '';
  } finally {
    socket.destroy();
  }
}
