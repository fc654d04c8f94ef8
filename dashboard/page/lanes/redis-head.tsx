import { readAddress } from '../../wire/address.ts';
import type { RedisNode } from '../../wire/wire.ts';
import { Do } from '../panels/do.tsx';
import { cut, request } from '../state/actions.ts';
import { shortName } from '../state/nodes.ts';
import { abilities, patterns, redis } from '../state/store.ts';
import { number } from '../state/text.ts';

/** Redis: what can be done to it, and its servers, if they are several. */
export function RedisHead() {
  const { requests } = abilities.value;
  const { status, nodes } = redis.value;
  const isUp = status !== 'down';
  const [label, icon, name] = isUp
    ? (['Stop', 'stop', 'stop-redis'] as const)
    : (['Start', 'play', 'start-redis'] as const);
  return (
    <section class="head" aria-labelledby="head-redis">
      <h2 id="head-redis">Redis</h2>
      <Do
        key={label}
        label={label}
        icon={icon}
        name={`${label} Redis`}
        can={requests.includes(name)}
        run={() => request(name)}
        line={`docker-compose ${label.toLowerCase()} redis`}
      />
      <Do
        label="Cut connections"
        icon="cut"
        name="Cut connections of all subscribers"
        can={isUp}
        run={() => cut()}
        line="redis-cli CLIENT KILL ID <id>   # of each subscriber in CLIENT LIST"
      />
      {nodes.length > 0 && (
        <ul class="nodes">
          {nodes.map((node) => (
            <Node
              key={node.address}
              node={isUp ? node : { ...node, isUp }}
              isPrivate={requests.includes('kill-redis')}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

/** One of several servers: how it is, and what it has. */
function Node({ node, isPrivate }: { readonly node: RedisNode; readonly isPrivate: boolean }) {
  const { address, role, isUp, of, slots, lanes } = node;
  const name = shortName(address);
  const { host, port } = readAddress(address);
  const has = patterns.value.flatMap(({ name: lane }, index) => (lanes[lane] ? [{ lane, index }] : []));
  const words =
    role === 'replica' ? `replica of ${shortName(of)}` : `primary${slots > 0 ? `, ${number(slots)} slots` : ''}`;
  return (
    <li class={`node ${role} ${isUp ? 'up' : 'gone'}`}>
      <span class="name">
        <i class={`state-mark ${isUp ? 'up' : 'gone'}`} aria-hidden="true" />
        <b title={address}>{name}</b>
        <small class="words">
          {words}
          {isUp ? '' : ', gone'}
        </small>
      </span>
      {role === 'primary' && (
        <span class="has">
          {has.map(({ lane, index }) => (
            <i key={lane} class={`lane-mark lane-${index % 6}`} title={`has ${lane}`} aria-hidden="true" />
          ))}
          <span class="unseen">has {has.length > 0 ? has.map(({ lane }) => lane).join(', ') : 'no topic'}</span>
        </span>
      )}
      {isUp && (
        <Do
          label="Kill"
          icon="kill"
          name={`Kill the Redis server ${name}`}
          can={isPrivate}
          run={() => request('kill-redis', String(port))}
          line={abilities.value.containers ? `docker-compose kill ${host}` : `redis-cli -p ${port} SHUTDOWN NOSAVE`}
        />
      )}
    </li>
  );
}
