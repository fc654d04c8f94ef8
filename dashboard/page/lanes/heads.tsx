import type { ServiceState } from '../../wire/wire.ts';
import { Do } from '../panels/do.tsx';
import { control, cut, request, whyNoControls } from '../state/actions.ts';
import { shownPublishers, shownSubscribers, statusWords } from '../state/shown.ts';
import { abilities, now, redis, services } from '../state/store.ts';

/** The processes that all lanes share: the publisher, Redis, the subscribers; with what can be done to each. */
export function Heads() {
  const all = services.value;
  return (
    <div class="heads">
      <section class="head" aria-labelledby="head-publisher">
        <h2 id="head-publisher">Publisher</h2>
        {shownPublishers(all).map((state) => (
          <p key={state.snapshot.name} class={`process ${state.status}`}>
            <ProcessName state={state} />
          </p>
        ))}
        {shownPublishers(all).length === 0 && <p class="process silent">none is heard</p>}
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
          {shownSubscribers(all).map((state) => (
            <SubscriberHead key={state.snapshot.name} state={state} />
          ))}
        </div>
        {shownSubscribers(all).length === 0 && <p class="process silent">none is heard</p>}
      </section>
    </div>
  );
}

function ProcessName({ state }: { readonly state: ServiceState }) {
  const { snapshot, status } = state;
  return (
    <span class="name">
      <i class={`state-mark ${status}`} aria-hidden="true" />
      <b title={snapshot.name}>{snapshot.name}</b>
      <small>
        {status === 'up' ? `pid ${snapshot.pid}` : statusWords(state, redis.value.status === 'down', now.value)}
        {snapshot.group && snapshot.group !== 'subscribers' ? `, group ${snapshot.group}` : ''}
      </small>
    </span>
  );
}

function RedisHead() {
  const { requests } = abilities.value;
  const isUp = redis.value.status !== 'down';
  return (
    <section class="head" aria-labelledby="head-redis">
      <h2 id="head-redis">Redis</h2>
      {isUp ? (
        <Do
          label="Stop"
          icon="stop"
          name="Stop Redis"
          can={requests.includes('stop-redis')}
          run={() => request('stop-redis')}
          line="docker-compose stop redis"
        />
      ) : (
        <Do
          label="Start"
          icon="play"
          name="Start Redis"
          can={requests.includes('start-redis')}
          run={() => request('start-redis')}
          line="docker-compose start redis"
        />
      )}
      <Do
        label="Cut connections"
        icon="cut"
        name="Cut connections of all subscribers"
        can={isUp}
        run={cut}
        line="redis-cli CLIENT KILL ID <id>   # of each subscriber in CLIENT LIST"
      />
    </section>
  );
}

function SubscriberHead({ state }: { readonly state: ServiceState }) {
  const { status, snapshot } = state;
  const { requests, containers } = abilities.value;
  const { instance, name, pid } = snapshot;
  const isThere = status !== 'gone';
  const canDie = containers && snapshot.takesControls && whyNoControls() === '';
  const kill = () =>
    requests.includes('kill') ? request('kill', instance) : control('subscriber', 'die', undefined, instance);
  const isAlone = shownSubscribers(services.value).length < 2;
  return (
    <div class={`process ${status}`}>
      <ProcessName state={state} />
      {isThere && (
        <>
          <Do
            label="Kill"
            icon="kill"
            name={`Kill ${name}`}
            can={requests.includes('kill') || canDie}
            run={kill}
            line={containers ? 'docker-compose kill subscriber' : `kill -9 ${pid}`}
          />
          {status === 'frozen' ? (
            <Do
              label="Thaw"
              icon="play"
              name={`Thaw ${name}`}
              can={requests.includes('thaw')}
              run={() => request('thaw', instance)}
              line={containers ? 'docker-compose unpause subscriber' : `kill -CONT ${pid}`}
            />
          ) : (
            <Do
              label="Freeze"
              icon="freeze"
              name={`Freeze ${name}`}
              can={requests.includes('freeze')}
              run={() => request('freeze', instance)}
              line={containers ? 'docker-compose pause subscriber' : `kill -STOP ${pid}`}
            />
          )}
          {!isAlone && (
            <Do
              label="Remove"
              icon="minus"
              name={`Remove ${name}`}
              can={requests.includes('remove-subscriber')}
              run={() => request('remove-subscriber', instance)}
              line="docker-compose up -d --no-recreate --scale subscriber=1"
            />
          )}
        </>
      )}
    </div>
  );
}
