import type { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { type System, USER } from '../system.ts';
import { type Fault, nothing, oneOf, type Random } from './fault.ts';

/** The connections of one subscriber, of all publishers, or of everybody. */
function someConnections({ proxies, subscribers }: System, random: Random) {
  const all = [...proxies.keys()];
  const chosen = random(3) === 0 ? all : [oneOf(all, random)];
  return {
    of: chosen.length === 1 ? chosen[0] : 'all',
    proxies: chosen.map((name) => proxies.get(name) as TcpProxy),
    starves: subscribers.map(({ name }) => name).filter((name) => chosen.includes(name)),
  };
}

export const cut: Fault = {
  name: 'cut',
  about: 'connections are reset',
  lasts: [0, 0],
  async inject(system, random) {
    const { of, proxies } = someConnections(system, random);
    for (const proxy of proxies) proxy.reset();
    return { what: `connections of ${of} reset`, undo: nothing };
  },
};

export const hold: Fault = {
  name: 'hold',
  about: 'nothing passes either way, and arrives late',
  lasts: [500, 9000],
  async inject(system, random) {
    const { of, proxies, starves } = someConnections(system, random);
    for (const proxy of proxies) proxy.hold();
    return {
      what: `connections of ${of} held`,
      starves,
      async undo() {
        for (const proxy of proxies) proxy.release();
      },
    };
  },
};

export const late: Fault = {
  name: 'late',
  about: 'only if --only names it: the next blocking reads of a subscriber arrive when it has long reconnected',
  lasts: [6000, 9000],
  isExtra: true,
  async inject({ proxies, subscribers }, random) {
    const { name } = oneOf(subscribers, random);
    const proxy = proxies.get(name) as TcpProxy;
    proxy.holdFrom(/BLMOVE|BLPOP|XREADGROUP/);
    return { what: `blocking reads of ${name} held`, undo: async () => proxy.release() };
  },
};

export const halfOpen: Fault = {
  name: 'half-open',
  about: 'what is sent disappears, one way or both, and no connection ends',
  lasts: [500, 9000],
  async inject(system, random) {
    const { of, proxies, starves } = someConnections(system, random);
    const ways = oneOf([['requests'], ['replies'], ['requests', 'replies']] as const, random);
    for (const proxy of proxies) proxy.swallow(...ways);
    return {
      what: `${ways.join(' and ')} of ${of} disappear`,
      starves,
      async undo() {
        for (const proxy of proxies) proxy.pass();
      },
    };
  },
};

export const clientKill: Fault = {
  name: 'client-kill',
  about: 'CLIENT KILL of one connection, or of all',
  lasts: [0, 0],
  async inject(system, random) {
    if (random(2) === 0) {
      await system.ask((admin) => admin.sendCommand(['CLIENT', 'KILL', 'USER', USER]));
      return { what: 'CLIENT KILL of all services', undo: nothing };
    }
    const clients = (await system.ask((admin) => admin.clientList())).filter(({ user }) => user === USER);
    const { id, name } = oneOf(clients, random);
    await system.ask((admin) => admin.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]));
    return { what: `CLIENT KILL of one ${name}`, undo: nothing };
  },
};

export const idleTimeout: Fault = {
  name: 'timeout',
  about: 'Redis closes connections that are idle for 1 s',
  lasts: [1500, 5000],
  async inject(system) {
    await system.ask((admin) => admin.configSet('timeout', '1'));
    return {
      what: 'timeout 1',
      undo: async () => void (await system.insist((admin) => admin.configSet('timeout', '0'))),
    };
  },
};

export const smallBuffers: Fault = {
  name: 'small-buffers',
  about: 'Redis closes Pub/Sub connections that it holds 64 kB for',
  lasts: [1000, 5000],
  async inject(system) {
    const set = (limits: string) => (admin: System['admin']) =>
      admin.configSet('client-output-buffer-limit', `pubsub ${limits}`);
    await system.ask(set('64kb 32kb 1'));
    return {
      what: 'client-output-buffer-limit pubsub 64kb',
      undo: async () => void (await system.insist(set('32mb 8mb 60'))),
    };
  },
};
