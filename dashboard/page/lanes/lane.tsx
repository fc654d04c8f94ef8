import { Fragment } from 'preact';
import type { PatternFacts, ServiceState } from '../../wire/wire.ts';
import { shownFacts } from '../panels/facts.tsx';
import { Icon } from '../panels/icon.tsx';
import { KIND_WORDS, kindOf } from '../stage/lane-kind.ts';
import { accountsOf, heldOf, madeOf, statsOf, steadyRatesOf } from '../state/accounts.ts';
import { whyLost } from '../state/losses.ts';
import { whereIs } from '../state/nodes.ts';
import { shownPublishers, shownSubscribers, statusWords } from '../state/shown.ts';
import { now, points, redis, services } from '../state/store.ts';
import { compact, number, perSecond, span } from '../state/text.ts';
import { trendOf } from '../state/trend.ts';
import { AccountBar } from './account-bar.tsx';
import { FaultLines, FaultTag } from './faults.tsx';

/** One pattern: from the publisher through Redis to each subscriber, and its account. */
export function Lane({ pattern, index }: { readonly pattern: PatternFacts; readonly index: number }) {
  const all = services.value;
  const { name, guarantees } = pattern;
  const rates = steadyRatesOf(name, points.value);
  const accounts = accountsOf(pattern, all);
  const { made, refused, buffered } = madeOf(name, all);
  const title = `lane-${name}`;
  return (
    <article class={`lane lane-${index % 6}`} aria-labelledby={title}>
      <header class="lane-head">
        <h3 id={title}>{name}</h3>
        <span class="chip">{guarantees.delivery.replaceAll('-', ' ')}</span>
        <span class="chip">
          {guarantees.groups ? 'every group, one of its members' : guarantees.audience.replace('-', ' ')}
        </span>
        <button
          type="button"
          class="quiet"
          onClick={() => (shownFacts.value = name)}
          aria-label={`Facts about ${name}`}
        >
          <Icon name="info" /> facts
        </button>
        <FaultTag />
        <span class="rates">
          {refused > 0 && <b class="refused">{number(refused)} refused</b>}
          {buffered > 0 && <b class="buffered">{number(buffered)} buffered</b>}
          in <b>{perSecond(rates.in)}</b> → out <b>{perSecond(rates.out)}</b>
        </span>
      </header>
      <div class="way">
        <div class="from" data-anchor={`publisher:${name}`}>
          {shownPublishers(all).length > 0 && (
            <span class="made-count">
              <b title={number(made)}>{compact(made)}</b> made
            </span>
          )}
        </div>
        <FaultLines />
        <RedisBox pattern={pattern} all={all} />
        <div class="to">
          {shownSubscribers(all)
            .filter((state) => statsOf(state, name))
            .map((state) => (
              <SubscriberBox key={state.snapshot.name} lane={name} state={state} />
            ))}
        </div>
      </div>
      <div class="accounts">
        {accounts.map((account) => (
          <AccountBar
            key={account.whose}
            account={accounts.length > 1 ? account : { ...account, whose: '' }}
            why={whyLost(pattern, account.places.lost, account.whose, all)}
          />
        ))}
        {accounts.length === 0 && <p class="equation">No subscriber has been heard yet; {number(made)} made.</p>}
      </div>
    </article>
  );
}

/** What Redis holds: the canvas draws the messages into it. */
function RedisBox({ pattern, all }: { readonly pattern: PatternFacts; readonly all: readonly ServiceState[] }) {
  const { name, guarantees } = pattern;
  const kind = kindOf(guarantees);
  const held = heldOf(name, all);
  const topic = all.map(({ snapshot }) => snapshot.topics[name]).find((each) => each !== undefined) ?? '';
  const words = KIND_WORDS[kind];
  return (
    <div class={`redis-box ${kind}`} data-anchor={`redis:${name}`}>
      <p class="key-name" title={words.how}>
        {words.what} <Key name={topic} />
        <span class="on">{whereIs(name, !pattern.isPartitionable)}</span>
        <span class="held">{kind === 'channel' ? listening(held?.listeners) : waitingText(held?.waiting)}</span>
      </p>
      <div class="holds" data-anchor={`holds:${name}`} />
      {kind === 'leased' &&
        shownSubscribers(all).map(({ snapshot }) => (
          <div class="processing" key={snapshot.name}>
            <span>processing: {snapshot.name}</span>
            <div data-anchor={`processing:${name}:${snapshot.instance}`} />
          </div>
        ))}
    </div>
  );
}

/** The name of a key, which breaks after its underscores where there is little room. */
function Key({ name }: { readonly name: string }) {
  return (
    <code>
      {name.split(/(?<=_)/).map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </code>
  );
}

const listening = (listeners: number | null | undefined): string =>
  listeners === null || listeners === undefined
    ? ''
    : listeners === 0
      ? 'nobody listens'
      : `${number(listeners)} listening`;

const waitingText = (waiting: number | null | undefined): string =>
  waiting === null || waiting === undefined ? 'waiting: not known' : `${number(waiting)} waiting`;

/** A subscriber in this lane: what it has in hand, what it has handled, how far it lags behind. */
function SubscriberBox({ lane, state }: { readonly lane: string; readonly state: ServiceState }) {
  const { snapshot, status } = state;
  const { name, instance, group } = snapshot;
  const stats = statsOf(state, lane);
  const lagMs = snapshot.lately[lane]?.lagMs ?? null;
  return (
    <div
      class={`sub ${status}${redis.value.status === 'down' ? ' unheard' : ''}`}
      data-anchor={`sub:${lane}:${instance}`}
    >
      <p class="who">
        <b title={group === null ? name : `${name}, group ${group}`}>{name}</b>
      </p>
      <div class="hand" data-anchor={`hand:${lane}:${instance}`} />
      <p class="did">
        <span>{number(stats?.received ?? 0)} handled</span>
        <span class="lag">
          {status === 'up' ? (
            <Lag name={`${instance} ${lane}`} ms={lagMs} />
          ) : (
            statusWords(state, redis.value.status === 'down', now.value)
          )}
        </span>
      </p>
    </div>
  );
}

/** How long ago the oldest message was made that waits, and whether that grows. */
function Lag({ name, ms }: { readonly name: string; readonly ms: number | null }) {
  if (ms === null) return <>lag not known</>;
  const trend = trendOf(name, ms, now.value);
  if (ms === 0) return <>no lag</>;
  const sign = { grows: '↗', shrinks: '↘', stays: '→' }[trend];
  return (
    <span class={trend}>
      lag {span(ms)} <span title={`the lag ${trend}`}>{sign}</span>
    </span>
  );
}
