import { type AccountView, PLACE_WORDS, PLACES, type Place } from '../state/accounts.ts';
import { number, timeOfDay } from '../state/text.ts';

/** Where all accepted messages are: a bar that always balances, and the same as an equation. */
export function AccountBar({ account, why }: { readonly account: AccountView; readonly why: readonly string[] }) {
  const { whose, accepted, places, unconfirmed, duplicated, asOf } = account;
  const shown = PLACES.filter((place) => places[place] !== 0);
  return (
    <div class={`account${asOf === undefined ? '' : ' stale'}`}>
      {whose !== '' && <span class="whose">{whose}</span>}
      <div class="bar" aria-hidden="true">
        {shown.map((place) => (
          <span key={place} class={`part ${place}`} style={{ flexGrow: String(Math.max(0, places[place])) }} />
        ))}
        {unconfirmed > 0 && <span class="part unconfirmed" style={{ flexGrow: String(unconfirmed) }} />}
      </div>
      <p class="equation">
        <Figure name="accepted" value={accepted} meaning="Redis took them" /> = {shown.length === 0 && '0'}
        {shown.map((place, index) => (
          <span key={place}>
            {index > 0 && (places[place] < 0 ? ' − ' : ' + ')}
            <Figure
              place={place}
              name={PLACE_WORDS[place].name}
              value={Math.abs(places[place])}
              meaning={PLACE_WORDS[place].meaning}
            />
          </span>
        ))}
        {unconfirmed > 0 && (
          <>
            ; beside it{' '}
            <Figure
              place="unconfirmed"
              name="unconfirmed"
              value={unconfirmed}
              meaning="the connection broke before Redis answered: nobody knows whether it took them"
            />
          </>
        )}
        {duplicated > 0 && <>; {number(duplicated)} handled twice</>}
        {asOf !== undefined && <em> as of {timeOfDay(asOf)}</em>}
      </p>
      {why.length > 0 && <p class="why">Lost: {why.join('; ')}.</p>}
    </div>
  );
}

/** A figure with its sign, as it stands in the bar. */
function Figure({
  place,
  name,
  value,
  meaning,
}: {
  readonly place?: Place | 'unconfirmed';
  readonly name: string;
  readonly value: number;
  readonly meaning: string;
}) {
  return (
    <span class="figure" title={meaning}>
      {place && <i class={`key ${place}`} aria-hidden="true" />}
      {name} <b>{number(value)}</b>
    </span>
  );
}
