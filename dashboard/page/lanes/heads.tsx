import { Do } from '../panels/do.tsx';
import { request } from '../state/actions.ts';
import { shownPublishers, shownSubscribers } from '../state/shown.ts';
import { abilities, services } from '../state/store.ts';
import { ProcessName } from './process-name.tsx';
import { RedisHead } from './redis-head.tsx';
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
