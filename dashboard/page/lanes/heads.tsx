import { Do } from '../panels/do.tsx';
import { cut, request } from '../state/actions.ts';
import { shownPublishers, shownSubscribers } from '../state/shown.ts';
import { abilities, redis, services } from '../state/store.ts';
import { ProcessName } from './process-name.tsx';
import { SubscriberHead } from './subscriber-head.tsx';

/** The processes that all lanes share: the publisher, Redis, the subscribers; with what can be done to each. */
export function Heads() {
  const publishers = shownPublishers(services.value);
  const subscribers = shownSubscribers(services.value);
  return (
    <div class="heads">
      <section class="head" aria-labelledby="head-publisher">
        <h2 id="head-publisher">Publisher</h2>
        {publishers.map((state) => (
          <p key={state.snapshot.name} class={`process ${state.status}`}>
            <ProcessName state={state} />
          </p>
        ))}
        {publishers.length === 0 && <p class="process silent">none is heard</p>}
      </section>
      <RedisHead />
      <section class="head" aria-labelledby="head-subscribers">
        <h2 id="head-subscribers">Subscribers</h2>
        <Do
          label="Add"
          icon="plus"
          can={abilities.value.requests.includes('add-subscriber')}
          run={() => request('add-subscriber')}
          line="docker-compose up -d --no-recreate --scale subscriber=2"
        />
        <div class="processes">
          {subscribers.map((state) => (
            <SubscriberHead key={state.snapshot.name} state={state} />
          ))}
        </div>
        {subscribers.length === 0 && <p class="process silent">none is heard</p>}
      </section>
    </div>
  );
}

function RedisHead() {
  const { requests } = abilities.value;
  const isUp = redis.value.status !== 'down';
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
    </section>
  );
}
