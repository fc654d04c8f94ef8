import { feed, now, redis } from '../state/store.ts';
import { span, timeOfDay } from '../state/text.ts';

/** The title, what this is, and how the page, its server and Redis stand. */
export function Header() {
  return (
    <header class="top">
      <div class="title">
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M3 8h26M3 16h26M3 24h26" />
          <circle class="tone-0" cx="22" cy="8" r="4" />
          <circle class="tone-2" cx="11" cy="16" r="4" />
          <circle class="tone-3" cx="17" cy="24" r="4" />
        </svg>
        <div>
          <h1>Redis messaging patterns, live</h1>
          <p class="lead">
            The same messages through every pattern, side by side. <strong>Real Redis, not a simulation.</strong>
          </p>
        </div>
      </div>
      <Status />
    </header>
  );
}

/** Whether what is shown is how things are; else since when it is not. */
function Status() {
  const { status, since } = feed.value;
  const { status: redisStatus, since: redisSince, address, version } = redis.value;
  const page = {
    connecting: ['wait', 'connecting …'],
    live: ['good', 'live'],
    lost: ['bad', `no connection to the page’s server since ${timeOfDay(since)}; trying again`],
    hidden: ['wait', 'not live while this tab is in the background'],
  }[status] as [string, string];
  const ofRedis = {
    up: ['good', `Redis ${version} at ${address}`],
    down: ['bad', `Redis is unreachable since ${timeOfDay(redisSince)} (${span(now.value - redisSince)})`],
    unknown: ['wait', `Redis at ${address || '…'}`],
  }[redisStatus] as [string, string];
  return (
    <div class="status">
      <span class={`lamp ${ofRedis[0]}`}>{ofRedis[1]}</span>
      <span class={`lamp ${page[0]}`}>{page[1]}</span>
    </div>
  );
}
