import { patterns } from '../state/store.ts';
import { Chart } from './chart.tsx';
import { CHARTS } from './definitions.ts';
import { isHeld } from './held.ts';

/** The last ten minutes. */
export function Charts() {
  return (
    <section class="charts" aria-labelledby="charts-title">
      <header>
        <h2 id="charts-title">The last ten minutes</h2>
        <ul class="legend">
          {patterns.value.map(({ name }, index) => (
            <li key={name} class={`lane-${index}`}>
              <i class="swatch" aria-hidden="true" />
              {name}
            </li>
          ))}
          <li>
            <i class="fault-mark" aria-hidden="true" />a fault
          </li>
        </ul>
        <button type="button" class="do" aria-pressed={isHeld.value} onClick={() => (isHeld.value = !isHeld.value)}>
          {isHeld.value ? 'Go on' : 'Hold'}
        </button>
      </header>
      <div class="grid">
        {CHARTS.map((chart) => (
          <Chart key={chart.title} chart={chart} />
        ))}
      </div>
    </section>
  );
}
